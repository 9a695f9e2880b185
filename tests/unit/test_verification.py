"""The verification page's numbers on cases whose answer is known, and its pictures."""

import numpy as np
import pandas as pd
import pytest
from figures_case import ball_cortex

from multisource.figures.leadfield import (
    plot_comparison,
    plot_placement,
    plot_sensitivity,
    plot_sphere_check,
)
from multisource.geometry.icosphere import icosphere
from multisource.leadfield.check import average_reference
from multisource.leadfield.compare import compare_leadfields
from multisource.leadfield.forward import Leadfield
from multisource.leadfield.sphere import sphere_leadfield
from multisource.leadfield.sphere_mesh import layered_voxels
from multisource.leadfield.verification import (
    ECCENTRICITIES,
    sphere_check,
    sphere_errors,
    verification_table,
)

RADII = np.array([80.0, 86.0, 92.0])
CONDUCTIVITIES = np.array([0.3, 0.006, 0.3])


def exact(electrodes, positions):
    gain = sphere_leadfield(electrodes, positions, radii=RADII, conductivities=CONDUCTIVITIES)
    return gain, positions


def test_an_exact_solver_has_no_error():
    table = sphere_errors(exact, radii=RADII, conductivities=CONDUCTIVITIES, dipoles=3)
    assert len(table) == 2 * 3 * len(ECCENTRICITIES)
    assert table["rdm"].max() < 1e-7 and table["lnmag"].abs().max() < 1e-9


def test_moved_dipoles_are_judged_where_they_are():
    def moving(electrodes, positions):
        placed = 0.98 * positions
        return exact(electrodes, placed)[0], placed

    def silent(electrodes, positions):
        return exact(electrodes, 0.98 * positions)[0], positions

    fair, unfair = (
        sphere_errors(solver, radii=RADII, conductivities=CONDUCTIVITIES, dipoles=2)
        for solver in (moving, silent)
    )
    assert fair["rdm"].max() < 1e-7
    assert unfair["rdm"].median() > 0.005


def test_orientations_are_told_apart():
    """Turning the sign of the part of the gain across the dipole's axis spoils tangential only."""

    def wrong(electrodes, positions):
        gain, _ = exact(electrodes, positions)
        axes = positions / np.linalg.norm(positions, axis=1, keepdims=True)
        columns = gain.reshape(len(electrodes), -1, 3)
        along = np.einsum("enk,nk->en", columns, axes)[:, :, None] * axes
        return (2 * along - columns).reshape(gain.shape), positions

    table = sphere_errors(wrong, radii=RADII, conductivities=CONDUCTIVITIES, dipoles=2)
    worst = table.groupby("orientation")["rdm"].agg(["min", "max"])
    assert worst.loc["radial", "max"] < 1e-6
    assert worst.loc["tangential", "min"] == pytest.approx(2, abs=1e-6)


def test_layered_voxels_have_the_volumes_of_the_shells():
    volume, affine = layered_voxels(np.arange(-47, 48) * 2.0)
    counts = np.bincount(volume.ravel(), minlength=6) * 8.0
    ball = 4 / 3 * np.pi * np.array([0, 78.0, 80, 86, 92]) ** 3
    # Voxel centres sample the shells; the CSF is one voxel thick.
    np.testing.assert_allclose(counts[2:], np.diff(ball), rtol=0.03)
    corner = affine @ [*np.array(volume.shape) - 1, 1.0]
    np.testing.assert_allclose(affine[:3, 3], -corner[:3])


# 7 mm voxels are as thick as the skull: RDM 0.15. Fitted, with 14 mm edges: 0.10.
@pytest.mark.slow
@pytest.mark.parametrize(("mesh", "limit"), [("hexahedra", 0.3), ("tetrahedra", 0.2)])
def test_study_settings_on_a_coarse_sphere(mesh, limit):
    """Both operators run as configured; coarse, so only gross errors are excluded."""
    table = sphere_check(
        fem={
            "backend": "native",
            "mesh": mesh,
            "shift": 0.33,
            "source_model": "partial_integration",
            "rings": 2,
            "true_places": False,
            "tolerance": 1e-6,
            "conductivity": {"scalp": 0.43, "skull": 0.01, "csf": 1.79, "grey_matter": 0.33},
        },
        bem={"ico": 2, "conductivity": {"brain": 0.3, "skull": 0.006, "scalp": 0.3}},
        voxel_mm=7.0,
    )
    deep = table[table["eccentricity"] < 0.7].groupby("operator")[["rdm", "lnmag"]].median()
    # A wrong sign gives an RDM of 2, wrong units |lnMAG| 7.
    assert deep.loc["FEM", "rdm"] < limit and deep.loc["BEM", "rdm"] < 0.015
    assert (deep["lnmag"].abs() < 0.5).all()


@pytest.fixture(scope="module")
def study():
    """Two operators of a head with two balls for hemispheres, one of them with an outlier."""
    cortex = ball_cortex()
    positions = cortex.vertices[cortex.dipoles] * 0.9
    normals = cortex.normals[cortex.dipoles]
    rng = np.random.default_rng(5)
    electrodes = rng.normal(size=(16, 3))
    electrodes[:, 2] = np.abs(electrodes[:, 2])
    electrodes *= 92 / np.linalg.norm(electrodes, axis=1, keepdims=True)
    names = [f"E{k}" for k in range(16)]
    gain = exact(electrodes, positions)[0]
    noisy = average_reference(gain * np.exp(-0.3) * rng.normal(1, 0.2, size=gain.shape))
    noisy[:, 3 * 11 : 3 * 12] *= 20
    fem, bem = (Leadfield(names, part, positions, normals) for part in (noisy, gain))
    comparison = compare_leadfields(fem, bem, inner_skull=(80 * icosphere(3)[0], icosphere(3)[1]))
    moved = np.where(np.arange(len(positions)) % 2, 0.0, rng.uniform(0, 3, len(positions)))
    placement = pd.DataFrame(
        {
            "start_tissue": np.where(moved > 2, "white matter", "grey matter"),
            "moved_mm": moved,
            "from_white_mm": moved + 1,
            "condition": np.where(moved > 2.5, "restricted", "venant"),
            "patch_nodes": np.where(moved > 2.5, 16, 27),
        }
    )
    sphere = sphere_errors(exact, radii=RADII, conductivities=CONDUCTIVITIES, dipoles=2)
    sphere = sphere.assign(operator="BEM", rdm=sphere["rdm"] + 1e-3)
    return cortex, fem, bem, comparison, placement, sphere


def test_verification_table_points_at_the_outlier(study):
    _, *parts = study
    table = verification_table(*parts).set_index("check")
    name = "dipoles with a norm over 4 medians"
    assert table.loc[f"A (FEM): {name}", "verdict"] == "look"
    assert table.loc[f"A (FEM): {name}", "value"] == "1"
    assert table.loc[f"B (BEM): {name}", "verdict"] == "ok"
    assert table.loc["dipoles moved into grey matter", "value"] == "642 of 1284"
    assert table.loc[[c for c in table.index if "lnMAG" in c][0], "verdict"] == "ok"
    sphere = table.filter(like="analytic sphere", axis=0)
    assert list(sphere["verdict"]) == ["ok"] and list(sphere["value"]) == ["0.1 %"]


@pytest.mark.slow
def test_pictures_draw_what_they_are_given(study):
    cortex, fem, bem, comparison, placement, sphere = study
    figures = {
        "comparison": plot_comparison(comparison, cortex),
        "sensitivity": plot_sensitivity(fem, bem, comparison["depth_mm"].to_numpy(), cortex),
        "placement": plot_placement(placement, cortex),
        "sphere": plot_sphere_check(sphere),
    }
    for figure in figures.values():
        figure.draw_without_rendering()
    titles = [axis.get_title() for axis in figures["placement"].axes]
    assert "642 moved, 642 stayed" in titles
    lines = {line.get_label() for line in figures["sphere"].axes[0].get_lines()}
    assert lines == {"BEM, radial", "BEM, tangential"}
    norms = figures["sensitivity"].axes
    assert any(axis.get_xlabel() == "column norm, V/(Am)" for axis in norms)
