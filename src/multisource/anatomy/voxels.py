"""Tissue label volumes: filling closed surfaces, clearing islands, sealing the skull."""

from __future__ import annotations

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used

from multisource.anatomy.head import (
    AIR,
    CSF,
    GREY_MATTER,
    SCALP,
    SKULL,
    SMALLEST_ISLAND_MM3,
    WHITE_MATTER,
)


def grid_around(
    vertices: np.ndarray, voxel_mm: float, margin: int = 2
) -> tuple[tuple[int, int, int], np.ndarray]:
    """Lay an axis-aligned grid of cubes around points.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        Points that the grid holds, mm.
    voxel_mm : float
        Edge of a cube, mm.
    margin : int
        Empty voxels on each side.

    Returns
    -------
    shape : tuple of three int
        Number of voxels along each axis.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.
    """
    low = np.floor(vertices.min(axis=0) / voxel_mm).astype(int) - margin
    high = np.ceil(vertices.max(axis=0) / voxel_mm).astype(int) + margin
    affine = np.diag([voxel_mm] * 3 + [1.0])
    affine[:3, 3] = low * voxel_mm
    x, y, z = (int(n) for n in high - low + 1)
    return (x, y, z), affine


def fill(
    vertices: np.ndarray, triangles: np.ndarray, shape: tuple[int, int, int], affine: np.ndarray
) -> np.ndarray:
    """Find the voxels whose centre lies inside a closed surface.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        Positions, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.
    shape : tuple of three int
        Number of voxels along each axis.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm; axis-aligned (diagonal).

    Returns
    -------
    ndarray of bool, shape ``shape``
        Whether each voxel is inside.

    Notes
    -----
    Parity of crossings along each column; exact, with no sampling of the surface.
    """
    # Positions in voxel units. The tiny shift keeps columns of voxel centres off vertices and
    # edges, where a crossing would count twice or never.
    points = (vertices - affine[:3, 3]) / np.diag(affine)[:3]
    points = points + np.array([6.180339e-6, 7.548776e-6, 0.0])
    corners = points[triangles]
    low = np.ceil(corners[:, :, :2].min(axis=1)).astype(int)
    high = np.floor(corners[:, :, :2].max(axis=1)).astype(int)
    extent = np.maximum(high - low + 1, 0)
    pairs = extent.prod(axis=1)
    owner = np.repeat(np.arange(len(triangles)), pairs)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    column = low[owner] + np.stack([step // extent[owner, 1], step % extent[owner, 1]], axis=1)

    a, b, c = np.moveaxis(corners[owner], 1, 0)
    ab, ac = b - a, c - a
    offset = column - a[:, :2]
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    safe = np.where(area != 0, area, 1.0)
    v = (offset[:, 0] * ac[:, 1] - offset[:, 1] * ac[:, 0]) / safe
    w = (ab[:, 0] * offset[:, 1] - ab[:, 1] * offset[:, 0]) / safe
    hit = (area != 0) & (v >= 0) & (w >= 0) & (v + w <= 1)
    height = np.ceil((a[:, 2] + v * ab[:, 2] + w * ac[:, 2])[hit]).astype(int)
    x, y = column[hit].T
    valid = (x >= 0) & (x < shape[0]) & (y >= 0) & (y < shape[1]) & (height < shape[2])
    flips = np.zeros(shape, dtype=np.int32)
    np.add.at(flips, (x[valid], y[valid], np.maximum(height[valid], 0)), 1)
    return np.cumsum(flips, axis=2) % 2 == 1


def clear_islands(
    tissues: np.ndarray, voxel_volume: float, smallest_mm3: float = SMALLEST_ISLAND_MM3
) -> np.ndarray:
    """Give voxels of small bits to the nearest tissue that stays.

    Bits are connected through faces, as finite elements are. The largest bit of each label
    always stays. Repeats until none is left, since a filled bit may cut or join others.

    Parameters
    ----------
    tissues : ndarray of shape (i, j, k)
        Tissue labels.
    voxel_volume : float
        Volume of a voxel, mm3.
    smallest_mm3 : float
        Bits below this volume are small, mm3.

    Returns
    -------
    ndarray of shape (i, j, k)
        Tissue labels without small bits.
    """
    tissues = tissues.copy()
    for _ in range(20):
        floating = np.zeros(tissues.shape, dtype=bool)
        for label in np.unique(tissues):
            parts, _ = scipy.ndimage.label(tissues == label)
            sizes = np.bincount(parts.ravel()) * voxel_volume
            sizes[0] = np.inf
            small = sizes < min(smallest_mm3, sizes[1:].max())
            floating |= small[parts]
        if not floating.any():
            return tissues
        nearest = scipy.ndimage.distance_transform_edt(
            floating, return_distances=False, return_indices=True
        )
        tissues[floating] = tissues[tuple(axis[floating] for axis in nearest)]
    return tissues


def seal_skull(tissues: np.ndarray) -> np.ndarray:
    """Put skull between brain and scalp, and scalp between skull and air, wherever they touch.

    Coarse voxels cannot hold thin bone: a voxel of scalp or air next to (26 neighbours) brain or
    CSF becomes skull, then a voxel of air next to skull becomes scalp.

    Parameters
    ----------
    tissues : ndarray of shape (i, j, k)
        Tissue labels.

    Returns
    -------
    ndarray of shape (i, j, k)
        Tissue labels with a closed skull.
    """
    tissues = tissues.copy()
    brain = (tissues >= WHITE_MATTER) & (tissues <= CSF)
    outside = (tissues == AIR) | (tissues == SCALP)
    tissues[outside & scipy.ndimage.binary_dilation(brain, np.ones((3, 3, 3)))] = SKULL
    bone = tissues == SKULL
    tissues[(tissues == AIR) & scipy.ndimage.binary_dilation(bone, np.ones((3, 3, 3)))] = SCALP
    return tissues


def label_nested(
    scalp: np.ndarray,
    outer_skull: np.ndarray,
    inner_skull: np.ndarray,
    grey: np.ndarray,
    white: np.ndarray,
) -> np.ndarray:
    """Label voxels from masks painted from outside to inside.

    Parameters
    ----------
    scalp, outer_skull, inner_skull : ndarray of bool, shape (i, j, k)
        What is inside each shell.
    grey, white : ndarray of bool, shape (i, j, k)
        Grey and white matter; kept within the inner skull.

    Returns
    -------
    ndarray of uint8, shape (i, j, k)
        Tissue labels.
    """
    tissues = np.zeros(scalp.shape, dtype=np.uint8)
    tissues[scalp] = SCALP
    tissues[outer_skull] = SKULL
    tissues[inner_skull] = CSF
    tissues[grey & inner_skull] = GREY_MATTER
    tissues[white & inner_skull] = WHITE_MATTER
    return tissues
