"""Localised subtraction: the singular part of the potential is known, near the dipole.

Holtershinken et al., SIAM J. Sci. Comput. 47, 2025. With u_inf the potential of the dipole in an
infinite medium of the conductivity at its place, and chi a continuous function that is 1 on a
patch around it and 0 beyond one more layer of elements, the potential is ``chi u_inf + u_c``; the
correction u_c has no singularity and solves the usual problem with the load

    b_i = - int_patch (sigma - sigma_inf) grad u_inf . grad phi_i
          - int_boundary of patch sigma_inf d_n u_inf phi_i
          - int_transition sigma grad(chi u_inf) . grad phi_i .

All electrodes lie where chi = 0, so the leadfield is T b as for every other model.
"""

from __future__ import annotations

import numba
import numpy as np
from scipy import sparse

from multisource.leadfield.assembly import gauss_hexahedron
from multisource.leadfield.mesh import HEX_FACES, TET_FACES, Mesh

RINGS = 2


def loads(
    mesh: Mesh, positions: np.ndarray, elements: np.ndarray, conductivity: np.ndarray
) -> sparse.csr_array:
    """Return the loads (3N, n) in 1/m of unit dipoles along x, y, z at each position.

    ``positions`` (N, 3) mm lie in ``elements`` (N,); ``conductivity`` (m,) S/m of all elements.
    The patch is the dipole's element and two rings of elements that share a node with it.
    """
    volume_rule = gauss_hexahedron(2) if mesh.is_hexahedral else tetrahedron_rule()
    faces = HEX_FACES if mesh.is_hexahedral else TET_FACES
    face_rule = _quadrilateral_rule() if mesh.is_hexahedral else triangle_rule()
    incidence = mesh.node_elements
    marks = np.zeros(len(mesh.elements), np.int64)
    node_marks = np.zeros(len(mesh.nodes), np.int64)
    values, columns, sizes = [], [], []
    for number, (position, element) in enumerate(zip(positions, elements, strict=True)):
        nodes, load = _load(
            np.ascontiguousarray(position, float),
            int(element),
            number + 1,
            mesh.nodes,
            mesh.elements,
            conductivity,
            incidence.indptr,
            incidence.indices,
            marks,
            node_marks,
            faces,
            *volume_rule,
            *face_rule,
        )
        # 1/mm to 1/m.
        values.append(load.T.ravel() * 1e3)
        columns.append(np.tile(nodes, 3))
        sizes += [len(nodes)] * 3
    return sparse.csr_array(
        (np.concatenate(values), np.concatenate(columns), np.r_[0, np.cumsum(sizes)]),
        shape=(3 * len(positions), len(mesh.nodes)),
    )


def tetrahedron_rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return P1 values (q, 4), slopes (q, 4, 3), weights (q,), exact to degree 5.

    The collapsed product of Gauss and Gauss-Jacobi rules (Stroud 1971), 27 points.
    """
    from scipy.special import roots_jacobi

    lines = []
    for power in range(3):
        x, w = roots_jacobi(3, power, 0)
        lines.append(((x + 1) / 2, w / 2 ** (power + 1)))
    (x, wx), (y, wy), (z, wz) = lines[2], lines[1], lines[0]
    a, b, c = np.meshgrid(x, y, z, indexing="ij")
    local = np.stack([a, b * (1 - a), c * (1 - a) * (1 - b)], axis=-1).reshape(-1, 3)
    weights = np.einsum("i,j,k->ijk", wx, wy, wz).ravel()
    values = np.column_stack([1 - local.sum(axis=1), local])
    slopes = np.broadcast_to(np.vstack([-np.ones(3), np.eye(3)]), (len(local), 4, 3)).copy()
    return values, slopes, weights


def triangle_rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return P1 values (q, 3), slopes (q, 3, 2), weights (q,) of the 9-point product rule."""
    from scipy.special import roots_jacobi

    (x, wx), (y, wy) = (roots_jacobi(3, power, 0) for power in (1, 0))
    x, wx, y, wy = (x + 1) / 2, wx / 4, (y + 1) / 2, wy / 2
    a, b = np.meshgrid(x, y, indexing="ij")
    local = np.stack([a, b * (1 - a)], axis=-1).reshape(-1, 2)
    values = np.column_stack([1 - local.sum(axis=1), local])
    slopes = np.broadcast_to(np.array([[-1.0, -1], [1, 0], [0, 1]]), (len(local), 3, 2)).copy()
    return values, slopes, np.einsum("i,j->ij", wx, wy).ravel()


def _quadrilateral_rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q1 values (q, 4), slopes (q, 4, 2), weights on a face whose corners run around it."""
    line, weight = np.polynomial.legendre.leggauss(3)
    line, weight = (line + 1) / 2, weight / 2
    s, t = (grid.ravel() for grid in np.meshgrid(line, line, indexing="ij"))
    values = np.column_stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t])
    along_s = np.column_stack([t - 1, 1 - t, t, -t])
    along_t = np.column_stack([s - 1, -s, s, 1 - s])
    return values, np.stack([along_s, along_t], axis=-1), np.outer(weight, weight).ravel()


@numba.njit(cache=True)
def _field(x, y, z, position, potential, gradient):
    """Potential (3,) and gradient (3, 3) [moment, axis] of unit dipoles, times 4 pi sigma."""
    dx, dy, dz = x - position[0], y - position[1], z - position[2]
    square = dx * dx + dy * dy + dz * dz
    cube = square * np.sqrt(square)
    offset = (dx, dy, dz)
    for m in range(3):
        potential[m] = offset[m] / cube
        for a in range(3):
            gradient[m, a] = -3 * offset[m] * offset[a] / (cube * square)
        gradient[m, m] += 1 / cube


@numba.njit(cache=True)
def _grow(element, stamp, corners, pointers, incident, marks, node_marks):
    """Mark the patch ``stamp`` and its transition layer ``-stamp``; return both, patch first."""
    found = [element]
    marks[element] = stamp
    start = 0
    inner = 1
    for ring in range(RINGS + 1):
        stop = len(found)
        sign = stamp if ring < RINGS else -stamp
        if ring == RINGS:
            inner = stop
        for at in range(start, stop):
            for node in corners[found[at]]:
                if node_marks[node] == stamp:
                    continue
                node_marks[node] = stamp
                for near in range(pointers[node], pointers[node + 1]):
                    other = incident[near]
                    if marks[other] != stamp and marks[other] != -stamp:
                        marks[other] = sign
                        found.append(other)
        start = stop
    return found, inner


@numba.njit(cache=True)
def _load(
    position,
    element,
    stamp,
    points,
    corners,
    sigma,
    pointers,
    incident,
    marks,
    node_marks,
    faces,
    values,
    slopes,
    weights,
    face_values,
    face_slopes,
    face_weights,
):
    """Return the touched nodes (k,) and the loads (k, 3) of unit dipoles at ``position``."""
    found, inner = _grow(element, stamp, corners, pointers, incident, marks, node_marks)
    nodes = np.unique(corners[np.array(found)].ravel())
    load = np.zeros((len(nodes), 3))
    count = corners.shape[1]
    around = sigma[element]
    potential, field, flux = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    gradient, jacobian = np.empty((count, 3)), np.empty((3, 3))
    place, chi = np.empty(count, np.int64), np.empty(count)
    unit = 1 / (4 * np.pi * around)
    for rank in range(len(found)):
        e = found[rank]
        contrast = sigma[e] if rank >= inner else sigma[e] - around
        if contrast == 0.0:
            continue
        for i in range(count):
            place[i] = np.searchsorted(nodes, corners[e, i])
            chi[i] = 1.0
            if rank >= inner:
                chi[i] = 1.0 if node_marks[corners[e, i]] == stamp else 0.0
        for q in range(len(weights)):
            x, y, z, share = 0.0, 0.0, 0.0, 0.0
            for i in range(count):
                x += values[q, i] * points[corners[e, i], 0]
                y += values[q, i] * points[corners[e, i], 1]
                z += values[q, i] * points[corners[e, i], 2]
                share += values[q, i] * chi[i]
            for a in range(3):
                for b in range(3):
                    total = 0.0
                    for i in range(count):
                        total += points[corners[e, i], a] * slopes[q, i, b]
                    jacobian[a, b] = total
            inverse = np.linalg.inv(jacobian)
            scale = weights[q] * abs(np.linalg.det(jacobian)) * contrast * unit
            for i in range(count):
                for a in range(3):
                    gradient[i, a] = (
                        slopes[q, i, 0] * inverse[0, a]
                        + slopes[q, i, 1] * inverse[1, a]
                        + slopes[q, i, 2] * inverse[2, a]
                    )
            _field(x, y, z, position, potential, field)
            for m in range(3):
                for a in range(3):
                    slope = 0.0
                    for i in range(count):
                        slope += chi[i] * gradient[i, a]
                    if rank < inner:
                        slope = 0.0
                    flux[m, a] = share * field[m, a] + potential[m] * slope
            for i in range(count):
                for m in range(3):
                    load[place[i], m] -= scale * (
                        flux[m, 0] * gradient[i, 0]
                        + flux[m, 1] * gradient[i, 1]
                        + flux[m, 2] * gradient[i, 2]
                    )
    _add_boundary(
        position,
        found,
        inner,
        stamp,
        points,
        corners,
        pointers,
        incident,
        marks,
        faces,
        face_values,
        face_slopes,
        face_weights,
        nodes,
        load,
    )
    return nodes, load


@numba.njit(cache=True)
def _add_boundary(
    position,
    found,
    inner,
    stamp,
    points,
    corners,
    pointers,
    incident,
    marks,
    faces,
    values,
    slopes,
    weights,
    nodes,
    load,
):
    """Subtract the flux of the dipole's own field through the faces around the patch."""
    potential, field = np.empty(3), np.empty((3, 3))
    size = faces.shape[1]
    for rank in range(inner):
        e = found[rank]
        centre = np.zeros(3)
        for i in range(corners.shape[1]):
            centre += points[corners[e, i]] / corners.shape[1]
        for face in range(len(faces)):
            if _has_neighbour(e, corners, faces[face], pointers, incident, marks, stamp):
                continue
            for q in range(len(weights)):
                spot, u, v = np.zeros(3), np.zeros(3), np.zeros(3)
                for i in range(size):
                    point = points[corners[e, faces[face, i]]]
                    spot += values[q, i] * point
                    u += slopes[q, i, 0] * point
                    v += slopes[q, i, 1] * point
                normal = np.cross(u, v)
                if np.dot(normal, spot - centre) < 0:
                    normal = -normal
                _field(spot[0], spot[1], spot[2], position, potential, field)
                for m in range(3):
                    flow = np.dot(field[m], normal) * weights[q] / (4 * np.pi)
                    for i in range(size):
                        at = np.searchsorted(nodes, corners[e, faces[face, i]])
                        load[at, m] -= flow * values[q, i]


@numba.njit(cache=True)
def _has_neighbour(element, corners, face, pointers, incident, marks, stamp):
    """Whether another element of the patch shares the face."""
    node = corners[element, face[0]]
    for near in range(pointers[node], pointers[node + 1]):
        other = incident[near]
        if other == element or marks[other] != stamp:
            continue
        shared = 0
        for i in face:
            for node_of_other in corners[other]:
                if node_of_other == corners[element, i]:
                    shared += 1
        if shared == len(face):
            return True
    return False
