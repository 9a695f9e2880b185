"""Localised subtraction: the singular part of the potential is known, near the dipole.

Holtershinken et al., SIAM J. Sci. Comput. 47, 2025. With u_inf the potential of the dipole in an
infinite medium of the conductivity at its place, and chi a continuous function that is 1 on a
patch around it and 0 beyond one more layer of elements, the potential is ``chi u_inf + u_c``; the
correction u_c has no singularity and solves the usual problem with the load

    b_i = - int_patch (sigma - sigma_inf) grad u_inf . grad phi_i
          - int_boundary of patch sigma_inf d_n u_inf phi_i
          - int_transition sigma grad(chi u_inf) . grad phi_i .

All electrodes lie where chi = 0, so the leadfield is T b as for every other model. On tetrahedra
grad phi_i is constant, and the divergence theorem turns the volume integrals into
``grad phi_i . int_faces chi u_inf n``: fewer points, and a weaker singularity to integrate.

The further the patch reaches, the smoother u_c, but it must not reach into the skull: where next
to no current flows u_inf is no guess at the potential, and coarse elements cannot correct it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.compiled import njit
from multisource.fem.assembly import gauss_hexahedron
from multisource.fem.contract import Loads
from multisource.fem.mesh import HEX_FACES, TET_FACES, Mesh
from multisource.fem.source_models.quadrature import quadrilateral_rule, triangle_rule

# On the tetrahedra of docs/fem-accuracy.md four rings instead of two lower the errors at 0.8 to
# 0.97 of the sphere's brain radius from 0.13-0.19 to 0.09-0.13 %, six do no better; patches that
# entered the skull were up to 5 % wrong. On hexahedra the staircase decides: two are enough.
TETRAHEDRA_RINGS, HEXAHEDRA_RINGS = 4, 2
# A patch of tetrahedra keeps out of tissues that conduct less than this share of what the
# dipole's own does.
INSULATING = 0.1


def loads(
    mesh: Mesh,
    positions: np.ndarray,
    elements: np.ndarray,
    local: np.ndarray,
    *,
    conductivity: np.ndarray,
) -> Loads:
    """Return the loads of unit dipoles.

    The patch is the dipole's element and rings of elements that share a node with it; on
    tetrahedra without elements that insulate.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes in mm.
    positions : ndarray of shape (N, 3)
        Dipoles, mm.
    elements : ndarray of int, shape (N,)
        Element of each.
    local : ndarray of shape (N, 3)
        Coordinates within the element.
    conductivity : ndarray of shape (m,)
        Conductivity of all elements, S/m.

    Returns
    -------
    Loads
        Loads (3N, n), 1/m, along x, y, z at each position.
    """
    if mesh.is_hexahedral:
        faces, face_rule, volume_rule = HEX_FACES, quadrilateral_rule(), gauss_hexahedron(2)
        rings, share = HEXAHEDRA_RINGS, 0.0
    else:
        faces, face_rule, volume_rule = TET_FACES, triangle_rule(), None
        rings, share = TETRAHEDRA_RINGS, INSULATING
    incidence = mesh.node_elements
    marks = np.zeros(len(mesh.elements), np.int64)
    node_marks = np.zeros(len(mesh.nodes), np.int64)
    values, columns, sizes = [], [], []
    for number, (position, element) in enumerate(zip(positions, elements, strict=True)):
        place, stamp = np.ascontiguousarray(position, float), number + 1
        incident = (incidence.indptr, incidence.indices, marks)
        tissue = (conductivity, share * conductivity[element])
        found, inner = _grow(
            int(element), stamp, rings, mesh.elements, *tissue, *incident, node_marks
        )
        nodes = np.unique(mesh.elements[found])
        load = np.zeros((len(nodes), 3))
        patch = (stamp, place, found, inner, mesh.nodes, mesh.elements)
        if volume_rule is None:
            _add_tetrahedra(*patch, conductivity, node_marks, *face_rule[::2], nodes, load)
        else:
            _add_hexahedra(*patch, conductivity, node_marks, *volume_rule, nodes, load)
        _add_boundary(*patch, *incident, faces, *face_rule, nodes, load)
        # 1/mm to 1/m.
        values.append(load.T.ravel() * 1e3)
        columns.append(np.tile(nodes, 3))
        sizes += [len(nodes)] * 3
    return Loads(
        sparse.csr_array(
            (np.concatenate(values), np.concatenate(columns), np.r_[0, np.cumsum(sizes)]),
            shape=(3 * len(positions), len(mesh.nodes)),
        )
    )


@njit(cache=True)
def _field(
    x: float,
    y: float,
    z: float,
    position: np.ndarray,
    potential: np.ndarray,
    gradient: np.ndarray,
) -> None:
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


@njit(cache=True)
def _grow(
    element: int,
    stamp: int,
    rings: int,
    corners: np.ndarray,
    sigma: np.ndarray,
    least: float,
    pointers: np.ndarray,
    incident: np.ndarray,
    marks: np.ndarray,
    node_marks: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Mark the patch ``stamp`` and its transition layer ``-stamp``; return both, patch first."""
    found = [element]
    marks[element] = stamp
    start = 0
    for _ in range(rings):
        stop = len(found)
        for at in range(start, stop):
            for node in corners[found[at]]:
                if node_marks[node] == stamp:
                    continue
                node_marks[node] = stamp
                for near in range(pointers[node], pointers[node + 1]):
                    other = incident[near]
                    if marks[other] != stamp and sigma[other] >= least:
                        marks[other] = stamp
                        found.append(other)
        start = stop
    inner = len(found)
    # The transition layer: all elements, insulating ones too, at the patch's nodes.
    for at in range(inner):
        for node in corners[found[at]]:
            node_marks[node] = stamp
            for near in range(pointers[node], pointers[node + 1]):
                other = incident[near]
                if marks[other] != stamp and marks[other] != -stamp:
                    marks[other] = -stamp
                    found.append(other)
    return np.array(found), inner


@njit(cache=True)
def _add_tetrahedra(
    stamp: int,
    position: np.ndarray,
    found: np.ndarray,
    inner: int,
    points: np.ndarray,
    corners: np.ndarray,
    sigma: np.ndarray,
    node_marks: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray,
    nodes: np.ndarray,
    load: np.ndarray,
) -> None:
    """Subtract the integrals over tetrahedra of patch and transition layer, from their faces."""
    around = sigma[found[0]]
    unit = 1 / (4 * np.pi * around)
    normals, chi = np.empty((4, 3)), np.empty(4)
    flux, potential = np.empty((3, 3)), np.empty(3)
    for rank in range(len(found)):
        e = found[rank]
        contrast = sigma[e] if rank >= inner else sigma[e] - around
        if contrast == 0.0:
            continue
        for i in range(4):
            chi[i] = 1.0 if rank < inner or node_marks[corners[e, i]] == stamp else 0.0
        flux[:] = 0.0
        size = 0.0
        for face in range(4):
            i, j, k = (face + 1) % 4, (face + 2) % 4, (face + 3) % 4
            a, b, c = points[corners[e, i]], points[corners[e, j]], points[corners[e, k]]
            apex = points[corners[e, face]]
            # Twice the face's area along its outward normal.
            for axis in range(3):
                u, v = (axis + 1) % 3, (axis + 2) % 3
                normals[face, axis] = (b[u] - a[u]) * (c[v] - a[v]) - (b[v] - a[v]) * (c[u] - a[u])
            size = 0.0
            for axis in range(3):
                size += normals[face, axis] * (a[axis] - apex[axis])
            if size < 0:
                size = -size
                for axis in range(3):
                    normals[face, axis] = -normals[face, axis]
            if chi[i] + chi[j] + chi[k] == 0.0:
                continue
            potential[:] = 0.0
            for q in range(len(weights)):
                p, r, s = values[q, 0], values[q, 1], values[q, 2]
                x = p * a[0] + r * b[0] + s * c[0] - position[0]
                y = p * a[1] + r * b[1] + s * c[1] - position[1]
                z = p * a[2] + r * b[2] + s * c[2] - position[2]
                square = x * x + y * y + z * z
                share = weights[q] * (p * chi[i] + r * chi[j] + s * chi[k])
                share /= square * np.sqrt(square)
                potential[0] += share * x
                potential[1] += share * y
                potential[2] += share * z
            for m in range(3):
                for axis in range(3):
                    flux[m, axis] += potential[m] * normals[face, axis]
        for i in range(4):
            at = np.searchsorted(nodes, corners[e, i])
            for m in range(3):
                total = 0.0
                for axis in range(3):
                    total += flux[m, axis] * normals[i, axis]
                # The gradient of phi_i is minus the normal opposite over six volumes, ``size``.
                load[at, m] += contrast * unit * total / size


@njit(cache=True)
def _add_hexahedra(
    stamp: int,
    position: np.ndarray,
    found: np.ndarray,
    inner: int,
    points: np.ndarray,
    corners: np.ndarray,
    sigma: np.ndarray,
    node_marks: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray,
    weights: np.ndarray,
    nodes: np.ndarray,
    load: np.ndarray,
) -> None:
    """Subtract the integrals over hexahedra of patch and transition layer."""
    around = sigma[found[0]]
    potential, field, flux = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    gradient, jacobian = np.empty((8, 3)), np.empty((3, 3))
    place, chi = np.empty(8, np.int64), np.empty(8)
    unit = 1 / (4 * np.pi * around)
    for rank in range(len(found)):
        e = found[rank]
        contrast = sigma[e] if rank >= inner else sigma[e] - around
        if contrast == 0.0:
            continue
        for i in range(8):
            place[i] = np.searchsorted(nodes, corners[e, i])
            chi[i] = 1.0 if rank < inner or node_marks[corners[e, i]] == stamp else 0.0
        for q in range(len(weights)):
            x, y, z, share = 0.0, 0.0, 0.0, 0.0
            for i in range(8):
                x += values[q, i] * points[corners[e, i], 0]
                y += values[q, i] * points[corners[e, i], 1]
                z += values[q, i] * points[corners[e, i], 2]
                share += values[q, i] * chi[i]
            for a in range(3):
                for b in range(3):
                    total = 0.0
                    for i in range(8):
                        total += points[corners[e, i], a] * slopes[q, i, b]
                    jacobian[a, b] = total
            inverse = np.linalg.inv(jacobian)
            scale = weights[q] * abs(np.linalg.det(jacobian)) * contrast * unit
            for i in range(8):
                for a in range(3):
                    gradient[i, a] = (
                        slopes[q, i, 0] * inverse[0, a]
                        + slopes[q, i, 1] * inverse[1, a]
                        + slopes[q, i, 2] * inverse[2, a]
                    )
            _field(x, y, z, position, potential, field)
            for a in range(3):
                # chi is 1 all over the patch: its slope there is rounding at most.
                slope = 0.0
                for i in range(8):
                    slope += chi[i] * gradient[i, a]
                for m in range(3):
                    flux[m, a] = share * field[m, a] + potential[m] * slope
            for i in range(8):
                for m in range(3):
                    load[place[i], m] -= scale * (
                        flux[m, 0] * gradient[i, 0]
                        + flux[m, 1] * gradient[i, 1]
                        + flux[m, 2] * gradient[i, 2]
                    )


@njit(cache=True)
def _add_boundary(
    stamp: int,
    position: np.ndarray,
    found: np.ndarray,
    inner: int,
    points: np.ndarray,
    corners: np.ndarray,
    pointers: np.ndarray,
    incident: np.ndarray,
    marks: np.ndarray,
    faces: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray,
    weights: np.ndarray,
    nodes: np.ndarray,
    load: np.ndarray,
) -> None:
    """Subtract the flux of the dipole's own field through the faces around the patch."""
    potential, field = np.empty(3), np.empty((3, 3))
    spot, u, v, normal, centre = (
        np.empty(3),
        np.empty(3),
        np.empty(3),
        np.empty(3),
        np.empty(3),
    )
    size = faces.shape[1]
    for rank in range(inner):
        e = found[rank]
        centre[:] = 0.0
        for i in range(corners.shape[1]):
            for a in range(3):
                centre[a] += points[corners[e, i], a] / corners.shape[1]
        for face in range(len(faces)):
            if _has_neighbour(e, corners, faces[face], pointers, incident, marks, stamp):
                continue
            for q in range(len(weights)):
                spot[:], u[:], v[:] = 0.0, 0.0, 0.0
                for i in range(size):
                    node = corners[e, faces[face, i]]
                    for a in range(3):
                        spot[a] += values[q, i] * points[node, a]
                        u[a] += slopes[q, i, 0] * points[node, a]
                        v[a] += slopes[q, i, 1] * points[node, a]
                outward = 0.0
                for a in range(3):
                    b, c = (a + 1) % 3, (a + 2) % 3
                    normal[a] = u[b] * v[c] - u[c] * v[b]
                    outward += normal[a] * (spot[a] - centre[a])
                sign = 1.0 if outward > 0 else -1.0
                _field(spot[0], spot[1], spot[2], position, potential, field)
                for m in range(3):
                    flow = 0.0
                    for a in range(3):
                        flow += field[m, a] * normal[a]
                    flow *= sign * weights[q] / (4 * np.pi)
                    for i in range(size):
                        at = np.searchsorted(nodes, corners[e, faces[face, i]])
                        load[at, m] -= flow * values[q, i]


@njit(cache=True)
def _has_neighbour(
    element: int,
    corners: np.ndarray,
    face: np.ndarray,
    pointers: np.ndarray,
    incident: np.ndarray,
    marks: np.ndarray,
    stamp: int,
) -> bool:
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
