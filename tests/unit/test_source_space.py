"""The cortical source space and the scenarios placed on it."""

from pathlib import Path

import mne
import numpy as np
import pytest
from scipy.spatial import cKDTree

from multisource.anatomy.fsaverage import fsaverage_head
from multisource.anatomy.scenarios import place_scenario, read_scenarios
from multisource.anatomy.source_space import (
    cortical_source_space,
    nearest_dipole,
    reach_mm,
    source_geometry,
)
from multisource.errors import UserError
from multisource.geometry.icosphere import geodesic_sphere
from multisource.geometry.rays import contains
from multisource.geometry.surfaces import euler_number, is_closed, triangle_areas

SCENARIOS = Path(__file__).parents[2] / "resources" / "scenarios.yaml"


@pytest.fixture(scope="module")
def head():
    return fsaverage_head(voxel_mm=5.0)


@pytest.fixture(scope="module")
def source_space(head):
    return cortical_source_space(head.surfaces, "oct6")


@pytest.fixture(scope="module")
def dipoles(head, source_space):
    return source_geometry(source_space, head.surfaces)


def test_oct6_has_8196_distinct_dipoles_on_the_white_surface(head, source_space, dipoles):
    assert len(dipoles) == 8196
    assert [int(h["nuse"]) for h in source_space] == [4098, 4098]
    assert len(np.unique(dipoles.positions, axis=0)) == 8196
    assert (dipoles.hemisphere[:4098] == 0).all() and (dipoles.hemisphere[4098:] == 1).all()
    for side, label in (("lh", 0), ("rh", 1)):
        chosen = dipoles.hemisphere == label
        white = head.surfaces[f"{side}.white"][0][dipoles.vertices[chosen]]
        # The surface passed through a float32 file.
        np.testing.assert_allclose(dipoles.positions[chosen], white, atol=1e-4)
    assert contains(*head.surfaces["inner_skull"], dipoles.positions).all()


def test_normals_are_unit_and_point_from_white_to_pial(dipoles):
    np.testing.assert_allclose(np.linalg.norm(dipoles.normals, axis=1), 1.0, atol=1e-6)
    across = (dipoles.pial - dipoles.positions)[~dipoles.medial_wall]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    cosine = np.einsum("ij,ij->i", across, dipoles.normals[~dipoles.medial_wall])
    assert np.median(cosine) > 0.95
    assert (cosine > 0).mean() > 0.98


def test_mesh_of_the_dipoles_is_two_closed_spheres(dipoles):
    assert is_closed(dipoles.triangles)
    for side in (0, 1):
        own = dipoles.triangles[dipoles.hemisphere[dipoles.triangles[:, 0]] == side]
        assert euler_number(own) == 2
        assert (dipoles.hemisphere[own] == side).all()
    graph = dipoles.adjacency()
    assert (graph != graph.T).nnz == 0 and graph.diagonal().sum() == 0
    # A subdivided octahedron: six corners of degree four per hemisphere, all others six.
    np.testing.assert_array_equal(
        np.bincount(graph.sum(axis=1).astype(int)), [0, 0, 0, 0, 12, 0, 8184]
    )


def test_medial_wall_is_marked_near_the_midline_only(dipoles):
    wall = dipoles.positions[dipoles.medial_wall]
    assert 220 < len(wall) < 800
    assert (dipoles.thickness()[~dipoles.medial_wall] >= 0.5).all()
    assert np.median(np.abs(wall[:, 0])) < 12


@pytest.mark.parametrize(("spacing", "count"), [("oct3", 132), ("oct4", 516), ("ico2", 324)])
def test_coarser_spacings(head, spacing, count):
    source_space = cortical_source_space(head.surfaces, spacing)
    assert len(source_geometry(source_space, head.surfaces)) == count


def test_file_round_trip_keeps_the_geometry(head, source_space, dipoles, tmp_path):
    path = tmp_path / "sources-src.fif"
    mne.write_source_spaces(path, source_space, verbose="error")
    back = source_geometry(mne.read_source_spaces(path, verbose="error"), head.surfaces)
    np.testing.assert_allclose(back.positions, dipoles.positions, atol=1e-4)
    np.testing.assert_array_equal(back.triangles, dipoles.triangles)
    np.testing.assert_array_equal(back.medial_wall, dipoles.medial_wall)


def test_bad_spacing_and_strange_surfaces_are_refused(head, source_space):
    with pytest.raises(UserError, match="'oct9' is unknown"):
        cortical_source_space(head.surfaces, "oct9")
    few = head.surfaces["lh.white"][0][:642]
    coarse = head.surfaces | {"lh.white": (few, head.surfaces["lh.white"][1])}
    with pytest.raises(UserError, match="lh.white has 642"):
        cortical_source_space(coarse, "oct6")
    other = fsaverage_head(scale=0.9, voxel_mm=5.0)
    with pytest.raises(UserError, match="not made on this head"):
        source_geometry(source_space, other.surfaces)


def test_nearest_dipole_skips_medial_wall_and_excluded(head, dipoles):
    target = head.to_mni[:3, :3] @ dipoles.positions[1234] + head.to_mni[:3, 3]
    first, distance = nearest_dipole(dipoles, head.to_mni, target)
    assert first == 1234 and distance < 1e-6
    second, distance = nearest_dipole(dipoles, head.to_mni, target, exclude=[1234])
    assert second != 1234 and 0 < distance < 6
    wall = int(np.flatnonzero(dipoles.medial_wall)[0])
    target = head.to_mni[:3, :3] @ dipoles.positions[wall] + head.to_mni[:3, 3]
    assert not dipoles.medial_wall[nearest_dipole(dipoles, head.to_mni, target)[0]]


def test_scenarios_match_the_paper_and_sit_on_the_template_cortex(head, dipoles):
    scenarios = read_scenarios(SCENARIOS)
    assert list(scenarios) == list("ABCDEFG")
    assert [len(s.patches) for s in scenarios.values()] == [2, 2, 3, 2, 1, 1, 2]
    assert scenarios["E"].patches[0].extent_mm == 60
    assert scenarios["F"].patches[0].extent_mm == 30
    spread = {}
    for key, scenario in scenarios.items():
        centres, extents, distance = place_scenario(scenario, dipoles, head.to_mni)
        assert len(set(centres)) == len(extents) == len(scenario.patches)
        # Dipoles are 2.6 mm apart and centres were picked on the cortex of this very head.
        assert distance.max() < 3.0
        for centre, patch in zip(centres, scenario.patches, strict=True):
            side = "left" if dipoles.hemisphere[centre] == 0 else "right"
            assert patch.name.startswith(side)
        spots = dipoles.positions[centres]
        spread[key] = np.linalg.norm(spots[0] - spots[-1])
    assert spread["A"] > 80 and spread["B"] > 80
    assert 20 < spread["D"] < 40 and 10 < spread["G"] < spread["D"]
    (centre,), *_ = place_scenario(scenarios["E"], dipoles, head.to_mni)
    assert dipoles.positions[centre, 0] < -50


def test_two_patches_on_a_coarse_mesh_get_two_centres(head, tmp_path):
    dipoles = source_geometry(cortical_source_space(head.surfaces, "oct3"), head.surfaces)
    path = tmp_path / "scenarios.yaml"
    patch = "{name: spot, mni_mm: [-57, 1, 24], extent_mm: 30}"
    path.write_text(f"X: {{title: twins, patches: [{patch}, {patch}]}}\n")
    centres, *_ = place_scenario(read_scenarios(path)["X"], dipoles, head.to_mni)
    assert centres[0] != centres[1]


def test_centre_outside_the_brain_is_refused(head, dipoles, tmp_path):
    path = tmp_path / "scenarios.yaml"
    path.write_text("X: {patches: [{name: nose, mni_mm: [0, 140, -40], extent_mm: 30}]}")
    with pytest.raises(UserError, match="nose: MNI .* from the nearest dipole"):
        place_scenario(read_scenarios(path)["X"], dipoles, head.to_mni)


SPHERE, TRIANGLES = geodesic_sphere(60)
_ANGLE = np.arccos(np.clip(SPHERE @ (0.48, 0.6, 0.64), -1, 1))  # from the tip of the spike
# A ball with a spike of 12 mm, which on the sphere is as small as its foot.
SPIKED = 60 * SPHERE * (1 + 0.2 * np.exp(-((_ANGLE / 0.05) ** 2)))[:, None]


def hemispheres(white):
    """Return both hemispheres' surfaces, of one white surface."""
    kinds = {"white": white, "pial": 1.03 * white, "sphere": 100 * SPHERE}
    return {
        f"{side}.{kind}": (points, TRIANGLES)
        for side in ("lh", "rh")
        for kind, points in kinds.items()
    }


def test_dipoles_move_to_cortex_that_the_sphere_has_no_room_for():
    surfaces = hemispheres(SPIKED)
    source_space = cortical_source_space(surfaces, "oct5")
    reach = reach_mm(triangle_areas(SPIKED, TRIANGLES).sum(), 1026)
    for hemisphere in source_space:
        used = hemisphere["vertno"]
        assert len(np.unique(used)) == 1026 == hemisphere["nuse"] == hemisphere["inuse"].sum()
        assert np.array_equal(np.flatnonzero(hemisphere["inuse"]), used)
        # As the octahedron picks them the tip of the spike is 9.7 mm from all.
        assert cKDTree(SPIKED[used]).query(SPIKED)[0].max() < 1.1 * reach < 8
    dipoles = source_geometry(source_space, surfaces)
    assert euler_number(dipoles.triangles) == 4  # two balls


def test_two_dipoles_in_one_place_are_no_obstacle():
    """Banks of a sulcus that touch: one of the two has no cortex that is nearer to it."""
    # The octahedron's dipoles, two of them at the foot of a spike that they have to move to.
    used = cortical_source_space(hemispheres(60 * SPHERE), "oct5")[0]["vertno"]
    one, other = used[np.argsort(_ANGLE[used])[:2]]
    white = SPIKED.copy()
    white[other] = white[one]
    source_space = cortical_source_space(hemispheres(white), "oct5")
    assert all(len(np.unique(part["vertno"])) == 1026 for part in source_space)
