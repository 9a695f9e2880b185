"""A head of one's own: planned from a T1 or a FreeSurfer subject, refused early where it is bad."""

import re

import nibabel
import numpy as np
import pytest


@pytest.fixture
def flat_t1(fresh):
    """A T1 that cannot be one: all zeros."""
    path = fresh.folder / "flat.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((180, 200, 180), np.uint8), np.eye(4)), path)
    return path


def own(fresh, provider, **settings):
    """The tiny study on a head ``me`` of its own."""
    name = fresh.with_config("anatomy", value={"provider": provider, provider: settings})
    path = fresh.folder / f"me-{name}"
    path.write_text((fresh.folder / name).read_text() + "head: me\n")
    return path.name


def test_samseg_is_planned_from_the_t1(fresh, flat_t1):
    config = own(fresh, "samseg", t1="flat.nii.gz")
    run = fresh.snakemake("--dry-run", "--printshellcmds", config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    for step in ("check_t1", "install_samseg", "segment_t1", "build_head", "render_report"):
        assert re.search(rf"^(local)?rule {step}:", run.stdout, re.M), step
    # One environment for all heads of the folder, and a list of what is in it for each.
    assert "samseg.sh results/.samseg results/me/anatomy/mri/samseg-packages.txt" in run.stdout


def test_bad_t1_is_refused_before_anything_is_installed(fresh, flat_t1):
    run = fresh.snakemake("--cores", "1", "heads", config=own(fresh, "samseg", t1="flat.nii.gz"))
    assert run.returncode != 0
    log = (fresh.folder / "results/me/logs/check_t1.log").read_text()
    assert "flat.nii.gz" in log and "Traceback" not in log
    assert not (fresh.folder / "results/.samseg").exists()


def test_nothing_runs_after_a_bad_t1(fresh, flat_t1):
    """The sphere check needs no head, but the two minutes it takes would hide the message."""
    run = fresh.snakemake("--cores", "1", config=own(fresh, "samseg", t1="flat.nii.gz"))
    assert run.returncode != 0
    jobs = re.findall(r"^(?:local)?rule (\w+):", run.stdout + run.stderr, re.M)
    assert jobs == ["check_t1"]


@pytest.mark.parametrize(
    ("provider", "settings", "words"),
    [
        ("samseg", {}, ["anatomy.samseg.t1: null"]),
        (
            "samseg",
            {"t1": "nowhere.nii"},
            ["anatomy.samseg.t1", "nowhere.nii", "does not exist", "correct the name"],
        ),
        ("freesurfer", {}, ["anatomy.freesurfer.t1: null", "anatomy.freesurfer.subject"]),
        ("freesurfer", {"subject": "~/nobody"}, ["/home/somebody/nobody: no such subject"]),
        ("freesurfer", {"t1": "flat.nii.gz"}, ["FREESURFER_HOME is not set", "samseg"]),
    ],
)
def test_missing_parts_are_named_before_any_job(
    fresh, flat_t1, monkeypatch, provider, settings, words
):
    monkeypatch.delenv("FREESURFER_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    run = fresh.snakemake("--dry-run", config=own(fresh, provider, **settings))
    output = run.stdout + run.stderr
    assert run.returncode != 0 and "Traceback" not in output
    for word in words:
        assert word in output


def test_misspelt_channel_is_refused_before_the_head_is_made(fresh, flat_t1):
    head = own(fresh, "samseg", t1="flat.nii.gz")
    run = fresh.snakemake(
        "--dry-run", "--config", "electrodes={channels: [Fz, Cz, Pz, C33]}", config=head
    )
    assert run.returncode != 0
    assert "channel 'C33' is unknown; did you mean 'C3'?" in run.stdout + run.stderr


def test_several_heads_are_one_study(fresh, flat_t1):
    """Steps of each head by its label, a page over all; a head's mistake has its label."""
    anatomy = {"provider": "samseg", "samseg": {"t1": "flat.nii.gz"}}
    name = fresh.with_config("heads", value={"fsaverage-one": {}, "me": {"anatomy": anatomy}})
    run = fresh.snakemake("--dry-run", config=name)
    assert run.returncode == 0, run.stdout + run.stderr
    for step in ("fsaverage_one_build_head", "me_segment_t1", "me_train_network", "gather_heads"):
        assert re.search(rf"^(local)?rule {step}:", run.stdout, re.M), step
    assert "results/me/report.html" in run.stdout and "results/heads/index.html" in run.stdout
    anatomy["samseg"] = {"t1": "nowhere.nii"}
    name = fresh.with_config("heads", value={"fsaverage-one": {}, "me": {"anatomy": anatomy}})
    run = fresh.snakemake("--dry-run", config=name)
    said = run.stdout + run.stderr
    assert run.returncode != 0 and "me: config: anatomy.samseg.t1" in said and "nowhere" in said
