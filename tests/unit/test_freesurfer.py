"""A finished FreeSurfer subject, written by nibabel from the template head."""

import numpy as np
import pytest
from freesurfer_case import write_subject
from nibabel.affines import apply_affine

from multisource.anatomy.freesurfer_run import check_freesurfer
from multisource.anatomy.fsaverage import MNI305_TO_MNI152, fsaverage_head
from multisource.anatomy.head import CORTEX, SHELLS, validate
from multisource.anatomy.providers import make_head
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


@pytest.mark.parametrize(
    ("file", "match"),
    [
        ("surf/rh.pial", "rh.pial: missing"),
        ("mri/aseg.mgz", "aseg.mgz: missing"),
        ("bem/watershed/bert_outer_skin_surface", "mne watershed_bem -s bert"),
    ],
)
def test_a_missing_file_is_named(subject, file, match):
    hidden = subject.parent / "hidden"
    (subject / file).rename(hidden)
    try:
        with pytest.raises(UserError, match=match):
            make_head("freesurfer", subject=subject)
    finally:
        hidden.rename(subject / file)


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
