"""Surfaces that cut through themselves let go, and spikes without room on the sphere come off."""

import numpy as np
from scipy.spatial import cKDTree

from multisource.anatomy.sphere import unmapped
from multisource.anatomy.spikes import without_spikes
from multisource.anatomy.topology import mask_surface
from multisource.geometry.crossing import crossings
from multisource.geometry.icosphere import geodesic_sphere
from multisource.geometry.surfaces import euler_number, is_closed
from multisource.geometry.untangling import apart, retreat, tangled


def test_a_surface_retreats_where_it_cuts_through_itself_and_nowhere_else():
    ball, triangles = geodesic_sphere(12)
    ball = 10 * ball
    # The poles are pushed through each other; the rest grows by a tenth.
    pole = np.abs(ball[:, 2]) > 8
    goal = np.where(pole[:, None], ball * (1, 1, -0.3), 1.1 * ball)

    def place(share):
        return ball + share[:, None] * (goal - ball)

    assert tangled(place(np.ones(len(ball))), triangles).sum() > 20
    found = retreat(place, triangles)
    assert not tangled(found, triangles).any()
    equator = np.abs(ball[:, 2]) < 4
    np.testing.assert_array_equal(found[equator], goal[equator])
    # It does not go home where half of the way is free.
    assert np.abs(found[pole, 2]).max() < 9


def test_corners_of_voxels_that_touch_come_apart():
    """A bent bar whose ends touch along an edge: two sheets have vertices in the same places."""
    mask = np.zeros((7, 7, 5), bool)
    mask[1:5, 1, 1:4] = mask[1, 1:5, 1:4] = mask[1:3, 4, 1:4] = True
    mask[4, 1:3, 1:4] = mask[3, 3, 1:4] = True
    points, triangles = mask_surface(mask, np.eye(4))
    shared = len(points) - len(np.unique(points, axis=0))
    assert shared >= 4
    parted = apart(points, triangles)
    assert len(np.unique(parted, axis=0)) == len(points)
    moved = np.linalg.norm(parted - points, axis=1)
    assert (moved > 0).sum() == 2 * shared and moved.max() < 0.06
    assert not tangled(parted, triangles).any()
    # The sheets part: nothing of one lies on the other any more.
    pairs, _ = cKDTree(parted).query(parted, k=2)
    assert pairs[:, 1].min() > 0.02


def test_all_crossings_are_found_whatever_the_order():
    ball, triangles = geodesic_sphere(4)
    first, second = (ball, triangles), (ball * 0.9 + (0.3, 0.02, 0.01), triangles)
    edge, triangle = crossings(first, second)
    turned, _ = crossings((ball, triangles[:, ::-1]), second)
    assert len(edge) == len(turned) > 10
    # Every edge that is found has its ends on either side of its triangle's plane.
    a, b, c = np.moveaxis(second[0][triangles[triangle]], 1, 0)
    normal = np.cross(b - a, c - a)
    p, q = np.moveaxis(ball[edge], 1, 0)
    sides = np.einsum("ij,ij->i", p - a, normal) * np.einsum("ij,ij->i", q - a, normal)
    assert np.all(sides < 0)
    beside, _ = crossings(first, (ball + (2.2, 0, 0), triangles))
    assert len(beside) == 0


def test_a_spike_without_room_on_the_sphere_is_taken_off():
    ball, triangles = geodesic_sphere(8)
    sphere = 100 * ball
    white = 50 * ball
    # Two neighbours in one place: two triangles of no area.
    one, other = triangles[40, 0], triangles[40, 1]
    sphere[other] = sphere[one] + 1e-6
    assert unmapped(sphere, white, triangles).sum() >= 1
    kept, left = without_spikes(sphere, white, triangles)
    assert len(kept) == len(white) - 1 and len(left) == len(triangles) - 2
    assert is_closed(left) and euler_number(left) == 2
    assert not unmapped(sphere[kept], white[kept], left).any()


def test_a_sphere_without_spikes_stays():
    ball, triangles = geodesic_sphere(6)
    kept, left = without_spikes(100 * ball, 50 * ball, triangles)
    np.testing.assert_array_equal(kept, np.arange(len(ball)))
    np.testing.assert_array_equal(left, triangles)
