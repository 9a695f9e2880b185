"""A configuration names the head that is meant: no scan is passed over without a word."""

import numpy as np
from config_case import changed, mistakes

from multisource.anatomy.electrodes import Electrodes, write_electrodes
from multisource.montage.standard import ten_five
from multisource.montage.target import packaged_target


def head(label, provider, **named):
    config = changed("head", label)
    config["anatomy"]["provider"] = provider
    for key, value in named.items():
        of, _, option = key.partition("_")
        config["anatomy"][of][option] = value
    return config


def test_a_head_of_ones_own_needs_its_t1():
    (line,) = mistakes(head("me", "samseg"))
    assert line == "config: anatomy.samseg.t1: null; name the T1 of the head (NIfTI or MGZ)"


def test_a_label_does_not_hide_the_template():
    (line,) = mistakes(head("bert", "fsaverage"))
    assert line.startswith("config: head: 'bert' would be the template's head")
    for way in ("provider: samseg", "provider: freesurfer", "head: fsaverage-bert"):
        assert way in line
    # Two studies on the template, one of them scaled.
    for label in ("fsaverage", "fsaverage-bert", "fsaverage_093"):
        assert mistakes(head(label, "fsaverage")) == []


def test_a_scan_that_would_not_be_used_is_named():
    (line,) = mistakes(head("bert", "fsaverage", samseg_t1="bert.nii"))
    assert line.startswith("config: anatomy.samseg.t1: 'bert.nii' would not be used")
    assert "write provider: samseg" in line
    (line,) = mistakes(head("fsaverage", "fsaverage", freesurfer_subject="bert"))
    assert line.startswith("config: anatomy.freesurfer.subject: 'bert' would not be used")


def test_a_label_of_the_template_does_not_hide_a_head(tmp_path):
    lines = mistakes(head("fsaverage", "samseg", samseg_t1="default.nii"))
    assert lines[0].startswith("config: head: 'fsaverage' is a label of the template")
    # FreeSurfer's own reconstruction of it may keep its name; that it is not there is another line.
    (line,) = mistakes(head("fsaverage", "freesurfer", freesurfer_subject="/nowhere/fsaverage"))
    assert line.startswith("config: anatomy.freesurfer.subject: /nowhere/fsaverage: no such")


def test_a_link_to_nowhere_is_named(tmp_path):
    (tmp_path / "annexed.nii.gz").symlink_to(".git/annex/objects/x")
    (line,) = mistakes(head("me", "samseg", samseg_t1="annexed.nii.gz"), tmp_path)
    assert "annexed.nii.gz: a link to .git/annex/objects/x, which is not there" in line
    assert "datalad get" in line


def test_positions_in_another_frame_are_refused_before_there_is_a_head(tmp_path):
    """On the packaged head electrodes are placed when the configuration is read."""
    target = packaged_target()
    standard = ten_five(target)
    names = ["Cz", "Pz", "Fz", "Oz", "C3", "C4"]
    positions = np.array([standard[name] for name in names])
    write_electrodes(tmp_path / "metres.tsv", Electrodes(names, positions / 1000))
    write_electrodes(tmp_path / "right.tsv", Electrodes(names, positions))
    config = changed("electrodes.montage", "metres.tsv")
    config["electrodes"]["channels"] = names
    (line,) = mistakes(config, tmp_path)
    assert line.startswith("config: electrodes.montage: ") and "metres.tsv" in line
    assert "look like surface RAS of the head in metres" in line
    config["electrodes"]["montage"] = "right.tsv"
    assert mistakes(config, tmp_path) == []
    (tmp_path / "coordsystem.json").write_text('{"EEGCoordinateSystem": "Talairach"}')
    (line,) = mistakes(config, tmp_path)
    assert line.startswith("config: electrodes.montage: ") and "coordsystem.json" in line
