"""Tetrahedra cut along surfaces: conforming, whole, and exact where cutting makes them so."""

import numpy as np
import pytest
from scipy.sparse import linalg
from scipy.spatial import Delaunay

from multisource.anatomy.head import SHELLS, Head
from multisource.fem.assembly import stiffness_matrix, tetrahedron_gradients
from multisource.fem.cutting import cut
from multisource.fem.levels import levels_of
from multisource.fem.mesh import TET_FACES, Mesh
from multisource.fem.native import head_mesh
from multisource.geometry.icosphere import geodesic_sphere

SIGMA = {2: 0.33, 3: 1.79}


@pytest.fixture(scope="module")
def cube():
    """Nodes and tetrahedra of a cube of 10 mm, edges of about 1.5 mm."""
    rng = np.random.default_rng(3)
    line = np.linspace(0, 10, 8)
    nodes = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    inner = np.all((nodes > 0.1) & (nodes < 9.9), axis=1)
    nodes[inner] += rng.uniform(-0.35, 0.35, (inner.sum(), 3))
    elements = Delaunay(nodes).simplices.astype(np.int32)
    volumes = tetrahedron_gradients(nodes, elements)[1]
    elements = elements[np.abs(volumes) > 1e-6]
    turned = tetrahedron_gradients(nodes, elements)[1] < 0
    elements[turned, :2] = elements[turned, 1::-1]
    return nodes, elements


def faces_of(elements):
    faces = np.concatenate([elements[:, face] for face in TET_FACES])
    return np.unique(np.sort(faces, axis=1), axis=0, return_counts=True)


def ball(points):
    return np.linalg.norm(points - 5, axis=1) - 3


def test_a_cut_mesh_is_whole_and_conforming(cube):
    nodes, elements = cube
    found, pieces, parent, side = cut(nodes, elements, np.ones(len(elements), bool), ball)
    assert len(found) > len(nodes) and len(pieces) > len(elements)
    volumes = tetrahedron_gradients(found, pieces)[1]
    assert volumes.min() > 1e-3 * np.median(volumes)
    assert volumes.sum() == pytest.approx(1000, rel=1e-12)
    _, count = faces_of(pieces)
    outer = faces_of(elements)[1] == 1
    # What is not a face of the cube belongs to two elements.
    assert set(count) == {1, 2} and (count == 1).sum() == outer.sum()
    assert set(np.unique(side)) == {-1, 1}
    # A polyhedron with corners on a ball of 3 mm, edges of 1 mm, lacks some hundredths of it.
    inside = volumes[side < 0].sum() / (4 / 3 * np.pi * 27)
    assert 0.93 < inside < 1.0
    corners = found[pieces]
    assert np.all(ball(corners[side < 0].reshape(-1, 3)) < 0.4)
    # The parents, which nodes have hardly left.
    way = corners.mean(axis=1) - nodes[elements[parent]].mean(axis=1)
    assert np.all(np.linalg.norm(way, axis=1) < 2)


def test_what_may_not_be_cut_keeps_its_faces(cube):
    nodes, elements = cube
    active = nodes[elements][..., 2].mean(axis=1) < 5
    found, pieces, parent, side = cut(nodes, elements, active, ball)
    kept = ~active[parent]
    np.testing.assert_array_equal(pieces[kept], elements[~active])
    np.testing.assert_array_equal(side[kept], 0)
    held = np.unique(elements[~active])
    np.testing.assert_array_equal(found[held], nodes[held])
    assert set(faces_of(pieces)[1]) == {1, 2}


def test_a_plane_between_two_tissues_is_exact(cube):
    """A potential that is linear on either side is in the space of a cut mesh, and in no other."""
    nodes, elements = cube

    def on_rim(nodes):
        return np.any((nodes < 1e-6) | (nodes > 10 - 1e-6), axis=1)

    def level(points):
        return points[:, 2] - 5

    def error(nodes, elements, labels):
        matrix = stiffness_matrix(Mesh(nodes, elements, labels), SIGMA).tocsr()
        rim = on_rim(nodes)
        height = level(nodes)
        exact = np.where(height < 0, height / SIGMA[2], height / SIGMA[3])
        rows = matrix[np.flatnonzero(~rim)].tocsc()
        load = -rows[:, np.flatnonzero(rim)] @ exact[rim]
        found = linalg.spsolve(rows[:, np.flatnonzero(~rim)], load)
        return np.abs(found - exact[~rim]).max()

    everything = np.ones(len(elements), bool)
    found, pieces, _, side = cut(nodes, elements, everything, level, fixed=on_rim(nodes))
    plain = np.where(level(nodes[elements].mean(axis=1)) < 0, 2, 3).astype(np.uint8)
    assert error(nodes, elements, plain) > 0.05
    assert error(found, pieces, np.where(side < 0, 2, 3).astype(np.uint8)) < 1e-10


@pytest.fixture(scope="module")
def head():
    """Two balls of white in grey matter beside each other in CSF, skull and scalp."""
    vertices, triangles = geodesic_sphere(12)
    surfaces = {
        name: (radius * vertices, triangles)
        for name, radius in zip(SHELLS, (60.0, 66.0, 72.0), strict=True)
    }
    for side, x in (("lh", -25.0), ("rh", 25.0)):
        for kind, radius in (("white", 17.0), ("pial", 21.0)):
            surfaces[f"{side}.{kind}"] = (radius * vertices + (x, 0, 0), triangles)
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = -60.0
    places = 4.0 * np.argwhere(np.ones((31, 31, 31))) - 60.0
    tissues = np.full(len(places), 3, np.uint8)
    for x in (-25.0, 25.0):
        distance = np.linalg.norm(places - (x, 0, 0), axis=1)
        tissues[distance < 21] = 2
        tissues[distance < 17] = 1
    # A cerebellum that no surface describes.
    tissues[np.linalg.norm(places - (0, -20, -35), axis=1) < 12] = 2
    return Head(surfaces, tissues.reshape(31, 31, 31), affine, {}, np.eye(4))


def test_levels_are_zero_on_the_surfaces(head):
    levels = levels_of(head)
    for kind, level in (("pial", levels.outside_brain), ("white", levels.outside_white)):
        points = head.surfaces[f"lh.{kind}"][0]
        outwards = points - (-25.0, 0, 0)
        outwards /= np.linalg.norm(outwards, axis=1)[:, None]
        assert np.all(level(points - 0.5 * outwards) < 0)
        assert np.all(level(points + 0.5 * outwards) > 0)
    # Voxels of 4 mm say where the rest of the brain is.
    assert np.all(levels.outside_brain(np.array([[0.0, -20, -35], [0, -20, -27]])) < 0)
    assert np.all(levels.outside_brain(np.array([[0.0, -20, -20], [0, 0, 50]])) > 0)


def test_tissues_of_a_cut_head_have_their_volumes(head):
    mesh = head_mesh(head, "cut_tetrahedra", inner_edge=4.0)
    volumes = tetrahedron_gradients(mesh.nodes, mesh.elements)[1]
    assert volumes.min() > 0
    white = 2 * 4 / 3 * np.pi * 17**3
    grey = 2 * 4 / 3 * np.pi * 21**3 - white
    x, y, z = mesh.centroids.T
    cortex = np.linalg.norm([np.abs(x) - 25, y, z], axis=0) < 23
    assert volumes[mesh.labels == 1].sum() == pytest.approx(white, rel=0.02)
    assert volumes[(mesh.labels == 2) & cortex].sum() == pytest.approx(grey, rel=0.04)
    # Beyond the inner skull nothing is cut.
    plain = head_mesh(head, "tetrahedra", inner_edge=4.0)
    for label in (4, 5):
        assert (mesh.labels == label).sum() == (plain.labels == label).sum()
