"""Layers of tetrahedra between surfaces of one triangulation."""

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.fem.layers import fit, prism_layers
from multisource.fem.nesting import Shell
from multisource.fem.tetrahedra import tetrahedral_mesh
from multisource.geometry.icosphere import geodesic_sphere
from multisource.geometry.surfaces import volume

UNIT, TRIANGLES = geodesic_sphere(6)


def shells(**layers: int) -> list[Shell]:
    radii = {"brain": 40.0, "skull": 50.0, "scalp": 60.0}
    return [
        Shell(name, radius * UNIT, TRIANGLES, label, layers.get(name, 0))
        for label, (name, radius) in enumerate(radii.items(), start=3)
    ]


def faces(elements: np.ndarray) -> np.ndarray:
    """How many tetrahedra each face belongs to."""
    triples = elements[:, [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]].reshape(-1, 3)
    return np.unique(np.sort(triples, axis=1), axis=0, return_counts=True)[1]


def volumes(nodes: np.ndarray, elements: np.ndarray) -> np.ndarray:
    corners = nodes[elements]
    return np.linalg.det(corners[:, 1:] - corners[:, :1]) / 6


def test_prisms_fill_the_space_between_the_surfaces():
    nodes, elements = prism_layers(4 * UNIT, 5 * UNIT, TRIANGLES, 3)
    sizes = volumes(nodes, elements)
    assert len(elements) == 9 * len(TRIANGLES) and sizes.min() > 0
    whole = volume(UNIT, TRIANGLES)
    assert sizes.sum() == pytest.approx((5**3 - 4**3) * whole, rel=1e-12)
    # Two neighbours inside, one at either surface: no prism is cut along another diagonal.
    counts = faces(elements)
    assert counts.max() == 2 and (counts == 1).sum() == 2 * len(TRIANGLES)
    radii = np.linalg.norm(nodes, axis=1).reshape(4, -1)
    np.testing.assert_allclose(radii, np.repeat([[4], [4 + 1 / 3], [4 + 2 / 3], [5]], len(UNIT), 1))


def test_cuts_do_not_lean_to_one_side():
    """Cuts by the vertices' numbers would make one diagonal longer than the other on average."""
    n = len(UNIT)
    _, elements = prism_layers(4 * UNIT, 5 * UNIT, TRIANGLES, 1)
    pairs = elements[:, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]].reshape(-1, 2)
    low, high = np.sort(pairs, axis=1).T
    slanted = (low < n) & (high >= n) & (high - n != low)
    cuts = np.unique(np.column_stack([low, high - n])[slanted], axis=0)
    rising = (cuts[:, 0] < cuts[:, 1]).mean()
    assert abs(rising - 0.5) < 3 * 0.5 / np.sqrt(len(cuts))


@pytest.mark.parametrize("layers", [{"scalp": 2}, {"skull": 3}, {"skull": 1, "scalp": 2}])
def test_layers_and_netgen_share_the_surfaces(layers):
    mesh = tetrahedral_mesh(shells(**layers), max_edge=20)
    mesh.check()
    counts = faces(mesh.elements)
    assert counts.max() == 2 and (counts == 1).sum() == len(TRIANGLES)
    sizes = volumes(mesh.nodes, mesh.elements)
    assert sizes.min() > 0
    ball = volume(UNIT, TRIANGLES)
    for label, (outer, inner) in zip((3, 4, 5), ((40, 0), (50, 40), (60, 50)), strict=True):
        found = sizes[mesh.labels == label].sum()
        assert found == pytest.approx((outer**3 - inner**3) * ball, rel=1e-9)
    thick = {"skull": 10, "scalp": 10}
    for name, inner in (("skull", 40), ("scalp", 50)):
        steps = inner + thick[name] * np.arange(1, layers.get(name, 0)) / layers.get(name, 1)
        for radius in steps:
            at = np.isclose(np.linalg.norm(mesh.nodes, axis=1), radius)
            assert at.sum() == len(UNIT)


def test_what_cannot_be_layered_is_named():
    inner, outer = 40 * UNIT, 50 * UNIT
    assert fit(inner, TRIANGLES, outer, TRIANGLES)
    assert not fit(inner, TRIANGLES, outer, np.roll(TRIANGLES, 1, axis=0))
    turned = outer[:, [1, 0, 2]] * [1, -1, 1]
    assert not fit(inner, TRIANGLES, turned, TRIANGLES)
    brain, skull, scalp = shells(skull=1)
    other = Shell("skull", turned, TRIANGLES, 4, layers=1)
    with pytest.raises(UserError, match="brain and skull have other triangles or turn over"):
        tetrahedral_mesh([brain, other, scalp])
    with pytest.raises(UserError, match="brain: layers need one surface .* found nothing"):
        tetrahedral_mesh([*shells(brain=2)])
