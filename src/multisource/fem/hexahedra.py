"""Geometry-adapted hexahedra from a label volume."""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError
from multisource.fem.mesh import HEX_CORNERS, Mesh

# Least volume of the parallelepiped at an element's corner, in voxels. The Jacobian of a shifted
# voxel is I + s M with entries of M in [-1, 1], and its determinant at least 1 - 3 s.
SMALLEST = 0.1


def hexahedral_mesh(labels: np.ndarray, affine: np.ndarray, *, shift: float = 0.33) -> Mesh:
    """Return one hexahedron per voxel, with nodes shifted to smooth the tissue boundaries.

    Parameters
    ----------
    labels : ndarray of shape (i, j, k)
        Tissue labels; 0 is air and left out.
    affine : ndarray of shape (4, 4)
        From the voxel index (of the centre) to surface RAS mm.
    shift : float, optional
        In [0, 0.5): each node at a boundary moves by this share of the way to the centroid of the
        minority tissue around it; 0 keeps the staircase. Below 1/3 no element can fold; beyond,
        the nodes of elements that would are held back.

    Returns
    -------
    Mesh
        The hexahedra, right-handed, with their lattice.

    Raises
    ------
    UserError
        If the labels are not a volume or hold no tissue, or the shift is out of bounds.

    References
    ----------
    Camacho et al., Med. Biol. Eng. Comput. 35, 1997; Wolters et al., IEEE TBME 54, 2007.
    """
    labels = np.asarray(labels)
    if labels.ndim != 3:
        raise UserError(f"label volume has {labels.ndim} dimensions: a mesh needs 3")
    if not 0 <= shift < 0.5:
        raise UserError(f"node shift {shift}: must be in [0, 0.5), 0.33 is usual")
    if not np.any(labels):
        raise UserError("label volume holds only air (0): check the segmentation")
    affine = np.asarray(affine, float)
    if np.linalg.det(affine[:3, :3]) < 0:
        # Mirror the first axis: the elements need right-handed corners.
        mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
        mirror[0, 3] = labels.shape[0] - 1
        labels, affine = labels[::-1], affine @ mirror

    box = [np.flatnonzero(labels.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    start = np.array([line[0] for line in box])
    stop = np.array([line[-1] + 1 for line in box])
    cropped = labels[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]

    # Slabs of the slowest axis are the units of the parallel smoother; z varies slowest.
    volume = np.ascontiguousarray(cropped.T).astype(np.uint8)
    grid = tuple(np.array(volume.shape) + 1)
    voxels = np.argwhere(volume)[:, ::-1]
    strides = np.array([1, grid[2], grid[2] * grid[1]])
    corner_ids = voxels @ strides
    corner_steps = HEX_CORNERS.astype(np.int64) @ strides
    used = np.zeros(int(np.prod(grid)), bool)
    for step in corner_steps:
        used[corner_ids + step] = True
    number = np.full(len(used), -1, np.int32)
    number[used] = np.arange(int(used.sum()), dtype=np.int32)
    elements = np.empty((len(voxels), 8), np.int32)
    for corner, step in enumerate(corner_steps):
        elements[:, corner] = number[corner_ids + step]

    ids = np.flatnonzero(used)
    lattice = np.stack(np.unravel_index(ids, grid)[::-1], axis=1).astype(np.int32)
    offset = np.zeros(lattice.shape)
    if shift > 0:
        offset = _without_folds(shift * _to_minority(volume, lattice), lattice, elements)
    nodes = (lattice + offset + start - 0.5) @ affine[:3, :3].T + affine[:3, 3]
    tissue = volume[tuple(voxels[:, ::-1].T)]
    return Mesh(nodes, elements, tissue, lattice)


def _to_minority(volume: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    """Way (n, 3) in voxels, components in [-1/2, 1/2], from each node to its minority's centroid.

    Of the eight voxels at a node, those outside the most frequent tissue are the minority; where
    no tissue has more than half of them the boundary is as good as flat and the node stays.
    """
    padded = np.pad(volume, 1)
    x, y, z = lattice.T
    around = np.empty((len(lattice), 8), np.uint8)
    for corner, (i, j, k) in enumerate(HEX_CORNERS.astype(int)):
        around[:, corner] = padded[z + k, y + j, x + i]
    mixed = np.flatnonzero((around != around[:, :1]).any(axis=1))
    around = around[mixed]
    same = (around[:, :, None] == around[:, None, :]).sum(axis=2)
    majority = around[np.arange(len(mixed)), same.argmax(axis=1)]
    minority = around != majority[:, None]
    count = minority.sum(axis=1)
    way = np.zeros((len(lattice), 3))
    moving = count < 4
    way[mixed[moving]] = (minority[moving] @ (HEX_CORNERS - 0.5)) / count[moving, None]
    return way


def _without_folds(offset: np.ndarray, lattice: np.ndarray, elements: np.ndarray) -> np.ndarray:
    """Halve the shifts (n, 3), in voxels, of elements with a corner volume under ``SMALLEST``."""
    moved = np.flatnonzero(np.any(offset != 0, axis=1)[elements].any(axis=1))
    for _ in range(8):
        corners = (lattice + offset)[elements[moved]]
        smallest = np.full(len(moved), np.inf)
        for corner in range(8):
            edges = [corners[:, corner ^ bit] - corners[:, corner] for bit in (1, 2, 4)]
            sign = (-1) ** (corner & 1) * (-1) ** (corner >> 1 & 1) * (-1) ** (corner >> 2)
            volume = sign * np.einsum("ei,ei->e", edges[0], np.cross(edges[1], edges[2]))
            np.minimum(smallest, volume, out=smallest)
        bad = moved[smallest < SMALLEST]
        if not len(bad):
            return offset
        touched = np.zeros(len(offset), bool)
        touched[elements[bad]] = True
        offset[touched] /= 2
        moved = np.flatnonzero(touched[elements].any(axis=1))
    offset[np.unique(elements[bad])] = 0.0
    return offset
