"""Integrals of localised subtraction over tetrahedra and their faces, in closed form.

With r the way from the dipole, K = 1 / |r| and functions f that are linear on a triangle of unit
normal n, the integrals over the triangle are sums over its edges and its solid angle Omega, since
K has no sources there: its normal part follows from the plane and its tangential part by Gauss's
theorem,

    int f r K^3 = n (f_0 Omega - h sum (g . nu) L) + g (sum d L - h Omega) - sum nu int_edge f K,

with g the slope of f, f_0 its value at the foot of the dipole on the plane, h the height above it,
nu the outward normal of an edge within the plane, d the distance of its line from the foot and
L = int_edge K. The flux of the dipole's field, a second derivative of K, goes the same way.
Nothing is divided by h or d, so that dipoles may lie as near to a face as they like.
"""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit

# A dipole on an edge is infinite there: its distance counts as this share of the edge at least.
TINY = 1e-14


@njit(cache=True)
def _edges(
    points: np.ndarray,
    normal: np.ndarray,
    outward: np.ndarray,
    lines: np.ndarray,
) -> tuple[float, float, float]:
    """Describe a triangle ``points`` (3, 3), seen from the dipole at the origin.

    Fills its unit ``normal`` (3,), the ``outward`` normals (3, 3) of its edges within its plane,
    edge i from corner i to corner i + 1, and for each edge, in ``lines`` (3, 6): its length, the
    distance d of its line from the foot, where it begins along that line, int 1 / r, int 1 / r^3
    and int s / r^3 with s the way along the line. Returns twice the area, the height of the plane
    along the normal, and the solid angle, of the height's sign.
    """
    twice, height, reach, along = 0.0, 0.0, np.empty(3), np.empty(3)
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        normal[a] = (points[1, b] - points[0, b]) * (points[2, c] - points[0, c])
        normal[a] -= (points[1, c] - points[0, c]) * (points[2, b] - points[0, b])
        twice += normal[a] ** 2
    twice = np.sqrt(twice)
    for a in range(3):
        normal[a] /= twice
        height += normal[a] * points[0, a]
    for i in range(3):
        reach[i] = np.sqrt(points[i, 0] ** 2 + points[i, 1] ** 2 + points[i, 2] ** 2)
    products = 0.0
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        length, start, stop, distance, inner = 0.0, 0.0, 0.0, 0.0, 0.0
        for a in range(3):
            along[a] = points[j, a] - points[i, a]
            length += along[a] ** 2
            inner += points[i, a] * points[j, a]
        length = np.sqrt(length)
        square = 0.0
        for a in range(3):
            b, c = (a + 1) % 3, (a + 2) % 3
            outward[i, a] = (along[b] * normal[c] - along[c] * normal[b]) / length
            distance += outward[i, a] * points[i, a]
            start += points[i, a] * along[a] / length
            stop += points[j, a] * along[a] / length
            square += ((points[i, b] * along[c] - points[i, c] * along[b]) / length) ** 2
        products += inner * reach[k]
        near, far = reach[i], reach[j]
        potential = np.log1p(2 * length / max(near + far - length, TINY * length))
        if start * stop > 0:
            cubed = (stop**2 - start**2) / (near * far * (stop * near + start * far))
        else:
            cubed = (stop / far - start / near) / max(square, (TINY * length) ** 2)
        lines[i, 0], lines[i, 1], lines[i, 2] = length, distance, start
        lines[i, 3], lines[i, 4], lines[i, 5] = potential, cubed, 1 / near - 1 / far
    angle = 2 * np.arctan2(height * twice, reach[0] * reach[1] * reach[2] + products)
    return twice, height, angle


@njit(cache=True)
def potential_integral(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Integrate ``f r / r^3`` over a triangle.

    Parameters
    ----------
    points : ndarray of shape (3, 3)
        Corners, relative to the dipole.
    values : ndarray of shape (3,)
        The linear function f at the corners.

    Returns
    -------
    ndarray of shape (3,)
        The integral: the potential of unit dipoles along x, y, z, times 4 pi sigma.
    """
    normal, outward, lines = np.empty(3), np.empty((3, 3)), np.empty((3, 6))
    twice, height, angle = _edges(points, normal, outward, lines)
    slope, inverse = np.zeros(3), -height * angle
    for i in range(3):
        # The edge is opposite to corner i + 2.
        share = values[(i + 2) % 3] * lines[i, 0] / twice
        inverse += lines[i, 1] * lines[i, 3]
        for a in range(3):
            slope[a] -= share * outward[i, a]
    at_foot = values[0]
    for a in range(3):
        at_foot -= slope[a] * points[0, a]
    upright, total = at_foot * angle, np.empty(3)
    for a in range(3):
        total[a] = slope[a] * inverse
    for i in range(3):
        j = (i + 1) % 3
        length, start = lines[i, 0], lines[i, 2]
        rise = (values[j] - values[i]) / length
        far = np.sqrt(points[j, 0] ** 2 + points[j, 1] ** 2 + points[j, 2] ** 2)
        near = np.sqrt(points[i, 0] ** 2 + points[i, 1] ** 2 + points[i, 2] ** 2)
        weighted = (values[i] - rise * start) * lines[i, 3] + rise * (far - near)
        sideways = 0.0
        for a in range(3):
            sideways += slope[a] * outward[i, a]
            total[a] -= outward[i, a] * weighted
        upright -= height * sideways * lines[i, 3]
    for a in range(3):
        total[a] += upright * normal[a]
    return total


@njit(cache=True)
def flux_integral(points: np.ndarray) -> np.ndarray:
    """Integrate ``phi_i n . grad(r_m / r^3)`` over a triangle.

    Parameters
    ----------
    points : ndarray of shape (3, 3)
        Corners, relative to the dipole; the normal n is that of their order.

    Returns
    -------
    ndarray of shape (3, 3)
        For corner i and a unit dipole along axis m: the flux through the triangle, weighted by the
        linear function that is 1 at the corner and 0 at the others, times 4 pi sigma, negative
        where current leaves along n.
    """
    normal, outward, lines = np.empty(3), np.empty((3, 3)), np.empty((3, 6))
    twice, height, angle = _edges(points, normal, outward, lines)
    total = np.zeros((3, 3))
    for corner in range(3):
        opposite = (corner + 1) % 3
        steep = lines[opposite, 0] / twice
        upright = 0.0
        for i in range(3):
            length, start = lines[i, 0], lines[i, 2]
            first = 1.0 if i == corner else 0.0
            rise = 1 / length if (i + 1) % 3 == corner else -first / length
            weighted = (first - rise * start) * lines[i, 4] + rise * lines[i, 5]
            sideways = 0.0
            for a in range(3):
                sideways -= steep * outward[opposite, a] * outward[i, a]
                total[corner, a] += height * outward[i, a] * weighted
            upright -= lines[i, 1] * weighted + sideways * lines[i, 3]
        for a in range(3):
            total[corner, a] += steep * outward[opposite, a] * angle + upright * normal[a]
    return total


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
    nodes: np.ndarray,
    load: np.ndarray,
) -> None:
    """Subtract the integrals over tetrahedra of patch and transition layer, from their faces.

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
    corners : ndarray of shape (m, 4)
        Elements.
    sigma : ndarray of shape (m,)
        Conductivity of all elements, S/m.
    node_marks : ndarray of shape (n,)
        Marks of all nodes.
    nodes : ndarray of shape (p,)
        Nodes of the elements found, in rising order.
    load : ndarray of shape (p, 3)
        Their loads, 1/mm; is changed.
    """
    around = sigma[found[0]]
    unit = 1 / (4 * np.pi * around)
    normals, chi = np.empty((4, 3)), np.empty(4)
    flux, triangle, weights = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
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
            for i in range(3):
                corner = (face + 1 + i) % 4
                weights[i] = chi[corner]
                for axis in range(3):
                    triangle[i, axis] = points[corners[e, corner], axis] - position[axis]
            a, b, c = triangle
            # Twice the face's area along its outward normal.
            size, double = 0.0, 0.0
            for axis in range(3):
                u, v = (axis + 1) % 3, (axis + 2) % 3
                normals[face, axis] = (b[u] - a[u]) * (c[v] - a[v]) - (b[v] - a[v]) * (c[u] - a[u])
                double += normals[face, axis] ** 2
                size += normals[face, axis] * (
                    a[axis] + position[axis] - points[corners[e, face], axis]
                )
            if size < 0:
                size = -size
                for axis in range(3):
                    normals[face, axis] = -normals[face, axis]
            if weights[0] + weights[1] + weights[2] == 0.0:
                continue
            potential = potential_integral(triangle, weights)
            double = np.sqrt(double)
            for m in range(3):
                for axis in range(3):
                    flux[m, axis] += potential[m] * normals[face, axis] / double
        for i in range(4):
            at = np.searchsorted(nodes, corners[e, i])
            for m in range(3):
                total = 0.0
                for axis in range(3):
                    total += flux[m, axis] * normals[i, axis]
                # The gradient of phi_i is minus the normal opposite over six volumes, ``size``.
                load[at, m] += contrast * unit * total / size


@njit(cache=True)
def add_boundary(
    position: np.ndarray,
    around: np.ndarray,
    points: np.ndarray,
    corners: np.ndarray,
    faces: np.ndarray,
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
    corners : ndarray of shape (m, 4)
        Elements.
    faces : ndarray of shape (4, 3)
        Corners of an element's faces.
    nodes : ndarray of shape (p,)
        Nodes of patch and layer, in rising order.
    load : ndarray of shape (p, 3)
        Their loads, 1/mm; is changed.
    """
    triangle = np.empty((3, 3))
    for rank in range(len(around)):
        element, face = around[rank]
        for i in range(3):
            for axis in range(3):
                triangle[i, axis] = points[corners[element, faces[face, i]], axis] - position[axis]
        flux = flux_integral(triangle)
        # The corner that is not of the face lies inside.
        apex = corners[element, 6 - faces[face, 0] - faces[face, 1] - faces[face, 2]]
        outward = 0.0
        for axis in range(3):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            normal = (triangle[1, u] - triangle[0, u]) * (triangle[2, v] - triangle[0, v])
            normal -= (triangle[1, v] - triangle[0, v]) * (triangle[2, u] - triangle[0, u])
            outward += normal * (triangle[0, axis] + position[axis] - points[apex, axis])
        sign = 1.0 if outward > 0 else -1.0
        for i in range(3):
            at = np.searchsorted(nodes, corners[element, faces[face, i]])
            for m in range(3):
                load[at, m] -= sign * flux[i, m] / (4 * np.pi)
