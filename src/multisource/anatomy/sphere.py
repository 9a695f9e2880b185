"""A sphere for any closed surface of genus zero, on which equal areas stay equal.

Subdivided octahedra on such a sphere pick vertices that are spread evenly over the surface, as long
as every place of the surface has its own on the sphere.
"""

from __future__ import annotations

import numpy as np

from multisource.geometry.spherical_map import spherical_map
from multisource.geometry.surfaces import euler_number, is_closed, triangle_areas

RADIUS_MM = 100.0  # FreeSurfer's
COLLAPSED = 1e-3  # of its fair share of the sphere: a triangle with less has no dipole


def equal_area_sphere(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Map a closed surface of genus zero to a sphere, equal areas staying equal.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        Positions on the surface, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.

    Returns
    -------
    ndarray of shape (n, 3)
        Vertices on a sphere of 100 mm radius, mm.

    Raises
    ------
    ValueError
        When the surface is not a topological sphere.
    """
    if not is_closed(triangles) or euler_number(triangles) != 2:
        raise ValueError("surface is not a topological sphere")
    return RADIUS_MM * spherical_map(vertices, triangles)


def folded(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Find the triangles of a spherical map that are turned inwards.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Vertices on a sphere about the origin.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.

    Returns
    -------
    ndarray of bool, shape (m,)
        Whether each triangle is turned inwards.
    """
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)) <= 0


def unmapped(
    points: np.ndarray, vertices: np.ndarray, triangles: np.ndarray, stretch: float | None = None
) -> np.ndarray:
    """Find the triangles that a spherical map turns inwards or collapses.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Vertices on a sphere about the origin.
    vertices : ndarray of shape (n, 3)
        The same on the surface, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.
    stretch : float, optional
        Area of the whole surface over that of its map, of which these triangles are a part; by
        default they are the whole.

    Returns
    -------
    ndarray of bool, shape (m,)
        Whether each triangle is folded, or has less than ``COLLAPSED`` of its share of the sphere.
    """
    area, share = triangle_areas(vertices, triangles), triangle_areas(points, triangles)
    if stretch is None:
        stretch = area.sum() / share.sum()
    return folded(points, triangles) | (share * stretch < COLLAPSED * area)
