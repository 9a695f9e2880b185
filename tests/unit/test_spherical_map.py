"""Maps to the sphere against surfaces of which none is easy, and one whose map is known."""

import numpy as np
import pytest

from multisource.anatomy.sphere import equal_area_sphere, folded, unmapped
from multisource.anatomy.topology import ball_topology, mask_surface
from multisource.geometry.collapses import collapse, put_back, rings_of
from multisource.geometry.icosphere import even_directions
from multisource.geometry.spherical_map import spherical_map
from multisource.geometry.surfaces import edge_lengths, triangle_areas


def noise(edge):
    """A surface of genus zero that is nothing but spikes, tubes and thin necks."""
    field = np.random.default_rng(3).standard_normal((edge,) * 3)
    return mask_surface(ball_topology(field > -0.8), np.eye(4))


def needle():
    """Two balls of 16 voxels, 40 apart, and between them a needle one voxel thick."""
    x, y, z = np.indices((20, 20, 76)) - np.array([9, 9, 9])[:, None, None, None]
    balls = x**2 + y**2 + np.minimum(z**2, (z - 56) ** 2) < 8.5**2
    return mask_surface(balls | ((x == 0) & (y == 0) & (z > 0) & (z < 56)), np.eye(4))


def turns(points, triangles):
    """How often the triangles cover the sphere (van Oosterom and Strackee's solid angles)."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    spanned = np.einsum("ij,ij->i", a, np.cross(b, c))
    cosines = sum(np.einsum("ij,ij->i", *pair) for pair in ((a, b), (b, c), (c, a)))
    return 2 * np.arctan2(spanned, 1 + cosines).sum() / (4 * np.pi)


def from_the_least(surface):
    """Rings, each from its least vertex."""
    rings = zip(surface.ring, surface.degree, strict=True)
    return [np.roll(row[:size], -row[:size].argmin()) for row, size in rings]


@pytest.mark.parametrize("surface", [noise(20), needle()], ids=["noise", "needle"])
def test_a_map_neither_folds_nor_collapses(surface):
    vertices, triangles = surface
    sphere = equal_area_sphere(vertices, triangles)
    np.testing.assert_allclose(np.linalg.norm(sphere, axis=1), 100)
    # As FreeSurfer's files hold it.
    sphere = sphere.astype(np.float32).astype(float) / 100
    assert not folded(sphere, triangles).any()
    assert not unmapped(sphere, vertices, triangles).any()
    # All triangles face outwards, and cover the sphere once: then the map is one to one.
    assert turns(sphere, triangles) == pytest.approx(1, abs=1e-6)


def test_a_sphere_is_mapped_to_itself():
    vertices, triangles = even_directions(4)
    sphere = spherical_map(40 * vertices + 7, triangles)
    share, true = triangle_areas(sphere, triangles), triangle_areas(vertices, triangles)
    # The map that keeps all areas and angles is there: a rotation. What a few sweeps leave is less
    # than what a cortex has anyway.
    assert np.percentile(share / true, [5, 95]) == pytest.approx([1, 1], abs=0.1)
    longer = edge_lengths(sphere, triangles) / edge_lengths(vertices, triangles)
    assert np.percentile(longer, [5, 95]) == pytest.approx([1, 1], abs=0.2)


def test_what_is_collapsed_comes_back():
    vertices, triangles = noise(8)
    mass = np.random.default_rng(0).uniform(1, 2, len(vertices))
    surface = rings_of(triangles, mass)
    before = from_the_least(surface)
    record = collapse(surface)
    left = np.flatnonzero(surface.degree)
    assert len(left) == 4 and (surface.degree[left] == 3).all()
    assert surface.mass[left].sum() == pytest.approx(mass.sum())
    assert sorted([*record.removed, *left]) == list(range(len(vertices)))
    for k in range(len(record.removed) - 1, -1, -1):
        own = record.ring[record.start[k] : record.start[k + 1]]
        put_back(record.removed[k], own, surface.ring, surface.degree, surface.mass)
    for one, two in zip(before, from_the_least(surface), strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(surface.mass, mass)


def test_surfaces_that_are_no_sphere():
    vertices, triangles = even_directions(1)
    with pytest.raises(ValueError, match="not a topological sphere"):
        equal_area_sphere(vertices, triangles[1:])
    # Two spheres that meet in a vertex.
    with pytest.raises(ValueError, match="not one fan"):
        other = np.where(triangles == 0, 0, triangles + len(vertices) - 1)
        rings_of(np.concatenate([triangles, other]), np.ones(2 * len(vertices) - 1))
