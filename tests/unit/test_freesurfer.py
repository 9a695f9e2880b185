"""A finished FreeSurfer subject, written by nibabel from the template head."""

import os
import shutil

import nibabel
import numpy as np
import pytest
from freesurfer_case import write_subject
from nibabel.affines import apply_affine
from nibabel.freesurfer import write_geometry

from multisource.anatomy.freesurfer_run import check_freesurfer
from multisource.anatomy.freesurfer_subject import check_subject, segmentation_file
from multisource.anatomy.fsaverage import MNI305_TO_MNI152, fsaverage_head
from multisource.anatomy.head import CORTEX, SHELLS, validate
from multisource.anatomy.labels import tissues_of
from multisource.anatomy.providers import make_head
from multisource.anatomy.samseg_head import read_labels
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def template():
    return fsaverage_head(voxel_mm=2.0, scale=0.93)


@pytest.fixture(scope="module")
def subject(template, tmp_path_factory):
    return write_subject(tmp_path_factory.mktemp("subjects") / "bert", template, scale=0.93)


def test_subject_becomes_the_same_head(subject, template):
    head = make_head("freesurfer", subject=subject, voxel_mm=3.0)
    validate(head)
    for name in CORTEX:
        # float32 in the file
        np.testing.assert_allclose(head.surfaces[name][0], template.surfaces[name][0], atol=1e-4)
    for name in SHELLS:
        _, distance, _ = closest_points(*template.surfaces[name], head.surfaces[name][0][::7])
        # Resampled along rays: the same surface but for its facets, and the brain's 1 mm margin.
        assert np.median(distance) < 0.2 and distance.max() < 2.5, name
    np.testing.assert_allclose(head.to_mni, template.to_mni, atol=1e-3)
    for name, volume in template.tissue_volumes().items():
        # 3 mm voxels against 2 mm: thin CSF and deep grey differ most.
        assert head.tissue_volumes()[name] == pytest.approx(volume, rel=0.12), name
    assert np.linalg.norm(head.fiducials["nasion"] - template.fiducials["nasion"]) < 5


def test_without_talairach_the_head_is_fitted_to_mni(subject, template):
    from multisource.anatomy.mni import fit_to_mni

    fitted = fit_to_mni(template.tissues, template.affine)
    points = template.surfaces["lh.white"][0][::50]
    error = apply_affine(fitted, points) - apply_affine(template.to_mni, points)
    # The template's cortex is smoother than the maps: a couple of millimetres.
    assert np.median(np.linalg.norm(error, axis=1)) < 3


@pytest.fixture
def copied(subject, tmp_path):
    """A copy of the subject's files that may be changed: links to them."""
    folder = tmp_path / "bert"
    shutil.copytree(subject, folder, copy_function=os.symlink)
    return folder


def remove(folder, *names):
    for name in names:
        (folder / name).unlink()


def mistakes(folder):
    with pytest.raises(UserError) as caught:
        check_subject(folder)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("file", "match"),
    [
        ("surf/rh.pial", "rh.pial: missing"),
        ("mri/aseg.mgz", "aseg.mgz: missing"),
        ("bem/watershed/bert_outer_skin_surface", "mne watershed_bem -s bert"),
    ],
)
def test_a_missing_file_is_named(copied, file, match):
    check_subject(copied)
    remove(copied, file)
    with pytest.raises(UserError, match=match):
        make_head("freesurfer", subject=copied)


def test_a_missing_hemisphere_is_named(copied):
    remove(copied, "surf/rh.white", "surf/rh.pial", "surf/rh.sphere")
    (line,) = mistakes(copied)
    assert "no surface of the right hemisphere" in line and "recon-all" in line


@pytest.mark.parametrize("name", ["label/lh.aparc.annot", "surf/lh.sphere.reg"])
def test_what_one_hemisphere_has_the_other_must_have(copied, name):
    """The template's would stand in for it without a word."""
    (copied / "label").mkdir()
    (copied / name).write_bytes(b"")
    (line,) = mistakes(copied)
    assert name.replace("lh", "rh") in line and "missing, but lh." in line


@pytest.mark.parametrize("name", ["surf/lh.pial", "mri/aseg.mgz", "bem/outer_skin.surf"])
def test_links_to_nowhere_are_named(copied, name):
    if name.startswith("bem"):
        remove(copied, "bem/watershed/bert_outer_skin_surface")
    else:
        remove(copied, name)
    (copied / name).symlink_to("gone.T1")
    (line,) = mistakes(copied)
    assert f"{name}: a link to gone.T1, which is not there" in line
    link = copied.parent / "link"
    link.symlink_to("gone")
    assert mistakes(link) == [f"{link}: a link to gone, which is not there; " + line.split("; ")[1]]


def test_a_folder_of_subjects_is_no_subject(copied):
    assert mistakes(copied.parent)[0].endswith("name one of the subjects in it: bert")


@pytest.mark.parametrize("spoilt", [b"", b"nonsense", "half"])
def test_a_damaged_surface_is_named_before_anything_is_computed(copied, spoilt):
    path = copied / "surf/lh.white"
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole[: len(whole) // 2] if spoilt == "half" else spoilt)
    (line,) = mistakes(copied)
    assert "lh.white: damaged or no FreeSurfer surface" in line


def test_surfaces_of_two_runs_are_refused(copied):
    remove(copied, "surf/lh.pial")
    write_geometry(copied / "surf/lh.pial", np.zeros((4, 3)), np.zeros((4, 3), int))
    (line,) = mistakes(copied)
    assert "lh.white 10242, lh.pial 4, lh.sphere 10242 vertices" in line


def relabel(folder, changes, name="aseg.mgz"):
    """Write the subject's labels under another name, with some of them changed."""
    image = nibabel.load(folder / "mri/aseg.mgz")
    labels = np.asarray(image.dataobj)
    for old, new in changes.items():
        labels = np.where(labels == old, new, labels)
    remove(folder, "mri/aseg.mgz")
    image = nibabel.freesurfer.MGHImage(labels.astype(np.int32), image.affine)
    nibabel.save(image, folder / "mri" / name)


def test_white_matter_of_wmparc_is_white_matter(copied):
    aseg = read_labels(copied / "mri/aseg.mgz")[0]
    relabel(copied, {2: 5001, 41: 5002}, name="wmparc.mgz")
    path = segmentation_file(copied)
    assert path.name == "wmparc.mgz"
    wmparc = read_labels(path)[0]
    assert {5001, 5002} <= set(np.unique(wmparc))
    np.testing.assert_array_equal(tissues_of(wmparc), tissues_of(aseg))


def test_labels_of_no_tissue_are_named_with_their_file(copied):
    relabel(copied, {10: 9999})
    with pytest.raises(UserError, match=r"bert/mri/aseg.mgz: labels of no known.*9999 \("):
        make_head("freesurfer", subject=copied, voxel_mm=4.0)


def test_labels_of_one_hemisphere_are_refused(copied):
    relabel(copied, {41: 0})
    with pytest.raises(UserError, match="aseg.mgz: no voxel .* of the right hemisphere"):
        make_head("freesurfer", subject=copied, voxel_mm=4.0)


def test_freesurfer_is_looked_for_before_any_job(tmp_path):
    with pytest.raises(UserError, match="FREESURFER_HOME is not set"):
        check_freesurfer({})
    environment = {"FREESURFER_HOME": str(tmp_path)}
    with pytest.raises(UserError, match="no bin/recon-all"):
        check_freesurfer(environment)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "recon-all").write_text("")
    with pytest.raises(UserError, match="no licence"):
        check_freesurfer(environment)
    (tmp_path / "license.txt").write_text("")
    assert check_freesurfer(environment) == tmp_path
    with pytest.raises(UserError, match="no licence at /nowhere"):
        check_freesurfer(environment | {"FS_LICENSE": "/nowhere"})


def test_mni_constants_agree(template):
    np.testing.assert_allclose(template.to_mni, MNI305_TO_MNI152 @ np.diag([1 / 0.93] * 3 + [1]))
