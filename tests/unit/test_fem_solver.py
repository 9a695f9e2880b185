"""Assembly and the block multigrid solver against direct answers."""

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from multisource.errors import UserError
from multisource.fem.assembly import stiffness_matrix
from multisource.fem.block_cg import solve_block
from multisource.fem.hexahedra import hexahedral_mesh
from multisource.fem.locate import locate, shape_functions
from multisource.fem.multigrid import Multigrid, _levels

SIGMA = {1: 0.14, 2: 0.33, 3: 1.79, 4: 0.01, 5: 0.43}


@pytest.fixture(scope="module")
def blob():
    """Random blobs of tissue, 24 voxels a side, a few of them air: an unkind geometry."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(1, 6, (8, 8, 8)).astype(np.uint8)
    labels = np.kron(coarse, np.ones((3, 3, 3), np.uint8))
    labels[:5, :4, :6] = 0
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = -20, 5, 7
    return hexahedral_mesh(labels, affine)


def test_stiffness_reproduces_the_energy_of_linear_functions(blob):
    # For a linear function u the energy u'Ku is the sum of sigma |grad u|^2 volume, exactly; the
    # shift moves volume between tissues, so the check is on one conductivity.
    same = dict.fromkeys(range(1, 6), 0.7)
    matrix = stiffness_matrix(blob, same)
    slope = np.array([1.0, -2.0, 0.5])
    u = blob.nodes @ slope
    # The outer boundary moves too: volumes from the divergence theorem on the boundary.
    faces, _ = blob.boundary_faces()
    corner = blob.nodes[faces]
    middle = corner.mean(axis=1)
    volume = 0.0
    for k in range(4):
        a, b = corner[:, k], corner[:, (k + 1) % 4]
        volume += abs_sum(middle, a, b)
    energy = 0.7 * (slope @ slope) * abs(volume)
    # Bilinear faces against four flat triangles about their middle: equal up to the warp's
    # second order, which is far below 1 %.
    assert u @ (matrix @ u) == pytest.approx(energy, rel=2e-3)
    assert np.abs(matrix @ np.ones(len(u))).max() < 1e-10


def abs_sum(a, b, c):
    return np.sum(np.einsum("fi,fi->f", a, np.cross(b, c))) / 6


def test_energy_without_shift_is_the_voxel_sum():
    labels = np.random.default_rng(0).integers(0, 6, (5, 6, 7)).astype(np.uint8)
    mesh = hexahedral_mesh(labels, np.diag([2.0, 2.0, 3.0, 1.0]), shift=0)
    slope = np.array([0.3, 1.0, -0.7])
    u = mesh.nodes @ slope
    sigma = np.array([SIGMA[label] for label in mesh.labels])
    energy = u @ (stiffness_matrix(mesh, SIGMA) @ u)
    assert energy == pytest.approx(sigma.sum() * 12 * slope @ slope, rel=1e-12)


def test_inverted_elements_are_refused(blob):
    nodes = blob.nodes.copy()
    nodes[blob.elements[0, 0]] += 30
    with pytest.raises(UserError, match="inverted"):
        stiffness_matrix(type(blob)(nodes, blob.elements, blob.labels, blob.lattice), SIGMA)


def test_block_solution_equals_the_direct_one(blob):
    matrix = stiffness_matrix(blob, SIGMA)
    multigrid = Multigrid(matrix)
    rng = np.random.default_rng(0)
    size = matrix.shape[0]
    right = np.zeros((size, 5))
    for column in range(5):
        right[rng.choice(size, 2, replace=False), column] = 1, -1
    solution, convergence = solve_block(multigrid, right[multigrid.order], tolerance=1e-10)
    found = np.empty_like(solution)
    found[multigrid.order] = solution
    # The direct solve fixes the free constant at node 0.
    exact = np.zeros_like(found)
    exact[1:] = sparse.linalg.splu(matrix[1:, 1:].tocsc()).solve(right[1:])
    found -= found.mean(axis=0)
    exact -= exact.mean(axis=0)
    # Residual 1e-10 times the condition number, about 1e4 for these jumps.
    assert np.abs(found - exact).max() < 1e-6 * np.abs(exact).max()
    assert convergence.residuals.max() <= 1e-10
    # Measured: 26 iterations; plain CG takes hundreds.
    assert convergence.iterations <= 40


def test_a_mesh_of_few_nodes_is_solved():
    labels = np.random.default_rng(0).integers(1, 6, (5, 5, 5)).astype(np.uint8)
    matrix = stiffness_matrix(hexahedral_mesh(labels, np.eye(4)), SIGMA)
    multigrid = Multigrid(matrix)
    assert multigrid.sizes == [216]
    right = np.zeros((216, 1))
    right[[0, -1], 0] = 1, -1
    solution, convergence = solve_block(multigrid, right.copy(), tolerance=1e-10)
    np.testing.assert_allclose(matrix @ solution, right, atol=1e-9)
    assert convergence.iterations <= 5


def test_the_preconditioner_is_the_same_for_one_core_or_two():
    labels = np.random.default_rng(0).integers(1, 6, (5, 5, 5)).astype(np.uint8)
    matrix = stiffness_matrix(hexahedral_mesh(labels, np.eye(4)), SIGMA)
    residual = np.random.default_rng(1).standard_normal((216, 50)).astype(np.float32)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(np.empty_like(residual))
            Multigrid(matrix).cycle(residual, found[-1])
    np.testing.assert_array_equal(*found)


def test_the_hierarchy_is_the_same_for_one_core_or_two():
    """BLAS splits sums of more than 10,000 numbers among its threads."""
    labels = np.random.default_rng(0).integers(1, 6, (40, 40, 40)).astype(np.uint8)
    matrix = stiffness_matrix(hexahedral_mesh(labels, np.eye(4)), SIGMA)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            _, interpolations, _ = _levels(matrix)
            found.append(interpolations[0].data)
    np.testing.assert_array_equal(*found)


def test_a_preconditioner_that_fails_is_reported(blob):
    multigrid = Multigrid(stiffness_matrix(blob, SIGMA))
    right = np.random.default_rng(0).standard_normal((len(blob.nodes), 2))
    right -= right.mean(axis=0)
    with pytest.raises(RuntimeError, match="after 2 iterations"):
        solve_block(multigrid, right, tolerance=1e-12, max_iterations=2)


def test_points_are_found_in_shifted_elements(blob):
    rng = np.random.default_rng(5)
    element = rng.integers(len(blob.elements), size=300)
    corners = blob.nodes[blob.elements[element]]
    local = rng.uniform(0.01, 0.99, (300, 3))
    points = np.einsum("pi,pia->pa", shape_functions(blob, local), corners)
    found, coordinates = locate(blob, points)
    np.testing.assert_array_equal(found, element)
    np.testing.assert_allclose(coordinates, local, atol=1e-9)
    assert locate(blob, np.array([[500.0, 0, 0]]))[0][0] == -1
