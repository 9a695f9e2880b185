"""The FreeSurfer subject of a head: MNE-Python, nilearn and nibabel open it, and it is right."""

from pathlib import Path

import mne
import nibabel
import numpy as np
import pytest
from figures_case import RADIUS, ball
from nilearn import surface

from multisource.anatomy.fsaverage import MNI305_TO_MNI152
from multisource.anatomy.fsaverage5 import packaged_cortex, packaged_folding
from multisource.anatomy.source_space import cortical_source_space, source_geometry
from multisource.geometry.unfolding import mean_curvature
from multisource.parcellation.atlases import SIDES, read_template
from multisource.parcellation.correspondence import NEAREST, match_cortex
from multisource.parcellation.dipoles import name_dipoles
from multisource.parcellation.regions import has_cortex, regions_of, write_regions
from multisource.parcellation.subject import (
    FOLDING,
    SURFACES,
    subject_folding,
    subject_surfaces,
    write_subject,
)
from multisource.recordings.moments import choose_moments
from multisource.recordings.overlays import (
    spread_over_cortex,
    write_freesurfer_overlay,
    write_gifti_overlay,
)
from multisource.recordings.parcels import parcel_table
from multisource.recordings.stc import source_estimate, write_stc

RESOURCE = Path(__file__).parents[2] / "resources/fsaverage5-regions.npz"


@pytest.fixture(scope="module")
def surfaces():
    return packaged_cortex("white", "pial", "sphere")


@pytest.fixture(scope="module")
def subject(surfaces, tmp_path_factory):
    """The packaged head as the subject mine, its regions, and its dipoles."""
    folder = tmp_path_factory.mktemp("subjects") / "mine"
    matched = match_cortex(surfaces, MNI305_TO_MNI152)
    regions = regions_of(read_template(RESOURCE), matched)
    write_regions(folder, regions, matched)
    write_subject(
        folder,
        subject_surfaces(surfaces, matched),
        subject_folding(surfaces, matched),
        has_cortex(regions.atlases),
    )
    sources = cortical_source_space(surfaces, "oct4", subject="mine")
    dipoles = name_dipoles(
        source_geometry(sources, surfaces), MNI305_TO_MNI152, regions.atlases, matched.distance_mm
    )
    return folder, sources, dipoles, has_cortex(regions.atlases)


def test_what_viewers_look_for_is_there(subject, surfaces):
    folder = subject[0]
    for side in SIDES:
        for kind in SURFACES:
            points, triangles = mne.read_surface(folder / "surf" / f"{side}.{kind}")
            assert points.shape == (10242, 3) and triangles.shape == (20480, 3)
        for kind in FOLDING:
            assert nibabel.freesurfer.read_morph_data(folder / "surf" / f"{side}.{kind}").size
        mesh = surface.load_surf_mesh(folder / "surf" / f"{side}.pial.surf.gii")
        np.testing.assert_allclose(mesh.coordinates, surfaces[f"{side}.pial"][0], atol=1e-4)
        label = mne.read_label(folder / "label" / f"{side}.cortex.label")
        np.testing.assert_array_equal(label.vertices, np.flatnonzero(subject[3][side]))
        np.testing.assert_allclose(
            1000 * label.pos, surfaces[f"{side}.white"][0][label.vertices], atol=1e-3
        )


def test_mne_makes_the_time_courses_of_regions_that_we_make(subject, tmp_path):
    """Labels, source space and source estimate go together, and give the table's numbers."""
    folder, sources, dipoles, _ = subject
    maps = np.random.default_rng(0).random((3, len(dipoles)))
    times, power = np.array([0.0, 0.2, 0.4]), np.array([1.0, 4.0, 2.0])
    stc = source_estimate(maps, times, power, sources, step_s=0.2, window_s=0.2)
    assert stc.subject == "mine"
    write_stc(tmp_path / "a-lh.stc", tmp_path / "a-rh.stc", stc)
    back = mne.read_source_estimate(tmp_path / "a", subject="mine")
    table = parcel_table({"a": maps}, times, power, dipoles, window_s=0.2)
    labels = mne.read_labels_from_annot(
        "mine", "aparc", subjects_dir=folder.parent, verbose="error"
    )
    labels = [label for label in labels if label.name in table]
    assert len(labels) > 60  # of 68; a small one may hold none of 516 dipoles
    courses = mne.extract_label_time_course(back, labels, sources, mode="mean", verbose="error")
    ours = table[[label.name for label in labels]].to_numpy() * (power / power.max())[:, None]
    np.testing.assert_allclose(courses.T, ours, rtol=1e-5)
    fine = mne.read_labels_from_annot(
        "mine", "aparc.a2009s", subjects_dir=folder.parent, verbose="error"
    )
    assert {"G_postcentral-lh", "S_calcarine-rh"} <= {label.name for label in fine}


def test_mne_morphs_between_subjects(subject):
    """From mine to itself by sphere.reg: a bump stays where it is."""
    folder, sources, _, _ = subject
    places = np.concatenate([part["rr"][part["vertno"]] for part in sources]) * 1000
    goal = places[100]
    bump = np.exp(-0.5 * (np.linalg.norm(places - goal, axis=1) / 15) ** 2)
    stc = mne.SourceEstimate(
        bump[:, None], [part["vertno"] for part in sources], 0, 1, subject="mine"
    )
    morph = mne.compute_source_morph(
        stc, "mine", "mine", spacing=3, smooth=5, subjects_dir=folder.parent, verbose="error"
    )
    moved = morph.apply(stc)
    white = packaged_cortex("white")["lh.white"][0]
    peak = white[moved.lh_vertno[moved.lh_data[:, 0].argmax()]]
    assert np.linalg.norm(peak - goal) < 20  # an ico3's vertices lie 15 mm apart


def test_overlays_keep_the_dipoles_and_leave_the_wall_out(subject, surfaces, tmp_path):
    _, sources, dipoles, cortex = subject
    maps = np.random.default_rng(0).random((2, len(dipoles)))
    told = choose_moments(np.array([0.0, 0.2]), np.array([2.0, 1]), window_s=0.2, at_rest=True)
    for side, values in spread_over_cortex(maps, dipoles, surfaces, cortex).items():
        k = SIDES.index(side)
        used = sources[k]["vertno"]
        kept = cortex[side][used]
        np.testing.assert_allclose(values[:, used[kept]], maps[:, dipoles.hemisphere == k][:, kept])
        assert not values[:, ~cortex[side]].any() and (values[:, cortex[side]] > 0).all()
        write_gifti_overlay(tmp_path / f"{side}.func.gii", values, told, side)
        write_freesurfer_overlay(tmp_path / f"{side}.mgz", values)
        for ending in ("func.gii", "mgz"):
            read = surface.load_surf_data(tmp_path / f"{side}.{ending}")
            np.testing.assert_allclose(read.astype(float).T, values, rtol=1e-6)
    named = [array.meta["Name"] for array in nibabel.load(tmp_path / "lh.func.gii").darrays]
    assert named == ["0 to 0.2 s, the strongest", "mean of all 2 windows, 0 to 0.4 s"]


def test_a_head_without_freesurfers_files_gets_its_own(surfaces):
    """What we make of the template's white surface alone is like what FreeSurfer made of it."""
    turned = {name: (points, t[:, [1, 2, 0]]) for name, (points, t) in surfaces.items()}
    matched = match_cortex(turned, MNI305_TO_MNI152)
    assert matched.route == NEAREST
    made, folding = subject_surfaces(turned, matched), subject_folding(turned, matched)
    for side in SIDES:
        moved = made[f"{side}.sphere.reg"][0] - surfaces[f"{side}.sphere"][0]
        # Each vertex is nearest to itself; smoothing moves it, less than to its neighbours, 3.5 mm.
        assert np.linalg.norm(moved, axis=1).max() < 2
        curved = np.corrcoef(folding[f"{side}.curv"], packaged_folding("curv")[side])[0, 1]
        deep = np.corrcoef(folding[f"{side}.sulc"], packaged_folding("sulc")[side])[0, 1]
        assert curved > 0.8 and deep > 0.6  # FreeSurfer measures along its own inflation
        folds = [np.abs(mean_curvature(*made[f"{side}.{kind}"])) for kind in ("white", "inflated")]
        assert np.median(folds[1]) < 0.5 * np.median(folds[0])


def test_the_curvature_of_a_ball_is_that_of_its_radius():
    points, triangles = ball(4)
    np.testing.assert_allclose(mean_curvature(RADIUS * points, triangles), -1 / RADIUS, rtol=0.02)
