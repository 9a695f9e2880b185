"""What a head is made from follows from the provider's signature."""

import pytest

from multisource.anatomy.inputs import head_inputs, head_options
from multisource.errors import UserError


def inputs(provider, **settings):
    def find(key, name):
        if name == "gone.nii":
            raise UserError(f"{key}: file {name!r} does not exist")
        return f"/data/{name}"

    anatomy = {"provider": provider, provider: settings}
    return head_inputs(anatomy, results="results/me", find=find, probe=False)


def test_packaged_head_reads_nothing():
    found = inputs("fsaverage", scale=0.9)
    assert (found.arguments, found.files, found.t1) == ({"scale": 0.9}, (), None)


def test_samseg_reads_the_segmentation_of_its_t1():
    found = inputs("samseg", t1="me.nii", voxel_mm=2)
    labels = "results/me/anatomy/mri/samseg.nii.gz"
    assert found.arguments == {"segmentation": labels, "voxel_mm": 2}
    assert (found.files, found.t1) == ((labels,), "/data/me.nii")
    assert {"t1", "voxel_mm"} <= set(head_options("samseg"))


def test_freesurfer_reads_a_subject_or_makes_one(tmp_path):
    made = inputs("freesurfer", subject=None, t1="me.nii")
    assert made.arguments == {"subject": "results/me/freesurfer/subject"}
    assert (made.files, made.t1) == (("results/me/freesurfer/done",), "/data/me.nii")
    (tmp_path / "surf").mkdir()
    (tmp_path / "surf" / "lh.white").touch()
    given = inputs("freesurfer", subject=str(tmp_path), t1=None)
    assert given.arguments == {"subject": str(tmp_path)}
    assert (given.files, given.t1) == ((str(tmp_path / "surf" / "lh.white"),), None)


def test_a_tilde_is_the_users_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert inputs("freesurfer", subject="~/bert").arguments == {"subject": "/home/somebody/bert"}


def test_a_name_is_looked_up_in_subjects_dir(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUBJECTS_DIR", str(tmp_path / "all"))
    assert inputs("freesurfer", subject="bert").arguments == {"subject": "bert"}
    (tmp_path / "all" / "bert").mkdir(parents=True)
    found = {"subject": str(tmp_path / "all" / "bert")}
    assert inputs("freesurfer", subject="bert").arguments == found
    (tmp_path / "bert").mkdir()
    assert inputs("freesurfer", subject="bert").arguments == {"subject": "bert"}


def test_what_of_a_subject_makes_the_head_and_what_its_regions(tmp_path):
    for name in ("surf/lh.white", "surf/rh.sphere.reg", "label/lh.aparc.annot", "mri/wmparc.mgz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = inputs("freesurfer", subject=str(tmp_path))
    assert found.files == (f"{tmp_path}/surf/lh.white", f"{tmp_path}/mri/wmparc.mgz")
    assert found.further == (
        f"{tmp_path}/label/lh.aparc.annot",
        f"{tmp_path}/surf/rh.sphere.reg",
    )
    # A scan is read for the page; aseg.mgz goes before wmparc.mgz.
    for name in ("aseg", "nu", "orig"):
        (tmp_path / "mri" / f"{name}.mgz").touch()
    found = inputs("freesurfer", subject=str(tmp_path))
    assert found.files[-1] == f"{tmp_path}/mri/aseg.mgz"
    assert found.further[-1] == f"{tmp_path}/mri/nu.mgz"


@pytest.mark.parametrize(
    ("provider", "settings", "message"),
    [
        ("samseg", {}, "anatomy.samseg.t1: null"),
        ("samseg", {"t1": "gone.nii"}, "anatomy.samseg.t1: file 'gone.nii' does not exist"),
        ("freesurfer", {}, "anatomy.freesurfer.t1: null.*anatomy.freesurfer.subject"),
        (
            "freesurfer",
            {"subject": "a", "t1": "b.nii"},
            "'a', and t1: 'b.nii' is given too",
        ),
        ("fsaverage", {"scal": 1}, "fsaverage: unknown option 'scal'"),
    ],
)
def test_what_is_missing_is_named(provider, settings, message):
    with pytest.raises(UserError, match=message):
        inputs(provider, **settings)
