"""Stiffness matrices of linear elements with piecewise constant conductivity.

``(K)_ij = integral of sigma grad(phi_i) . grad(phi_j)``, in mm S/m, of trilinear (Q1) functions
on hexahedra by 8-point Gauss quadrature, and of linear (P1) functions on tetrahedra exactly.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.anatomy.head import TISSUES
from multisource.compiled import njit
from multisource.errors import UserError
from multisource.fem.mesh import HEX_CORNERS, Mesh


def element_conductivity(mesh: Mesh, conductivity: dict[int, float]) -> np.ndarray:
    """Return the conductivity of each element.

    Parameters
    ----------
    mesh : Mesh
        Mesh with m elements.
    conductivity : dict of int to float
        Conductivity by tissue label, S/m.

    Returns
    -------
    ndarray of shape (m,)
        Conductivities, S/m.

    Raises
    ------
    UserError
        If a tissue of the mesh has no conductivity, or one that is not positive.
    """
    table = np.zeros(256)
    for label in np.unique(mesh.labels):
        value = conductivity.get(int(label))
        name = TISSUES.get(int(label), "tissue")
        if value is None:
            raise UserError(f"conductivity of {name} (label {label}) is missing: give it in S/m")
        if not (np.isfinite(value) and value > 0):
            raise UserError(f"conductivity of {name} is {value}: must be positive, in S/m")
        table[label] = value
    return table[mesh.labels]


def stiffness_matrix(mesh: Mesh, conductivity: dict[int, float]) -> sparse.csr_array:
    """Return the symmetric, singular stiffness matrix, columns sorted.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes in mm.
    conductivity : dict of int to float
        Conductivity by tissue label, S/m.

    Returns
    -------
    scipy.sparse.csr_array of shape (n, n)
        Stiffness matrix, mm S/m.

    Raises
    ------
    UserError
        If a conductivity is missing or an element is turned over.
    """
    sigma = element_conductivity(mesh, conductivity)
    if mesh.is_hexahedral:
        return _hexahedral_stiffness(mesh, sigma)
    return _tetrahedral_stiffness(mesh, sigma)


def _tetrahedral_stiffness(mesh: Mesh, sigma: np.ndarray) -> sparse.csr_array:
    gradients, volumes = tetrahedron_gradients(mesh.nodes, mesh.elements)
    if np.any(volumes <= 0):
        raise UserError(f"mesh has {int(np.sum(volumes <= 0))} flat or inverted tetrahedra")
    local = np.einsum("mik,mjk->mij", gradients, gradients) * (sigma * volumes)[:, None, None]
    rows = np.repeat(mesh.elements, 4, axis=1).ravel()
    columns = np.tile(mesh.elements, (1, 4)).ravel()
    size = len(mesh.nodes)
    matrix = sparse.coo_array((local.ravel(), (rows, columns)), shape=(size, size)).tocsr()
    matrix.sum_duplicates()
    return matrix


def tetrahedron_gradients(nodes: np.ndarray, elements: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the constant gradients of the P1 functions, and the volumes.

    Parameters
    ----------
    nodes : ndarray of shape (n, 3)
        Nodes, mm.
    elements : ndarray of shape (m, 4)
        Tetrahedra.

    Returns
    -------
    gradients : ndarray of shape (m, 4, 3)
        Gradients, 1/mm.
    volumes : ndarray of shape (m,)
        Volumes, mm3; negative where an element is turned over, 0 where it is flat.
    """
    corners = nodes[elements]
    edges = corners[:, 1:] - corners[:, :1]
    determinant = np.linalg.det(edges)
    # A flat element is reported by the caller through its volume.
    safe = np.where(np.abs(determinant) > 0, determinant, 1.0)
    cross = np.stack(
        [
            np.cross(edges[:, 1], edges[:, 2]),
            np.cross(edges[:, 2], edges[:, 0]),
            np.cross(edges[:, 0], edges[:, 1]),
        ],
        axis=1,
    )
    inner = cross / safe[:, None, None]
    gradients = np.concatenate([-inner.sum(axis=1, keepdims=True), inner], axis=1)
    return gradients, determinant / 6


def _hexahedral_stiffness(mesh: Mesh, sigma: np.ndarray) -> sparse.csr_array:
    if mesh.lattice is None:
        raise UserError("mesh has hexahedra without a lattice: make it by hexahedral_mesh")
    values, slopes, weights = gauss_hexahedron(2)
    size = len(mesh.nodes)
    stencil = np.zeros((size, 27))
    turned = _scatter_hexahedra(mesh.nodes, mesh.elements, sigma, slopes, weights, stencil)
    if turned:
        raise UserError(f"mesh has {turned} inverted hexahedra: use a smaller node shift")
    # Neighbours along an edge of undeformed cubes decouple up to rounding: a fifth of the matrix.
    stencil[np.abs(stencil) < 1e-12 * stencil[:, 13].mean()] = 0.0
    shape = mesh.lattice.max(axis=0) + 1
    number = np.full(tuple(shape + 2), -1, np.int32)
    number[tuple(mesh.lattice.T + 1)] = np.arange(len(mesh.nodes), dtype=np.int32)
    pointers = np.zeros(len(mesh.nodes) + 1, np.int64)
    _count_stencil(number, mesh.lattice, stencil, pointers)
    np.cumsum(pointers, out=pointers)
    kind = np.int32 if pointers[-1] < 2**31 else np.int64
    columns = np.empty(pointers[-1], np.int32)
    data = np.empty(pointers[-1])
    _fill_stencil(number, mesh.lattice, stencil, pointers, columns, data)
    matrix = sparse.csr_array((data, columns, pointers.astype(kind)), shape=(size, size))
    matrix.has_sorted_indices = True
    return matrix


def gauss_hexahedron(points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the Q1 functions at the points of the tensor Gauss rule.

    Parameters
    ----------
    points : int
        Points per axis; q = points ** 3.

    Returns
    -------
    values : ndarray of shape (q, 8)
        The functions at the points.
    slopes : ndarray of shape (q, 8, 3)
        Their slopes in reference coordinates.
    weights : ndarray of shape (q,)
        Weights of the rule; they sum to 1.
    """
    line, weight = np.polynomial.legendre.leggauss(points)
    line, weight = (line + 1) / 2, weight / 2
    grid = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    weights = np.einsum("i,j,k->ijk", weight, weight, weight).ravel()
    values, slopes = trilinear(grid)
    return values, slopes, weights


def trilinear(local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the Q1 functions and their slopes at points of the reference element.

    Parameters
    ----------
    local : ndarray of shape (q, 3)
        Reference coordinates, 0 to 1 inside.

    Returns
    -------
    values : ndarray of shape (q, 8)
        The functions at the points.
    slopes : ndarray of shape (q, 8, 3)
        Their slopes in reference coordinates.
    """
    factors = np.where(HEX_CORNERS[None] > 0, local[:, None, :], 1 - local[:, None, :])
    signs = 2 * HEX_CORNERS[None] - 1
    values = factors.prod(axis=2)
    slopes = np.stack(
        [
            signs[..., 0] * factors[..., 1] * factors[..., 2],
            signs[..., 1] * factors[..., 0] * factors[..., 2],
            signs[..., 2] * factors[..., 0] * factors[..., 1],
        ],
        axis=-1,
    )
    return values, slopes


@njit(cache=True)
def _scatter_hexahedra(
    nodes: np.ndarray,
    elements: np.ndarray,
    sigma: np.ndarray,
    slopes: np.ndarray,
    weights: np.ndarray,
    stencil: np.ndarray,
) -> int:
    """Add every element matrix to the 27-point rows of its nodes; count turned elements."""
    points = len(weights)
    gradient = np.empty((8, 3))
    local = np.empty((8, 8))
    jacobian = np.empty((3, 3))
    turned = 0
    for e in range(len(elements)):
        corner = elements[e]
        local[:] = 0.0
        for q in range(points):
            for a in range(3):
                for b in range(3):
                    total = 0.0
                    for i in range(8):
                        total += nodes[corner[i], a] * slopes[q, i, b]
                    jacobian[a, b] = total
            c00 = jacobian[1, 1] * jacobian[2, 2] - jacobian[1, 2] * jacobian[2, 1]
            c01 = jacobian[1, 2] * jacobian[2, 0] - jacobian[1, 0] * jacobian[2, 2]
            c02 = jacobian[1, 0] * jacobian[2, 1] - jacobian[1, 1] * jacobian[2, 0]
            c10 = jacobian[0, 2] * jacobian[2, 1] - jacobian[0, 1] * jacobian[2, 2]
            c11 = jacobian[0, 0] * jacobian[2, 2] - jacobian[0, 2] * jacobian[2, 0]
            c12 = jacobian[0, 1] * jacobian[2, 0] - jacobian[0, 0] * jacobian[2, 1]
            c20 = jacobian[0, 1] * jacobian[1, 2] - jacobian[0, 2] * jacobian[1, 1]
            c21 = jacobian[0, 2] * jacobian[1, 0] - jacobian[0, 0] * jacobian[1, 2]
            c22 = jacobian[0, 0] * jacobian[1, 1] - jacobian[0, 1] * jacobian[1, 0]
            volume = jacobian[0, 0] * c00 + jacobian[0, 1] * c01 + jacobian[0, 2] * c02
            if volume <= 0:
                turned += 1
                break
            for i in range(8):
                u, v, w = slopes[q, i, 0], slopes[q, i, 1], slopes[q, i, 2]
                gradient[i, 0] = c00 * u + c01 * v + c02 * w
                gradient[i, 1] = c10 * u + c11 * v + c12 * w
                gradient[i, 2] = c20 * u + c21 * v + c22 * w
            scale = weights[q] / volume
            for i in range(8):
                for j in range(i + 1):
                    local[i, j] += scale * (
                        gradient[i, 0] * gradient[j, 0]
                        + gradient[i, 1] * gradient[j, 1]
                        + gradient[i, 2] * gradient[j, 2]
                    )
        for i in range(8):
            xi, yi, zi = i & 1, (i >> 1) & 1, i >> 2
            for j in range(8):
                place = 13 + (j & 1) - xi + 3 * (((j >> 1) & 1) - yi) + 9 * ((j >> 2) - zi)
                value = local[i, j] if i >= j else local[j, i]
                stencil[corner[i], place] += sigma[e] * value
    return turned


@njit(cache=True)
def _count_stencil(
    number: np.ndarray,
    lattice: np.ndarray,
    stencil: np.ndarray,
    pointers: np.ndarray,
) -> None:
    """Count the entries of every row that are not zero, into ``pointers`` one place further on."""
    for node in range(len(lattice)):
        x, y, z = lattice[node, 0], lattice[node, 1], lattice[node, 2]
        count = 0
        for place in range(27):
            other = number[x + place % 3, y + place // 3 % 3, z + place // 9]
            if other >= 0 and stencil[node, place] != 0.0:
                count += 1
        pointers[node + 1] = count


@njit(cache=True)
def _fill_stencil(
    number: np.ndarray,
    lattice: np.ndarray,
    stencil: np.ndarray,
    pointers: np.ndarray,
    columns: np.ndarray,
    data: np.ndarray,
) -> None:
    """Compress the rows; nodes are numbered x fastest, so stencil order is column order."""
    for node in range(len(lattice)):
        x, y, z = lattice[node, 0], lattice[node, 1], lattice[node, 2]
        at = pointers[node]
        for place in range(27):
            other = number[x + place % 3, y + place // 3 % 3, z + place // 9]
            if other >= 0 and stencil[node, place] != 0.0:
                columns[at] = other
                data[at] = stencil[node, place]
                at += 1
