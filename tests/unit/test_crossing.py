"""Pairs that are near each other, and surfaces that cut through one another."""

import numpy as np
import pytest

from multisource.geometry.candidates import within_reach
from multisource.geometry.crossing import crossing
from multisource.geometry.icosphere import even_directions


@pytest.mark.parametrize("reach", [0.2, "each its own"])
def test_pairs_are_those_of_all_distances(reach):
    rng = np.random.default_rng(0)
    places, points = rng.uniform(size=(60, 3)), rng.uniform(size=(5000, 3))
    reach = rng.uniform(0, 0.4, len(points)) if isinstance(reach, str) else reach
    found = [np.stack(pair, axis=1) for pair in within_reach(places, points, reach)]
    assert len(found) > 1  # more than a block
    found = np.concatenate(found)
    assert (np.diff(found[:, 0]) >= 0).all()
    distance = np.linalg.norm(points[:, None] - places, axis=2)
    near = np.argwhere(distance <= np.reshape(reach, (-1, 1)))
    np.testing.assert_array_equal(found[np.lexsort(found.T[::-1])], near)


def test_a_crossing_is_found_whatever_the_size_of_triangles():
    ball, triangles = even_directions(4)
    # A tetrahedron with edges 40 times as long, whose faces are 0.577 from the middle.
    corners = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    tetrahedron = corners, np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])
    assert crossing((0.57 * ball, triangles), tetrahedron) is None
    where = crossing((0.585 * ball, triangles), tetrahedron)
    assert where is not None and np.linalg.norm(where) == pytest.approx(0.585, rel=0.01)
    assert crossing((2.0 * ball, triangles), tetrahedron) is None
    assert crossing((ball, triangles), (ball, triangles)) is None
    dented = ball.copy()
    dented[0] *= -1.2
    assert crossing((dented, triangles), (dented, triangles)) is not None
