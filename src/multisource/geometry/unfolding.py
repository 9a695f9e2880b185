"""Folds of a surface: smoothed away, and measured."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.geometry.neighbours import adjacency, smooth
from multisource.geometry.surfaces import edge_lengths, vertex_normals


def smooth_surface(points: np.ndarray, triangles: np.ndarray, length_mm: float) -> np.ndarray:
    """Smooth a surface (Laplacian), and put it back to the extent of the input.

    Half a step towards the mean of the neighbours spreads by edge / 2 along each direction of the
    surface, and variances add; so a fine and a coarse mesh of one brain come out alike.

    Parameters
    ----------
    points : ndarray of shape (V, 3)
        mm.
    triangles : ndarray of shape (T, 3)
        Vertex indices.
    length_mm : float
        Standard deviation of the Gaussian that the smoothing amounts to; 0 leaves the points.

    Returns
    -------
    ndarray of shape (V, 3)
        Moved points, mm.
    """
    if length_mm <= 0:
        return points
    edge_mm = float(edge_lengths(points, triangles).mean())
    steps = max(1, round((length_mm / edge_mm) ** 2 * 4))
    moved = smooth(points, triangles, steps)
    low, high = points.min(axis=0), points.max(axis=0)
    new_low, new_high = moved.min(axis=0), moved.max(axis=0)
    return (moved - new_low) * (high - low) / (new_high - new_low) + low


def mean_curvature(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Measure how a surface bends, as FreeSurfer signs it.

    Parameters
    ----------
    points : ndarray of shape (V, 3)
        mm.
    triangles : ndarray of shape (T, 3)
        Vertex indices, counter-clockwise from outside.

    Returns
    -------
    ndarray of shape (V,)
        Mean curvature, 1/mm: negative on gyri (a ball of radius R has -1/R), positive in sulci.
    """
    graph = adjacency(triangles, len(points))
    mean = sparse.diags_array(1 / graph.sum(axis=1)) @ graph
    # Of neighbours at distance d on a ball of radius R the mean lies d^2 / 2R below the tangent.
    below = np.einsum("ij,ij->i", mean @ points - points, vertex_normals(points, triangles))
    squared = mean @ np.sum(points**2, axis=1) - 2 * np.sum(points * (mean @ points), axis=1)
    squared += np.sum(points**2, axis=1)
    return 2 * below / squared
