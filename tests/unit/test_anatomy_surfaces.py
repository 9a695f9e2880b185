"""Surface geometry against closed forms on the sphere and the cube."""

import mne
import numpy as np
import pytest

from multisource.anatomy import voxels
from multisource.geometry.closest_points import closest_points
from multisource.geometry.neighbours import smooth
from multisource.geometry.rays import contains, radial_distance
from multisource.geometry.surfaces import (
    euler_number,
    is_closed,
    plane_section,
    triangle_areas,
    vertex_normals,
    volume,
)

CUBE = np.array(
    [[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float
)  # corner index = 4 x + 2 y + z
CUBE_FACES = np.array(
    [
        [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
        [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def sphere():
    """Unit sphere with 2562 vertices (subdivided icosahedron)."""
    surface = mne.surface._get_ico_surface(4)
    return surface["rr"].astype(float), surface["tris"].astype(np.int64)


def test_cube_is_closed_with_volume_and_area_one_and_six():
    assert is_closed(CUBE_FACES)
    assert euler_number(CUBE_FACES) == 2
    assert volume(CUBE, CUBE_FACES) == pytest.approx(1.0, abs=1e-12)
    assert triangle_areas(CUBE, CUBE_FACES).sum() == pytest.approx(6.0, abs=1e-12)


def test_missing_or_flipped_triangle_is_not_closed():
    flipped = CUBE_FACES.copy()
    flipped[0] = flipped[0, ::-1]
    assert not is_closed(CUBE_FACES[1:])
    assert not is_closed(flipped)


def test_closest_points_on_cube_faces_edges_and_corners():
    points = np.array([[0.3, 0.4, 2.0], [1.5, 1.5, 0.2], [-1, -1, -1], [0.5, 0.5, 0.9]])
    nearest, distance, _ = closest_points(CUBE, CUBE_FACES, points)
    expected = [[0.3, 0.4, 1.0], [1, 1, 0.2], [0, 0, 0], [0.5, 0.5, 1.0]]
    np.testing.assert_allclose(nearest, expected, atol=1e-12)
    np.testing.assert_allclose(distance, [1.0, np.sqrt(0.5), np.sqrt(3), 0.1], atol=1e-12)


def test_closest_points_match_brute_force(sphere):
    vertices, triangles = sphere
    rng = np.random.default_rng(0)
    points = rng.normal(size=(20, 3))
    nearest, distance, owner = closest_points(vertices, triangles, points)
    # Dense sampling of every triangle bounds the true distance from above by the sample spacing.
    u, v = (a.ravel() for a in np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 9)))
    u, v = u[u + v <= 1], v[u + v <= 1]
    weights = np.stack([1 - u - v, u, v])
    samples = np.einsum("ks,tkd->tsd", weights, vertices[triangles]).reshape(-1, 3)
    for point, near, far in zip(points, nearest, distance, strict=True):
        brute = np.linalg.norm(samples - point, axis=1).min()
        # Samples are at most 0.011 apart; the nearest one misses by less than half of that.
        assert far <= brute + 1e-12 and brute - far < 0.006
        assert np.linalg.norm(near - point) == pytest.approx(far, abs=1e-12)
    assert owner.shape == (20,)


def test_contains_on_the_sphere_and_for_points_over_vertices(sphere):
    vertices, triangles = sphere
    rng = np.random.default_rng(1)
    points = rng.uniform(-1.2, 1.2, size=(3000, 3))
    radius = np.linalg.norm(points, axis=1)
    # The polyhedron lies between radius 0.997 and 1: only points outside that are unambiguous.
    clear = (radius < 0.996) | (radius > 1)
    inside = contains(vertices, triangles, points)
    np.testing.assert_array_equal(inside[clear], radius[clear] < 0.996)
    assert contains(vertices, triangles, vertices * 0.9).all()
    assert not contains(vertices, triangles, vertices * 1.1).any()


def test_radial_distance_of_a_shifted_sphere(sphere):
    vertices, triangles = sphere
    centre = np.array([0.3, -0.2, 0.1])
    found = radial_distance(vertices, triangles, centre, vertices)
    along = vertices @ centre
    exact = -along + np.sqrt(along**2 + 1 - centre @ centre)
    assert (found > 0).all()
    # Facets of an ico4 sphere cut at most 0.3 % inside the radius, more on slanted rays.
    np.testing.assert_allclose(found, exact, rtol=0.006)


def test_vertex_normals_of_a_sphere_point_outwards(sphere):
    vertices, triangles = sphere
    cosine = np.einsum("ij,ij->i", vertex_normals(vertices, triangles), vertices)
    assert cosine.min() > 0.9999


def test_smoothing_keeps_constants_and_shrinks_variation(sphere):
    vertices, triangles = sphere
    np.testing.assert_allclose(smooth(np.full(len(vertices), 3.0), triangles, 5), 3.0)
    noise = np.random.default_rng(2).normal(size=len(vertices))
    assert smooth(noise, triangles, 5).std() < 0.5 * noise.std()


def test_plane_section_length_is_the_circle(sphere):
    vertices, triangles = sphere
    segments = plane_section(vertices, triangles, 2, 0.6)
    length = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1).sum()
    assert np.allclose(segments[:, :, 2], 0.6)
    assert length == pytest.approx(2 * np.pi * 0.8, rel=0.005)  # polygon of about 80 sides


def test_fill_has_the_volume_of_the_surface_and_agrees_with_contains(sphere):
    vertices, triangles = sphere
    vertices = vertices * 20.0 + [3.0, -2.0, 1.0]
    shape, affine = voxels.grid_around(vertices, 1.5)
    inside = voxels.fill(vertices, triangles, shape, affine)
    centres = np.argwhere(np.ones(shape, dtype=bool)) * 1.5 + affine[:3, 3]
    # The two use different tiny shifts, so centres within 1e-4 of the surface may differ.
    differ = inside.ravel() != contains(vertices, triangles, centres)
    assert differ.sum() <= 2
    # Counting 10,000 voxel centres in a ball errs by well under 1 %.
    assert inside.sum() * 1.5**3 == pytest.approx(volume(vertices, triangles), rel=0.01)


def test_fill_of_a_box_whose_faces_lie_on_voxel_centres():
    shape, affine = (6, 6, 6), np.eye(4)
    inside = voxels.fill(CUBE * 3.0 + 1.0, CUBE_FACES, shape, affine)
    # Half-open box: three voxels a side whichever way the ties go, never stripes or leaks.
    assert inside.sum() == 27


def test_islands_go_to_the_nearest_tissue():
    labels = np.full((12, 12, 12), 3, dtype=np.uint8)
    labels[:6] = 1
    labels[2, 2, 2] = 2
    labels[9, 9, 9] = 1
    labels[8:, :4, :4] = 2
    cleared = voxels.clear_islands(labels, 1.0, smallest_mm3=10)
    assert cleared[2, 2, 2] == 1 and cleared[9, 9, 9] == 3
    assert (cleared[8:, :4, :4] == 2).all()


def test_sealing_puts_bone_between_brain_and_scalp():
    labels = np.zeros((9, 9, 9), dtype=np.uint8)
    labels[1:8, 1:8, 1:8] = 5
    labels[2:7, 2:7, 2:7] = 4
    labels[3:6, 3:6, 3:6] = 1
    labels[2, 4, 4] = 5
    labels[1, 1, 1] = 0
    sealed = voxels.seal_skull(labels)
    assert sealed[2, 4, 4] == 4 and sealed[1, 1, 1] == 5
