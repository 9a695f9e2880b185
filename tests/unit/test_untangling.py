"""Surfaces that cut through themselves let go, and spikes without room on the sphere come off."""

import numpy as np

from multisource.anatomy.sphere import unmapped
from multisource.anatomy.spikes import without_spikes
from multisource.geometry.crossing import crossings
from multisource.geometry.icosphere import geodesic_sphere
from multisource.geometry.surfaces import euler_number, is_closed
from multisource.geometry.untangling import retreat, tangled


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
    apart, _ = crossings(first, (ball + (2.2, 0, 0), triangles))
    assert len(apart) == 0


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
