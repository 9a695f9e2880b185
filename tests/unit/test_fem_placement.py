"""Dipoles of a folded cortex, placed in meshes of both kinds: the fsaverage head at 3 mm."""

import numpy as np
import pytest

from multisource.anatomy.fsaverage import fsaverage_head
from multisource.fem.locate import locate
from multisource.fem.mesh import Mesh
from multisource.fem.native import hexahedral_mesh, leadfield, place_dipoles
from multisource.fem.source_models.patch import MIN_PATCH

GREY, MAX_MOVE = 2, 10.0
# Six tetrahedra a voxel, all with the diagonal from corner 0 to corner 7. Meshing the shells takes
# a minute; what placement has to cope with, sheets of grey matter an element or two thick, is the
# same.
KUHN = np.array(
    [[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]]
)


@pytest.fixture(scope="module")
def head():
    return fsaverage_head(voxel_mm=3.0)


@pytest.fixture(scope="module", params=["hexahedra", "tetrahedra"])
def placed(request, head):
    mesh = hexahedral_mesh(head.tissues, head.affine)
    if request.param == "tetrahedra":
        mesh = Mesh(mesh.nodes, mesh.elements[:, KUHN].reshape(-1, 4), np.repeat(mesh.labels, 6))
    white, pial = (
        np.concatenate([head.surfaces[f"{side}.{name}"][0][::200] for side in ("lh", "rh")])
        for name in ("white", "pial")
    )
    return mesh, white, pial, *place_dipoles(mesh, white, pial, max_move=MAX_MOVE)


def test_every_dipole_lies_in_grey_matter(placed):
    mesh, _, _, positions, _ = placed
    elements, _ = locate(mesh, positions)
    assert (elements >= 0).all()
    assert (mesh.labels[elements] == GREY).all()
    # And the leadfield, which checks on its own, accepts them all.
    transfer = np.random.default_rng(0).normal(size=(2, len(mesh.nodes)))
    gain = leadfield(mesh, transfer, positions, source_model="partial_integration")
    assert np.isfinite(gain).all()


def test_the_table_tells_what_happened(placed):
    mesh, white, pial, positions, table = placed
    start = (white + pial) / 2
    moved = np.linalg.norm(positions - start, axis=1)
    np.testing.assert_allclose(table["moved_mm"], moved, atol=1e-12)
    assert moved.max() <= MAX_MOVE
    elements, _ = locate(mesh, positions)
    corners = mesh.elements[elements]
    distance = np.linalg.norm(mesh.nodes[corners] - positions[:, None], axis=2)
    closest = corners[np.arange(len(corners)), distance.argmin(axis=1)]
    full = mesh.nodes_inside(GREY)[closest]
    np.testing.assert_array_equal(table["condition"] == "venant", full)
    np.testing.assert_array_equal(table["condition"] == "small", table["patch_nodes"] < MIN_PATCH)
    # Who starts in CSF or white matter has to move; who starts well stays.
    labels = mesh.labels[locate(mesh, start)[0]]
    assert (moved[labels != GREY] > 0).all()
    assert (table["start_tissue"] == "grey matter").eq(labels == GREY).all()


def test_few_dipoles_go_far_and_few_patches_are_cut(placed):
    """Cortex is 2.5 mm thick, the voxels 3 mm; measured: 84 % whole patches, 4.5 mm at most."""
    _, _, _, _, table = placed
    assert (table["condition"] == "venant").mean() > 0.75
    assert (table["condition"] != "small").all()
    assert table["moved_mm"].median() < 1.0
    assert (table["moved_mm"] > 3.0).mean() < 0.03
