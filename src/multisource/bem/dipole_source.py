"""Closed-form source terms of current dipoles on a triangulated surface.

The symmetric boundary element method needs the potential and the flux that a dipole in an
infinite medium causes on the inner skull, integrated over the triangles. OpenMEEG integrates
them numerically, one orientation at a time; the integrals here are exact and give the three
orientations at once, which makes the free-orientation leadfield cheap.

With R = r - r0, u = 1/|R|, and a flat triangle of unit normal n, height h = n.R, solid angle W,
edges with outward in-plane normals m, L the integral of u along an edge, and hat function f of
one corner (f is 1 there and 0 at the other two):

* integral of R/|R|^3 = n W - sum over edges of m L. (R/|R|^3 = -grad u; the in-plane part by
  the divergence theorem.)
* integral of f d/dn (R/|R|^3) = sum over edges of (h m - (m.R) n) times the integral of
  f/|R|^3 along the edge, - W grad f - n (grad f . sum of m L). (The in-plane part by parts; the
  normal part from u being harmonic: its second normal derivative is minus its surface
  Laplacian.)

Symmetric BEM: Kybic et al., IEEE Trans Med Imaging 24 (2005) 12-28. Solid angle: van Oosterom
and Strackee, IEEE Trans Biomed Eng 30 (1983) 125-126.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from multisource.compiled import njit


class SourceTerms(NamedTuple):
    """Integrals for ``n`` points, ``v`` vertices and ``t`` triangles, last axis x, y, z.

    Attributes
    ----------
    flux : ndarray of shape (n, v, 3)
        Hat-weighted integral of d/dn (R/|R|^3), 1/length.
    potential : ndarray of shape (n, t, 3)
        Integral of R/|R|^3, no unit.
    """

    flux: np.ndarray
    potential: np.ndarray


def source_terms(points: np.ndarray, vertices: np.ndarray, triangles: np.ndarray) -> SourceTerms:
    """Integrate the dipole potential R/|R|^3 and its normal derivative, in closed form.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Dipoles, off the surface.
    vertices : ndarray of shape (v, 3)
        Vertices of the surface, in the length unit of ``points``.
    triangles : ndarray of shape (t, 3)
        Triangles; normals by the right-hand rule.

    Returns
    -------
    SourceTerms
        The integrals. Multiply by a moment and 1/(4 pi) for physical quantities.
    """
    points = np.ascontiguousarray(points, float)
    flux = np.zeros((len(points), len(vertices), 3))
    potential = np.zeros((len(points), len(triangles), 3))
    corners = np.asarray(vertices, float)[triangles]
    edges = np.roll(corners, -1, axis=1) - corners
    size = np.linalg.norm(edges, axis=2)
    normals = np.cross(edges[:, 0], edges[:, 1])
    double_area = np.linalg.norm(normals, axis=1)
    normals /= double_area[:, None]
    along = edges / size[:, :, None]
    outward = np.cross(along, normals[:, None, :])
    # The hat function of the corner opposite an edge has the gradient -slope * outward.
    slope = size / double_area[:, None]
    _fill(
        points,
        corners,
        np.ascontiguousarray(triangles, np.int64),
        normals,
        along,
        outward,
        size,
        slope,
        flux,
        potential,
    )
    return SourceTerms(flux, potential)


@njit(cache=True, inline="always")
def _inverse_cube(s1: float, s2: float, d1: float, d2: float) -> float:
    """Integral of 1/|R|^3 on a line from abscissa s1 to s2, with distances d1 and d2 to its ends.

    The textbook form cancels where the point lies on the prolonged edge; there the second form
    is exact.
    """
    if s1 * s2 <= 0.0:
        return (s2 / d2 - s1 / d1) / (d1 * d1 - s1 * s1)
    return (s2 * s2 - s1 * s1) / (d1 * d2 * (s2 * d1 + s1 * d2))


@njit(cache=True, nogil=True)
def _fill(
    points: np.ndarray,
    corners: np.ndarray,
    triangles: np.ndarray,
    normals: np.ndarray,
    along: np.ndarray,
    outward: np.ndarray,
    size: np.ndarray,
    slope: np.ndarray,
    flux: np.ndarray,
    potential: np.ndarray,
) -> None:
    """Write the integrals of every point and triangle to ``flux`` and ``potential``."""
    r = np.empty((3, 3))
    distance = np.empty(3)
    line = np.empty(3)  # sum over edges of m L
    for p in range(points.shape[0]):
        for t in range(triangles.shape[0]):
            n = normals[t]
            for i in range(3):
                for k in range(3):
                    r[i, k] = corners[t, i, k] - points[p, k]
                distance[i] = np.sqrt(r[i, 0] ** 2 + r[i, 1] ** 2 + r[i, 2] ** 2)
            height = n[0] * r[0, 0] + n[1] * r[0, 1] + n[2] * r[0, 2]
            a, b, c = r[0], r[1], r[2]
            triple = (
                a[0] * (b[1] * c[2] - b[2] * c[1])
                + a[1] * (b[2] * c[0] - b[0] * c[2])
                + a[2] * (b[0] * c[1] - b[1] * c[0])
            )
            ab = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
            bc = b[0] * c[0] + b[1] * c[1] + b[2] * c[2]
            ca = c[0] * a[0] + c[1] * a[1] + c[2] * a[2]
            angle = 2.0 * np.arctan2(
                triple,
                distance[0] * distance[1] * distance[2]
                + ab * distance[2]
                + bc * distance[0]
                + ca * distance[1],
            )

            line[:] = 0.0
            for e in range(3):
                f = (e + 1) % 3
                m = outward[t, e]
                s1 = r[e, 0] * along[t, e, 0] + r[e, 1] * along[t, e, 1] + r[e, 2] * along[t, e, 2]
                s2 = s1 + size[t, e]
                d1, d2 = distance[e], distance[f]
                inverse = np.log((d1 + d2 + size[t, e]) / (d1 + d2 - size[t, e]))
                cube = _inverse_cube(s1, s2, d1, d2)
                first = 1.0 / d1 - 1.0 / d2  # integral of s / |R|^3
                hat_e = (s2 * cube - first) / size[t, e]
                hat_f = (first - s1 * cube) / size[t, e]
                offset = m[0] * r[e, 0] + m[1] * r[e, 1] + m[2] * r[e, 2]
                for k in range(3):
                    line[k] += m[k] * inverse
                    direction = height * m[k] - offset * n[k]
                    flux[p, triangles[t, e], k] += direction * hat_e
                    flux[p, triangles[t, f], k] += direction * hat_f
            for e in range(3):
                m = outward[t, e]
                opposite = triangles[t, (e + 2) % 3]
                share = m[0] * line[0] + m[1] * line[1] + m[2] * line[2]
                for k in range(3):
                    flux[p, opposite, k] += slope[t, e] * (m[k] * angle + share * n[k])
            for k in range(3):
                potential[p, t, k] = n[k] * angle - line[k]
