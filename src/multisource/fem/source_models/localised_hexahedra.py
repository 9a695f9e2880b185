"""Integrals of localised subtraction over hexahedra and their faces, by Gauss points."""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit


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
def add_volumes(
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
    """Subtract the integrals over hexahedra of patch and transition layer.

    Parameters
    ----------
    stamp : int
        Mark of the patch's nodes.
    position : ndarray of shape (3,)
        The dipole, mm.
    found : ndarray of shape (k,)
        Elements of patch and layer.
    inner : int
        How many are the patch's.
    points : ndarray of shape (n, 3)
        Nodes, mm.
    corners : ndarray of shape (m, 8)
        Elements.
    sigma : ndarray of shape (m,)
        Conductivity of all elements, S/m.
    node_marks : ndarray of shape (n,)
        Marks of all nodes.
    values, slopes, weights : ndarray of shape (q, 8), (q, 8, 3) and (q,)
        Rule of integration.
    nodes : ndarray of shape (p,)
        Nodes of the elements found, in rising order.
    load : ndarray of shape (p, 3)
        Their loads, 1/mm; is changed.
    """
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
def add_boundary(
    position: np.ndarray,
    around: np.ndarray,
    points: np.ndarray,
    corners: np.ndarray,
    faces: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray,
    weights: np.ndarray,
    nodes: np.ndarray,
    load: np.ndarray,
) -> None:
    """Subtract the flux of the dipole's own field through the faces around the patch.

    Parameters
    ----------
    position : ndarray of shape (3,)
        The dipole, mm.
    around : ndarray of shape (b, 2)
        Element and number of each face.
    points : ndarray of shape (n, 3)
        Nodes, mm.
    corners : ndarray of shape (m, 8)
        Elements.
    faces : ndarray of shape (6, 4)
        Corners of an element's faces.
    values, slopes, weights : ndarray of shape (q, 4), (q, 4, 2) and (q,)
        Rule of integration.
    nodes : ndarray of shape (p,)
        Nodes of patch and layer, in rising order.
    load : ndarray of shape (p, 3)
        Their loads, 1/mm; is changed.
    """
    potential, field = np.empty(3), np.empty((3, 3))
    spot, u, v, normal, centre = (
        np.empty(3),
        np.empty(3),
        np.empty(3),
        np.empty(3),
        np.empty(3),
    )
    size = faces.shape[1]
    for rank in range(len(around)):
        e, face = around[rank]
        centre[:] = 0.0
        for i in range(corners.shape[1]):
            for a in range(3):
                centre[a] += points[corners[e, i], a] / corners.shape[1]
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
