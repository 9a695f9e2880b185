"""Spheres of nearly equal triangles: subdivided icosphere."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from multisource.geometry.surfaces import Surface

FINEST = 7


@lru_cache(maxsize=FINEST + 1)
def icosphere(level: int) -> Surface:
    """Return the icosahedron subdivided ``level`` times, in FreeSurfer's order of vertices.

    The coordinates are those of MNE's file, FreeSurfer's: within 1e-4 of the unit sphere.

    Parameters
    ----------
    level : int
        0 to 7.

    Returns
    -------
    vertices : ndarray of shape (10 * 4**level + 2, 3)
        On the unit sphere, within 1e-4.
    triangles : ndarray of int, shape (20 * 4**level, 3)
        Corners of each triangle.
    """
    import mne

    path = Path(mne.__file__).parent / "data" / "icos.fif.gz"
    surface = mne.read_bem_surfaces(path, s_id=9000 + level, verbose="error")
    return surface["rr"], surface["tris"].astype(np.int64)


@lru_cache(maxsize=FINEST + 1)
def even_directions(level: int = 5) -> Surface:
    """Return ``icosphere``, its vertices put on the unit sphere to the last digit.

    Parameters
    ----------
    level : int, default 5
        0 to 7.

    Returns
    -------
    vertices : ndarray of shape (10 * 4**level + 2, 3)
        Unit vectors.
    triangles : ndarray of int, shape (20 * 4**level, 3)
        Corners of each triangle.
    """
    vertices, triangles = icosphere(level)
    return vertices / np.linalg.norm(vertices, axis=1, keepdims=True), triangles


def geodesic_sphere(frequency: int) -> tuple[np.ndarray, np.ndarray]:
    """Build the icosahedron with each edge split into ``frequency`` parts, pushed out.

    Parameters
    ----------
    frequency : int
        Parts f of an edge: neighbours are about 1.2 / f apart.

    Returns
    -------
    vertices : ndarray of shape (10 f^2 + 2, 3)
        On the unit sphere.
    triangles : ndarray of int, shape (20 f^2, 3)
        Corners of each triangle, facing outwards.
    """
    golden = (1 + 5**0.5) / 2
    rectangle = [(0, a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    corners = np.array([np.roll(corner, turn) for turn in range(3) for corner in rectangle], float)
    gap = np.linalg.norm(corners[:, None] - corners[None], axis=2)
    linked = (gap > 0.1) & (gap < 2.1)
    faces = [
        (a, b, c)
        for a in range(12)
        for b in range(a + 1, 12)
        for c in range(b + 1, 12)
        if linked[a, b] and linked[b, c] and linked[a, c]
    ]
    steps = [(i, j) for i in range(frequency + 1) for j in range(frequency + 1 - i)]
    place = {step: number for number, step in enumerate(steps)}
    small = []
    for i, j in steps:
        if i + j < frequency:
            small.append((place[i, j], place[i + 1, j], place[i, j + 1]))
        if i + j < frequency - 1:
            small.append((place[i + 1, j], place[i + 1, j + 1], place[i, j + 1]))
    shares = np.array([(frequency - i - j, i, j) for i, j in steps]) / frequency
    points = np.concatenate([shares @ corners[list(face)] for face in faces])
    triangles = np.concatenate([np.array(small) + k * len(steps) for k in range(len(faces))])
    # Points on an icosahedron's edge belong to two of its faces.
    _, first, inverse = np.unique(
        np.round(points, 9), axis=0, return_index=True, return_inverse=True
    )
    points, triangles = points[first], inverse.ravel()[triangles]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    inward = np.einsum("ti,ti->t", np.cross(b - a, c - a), a) < 0
    triangles[inward] = triangles[inward][:, [0, 2, 1]]
    return points, triangles
