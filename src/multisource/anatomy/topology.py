"""Masks of the topology of a ball, and their surfaces.

A segmented hemisphere has handles (touching banks of a sulcus) and tunnels (holes in thin white
matter), so that its surface is no sphere. Growing it again from its deepest voxel, adding only
simple points (whose addition changes no topology; Bertrand and Malandain, Pattern Recognition
Letters 15, 1994), and deep voxels first, leaves a cut of one voxel where a handle is thinnest
(cf. Kriegeskorte and Goebel, NeuroImage 14, 2001).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from multisource.compiled import njit
from multisource.geometry.masks import largest_part
from multisource.geometry.surfaces import Surface

# Connectivity: the object through faces (6), what is around it through corners too (26).
_OFFSETS = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)])
_STEPS = np.abs(_OFFSETS[:, None] - _OFFSETS[None])
_SIZE = np.abs(_OFFSETS).sum(axis=1)


def _neighbour_bits(adjacent: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    table = adjacent & allowed[:, None] & allowed[None] & ~np.eye(27, dtype=bool)
    return (table.astype(np.int64) << np.arange(27)).sum(axis=1)


_FACE_BITS = int((np.int64(1) << np.flatnonzero(_SIZE == 1)).sum())
_NEAR_BITS = int((np.int64(1) << np.flatnonzero((_SIZE >= 1) & (_SIZE <= 2))).sum())
_AROUND_BITS = int((np.int64(1) << np.flatnonzero(_SIZE >= 1)).sum())
_BY_FACE = _neighbour_bits(_STEPS.sum(axis=2) == 1, (_SIZE >= 1) & (_SIZE <= 2))
_BY_CORNER = _neighbour_bits(_STEPS.max(axis=2) == 1, _SIZE >= 1)


def ball_topology(mask: np.ndarray) -> np.ndarray:
    """Grow the largest part of a mask with the topology of a solid ball.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k)
        The mask.

    Returns
    -------
    ndarray of bool, shape (i, j, k)
        A part of the mask, connected through faces, with neither handle nor cavity.

    Raises
    ------
    ValueError
        When the mask is empty.
    """
    if not mask.any():
        raise ValueError("mask is empty")
    inside = np.pad(ndimage.binary_fill_holes(largest_part(mask)), 1)
    depth = ndimage.distance_transform_edt(inside)
    grown = np.zeros(inside.shape, dtype=np.uint8)
    _grow(inside.ravel(), depth.ravel(), grown.ravel(), np.array(inside.strides))
    return grown[1:-1, 1:-1, 1:-1].astype(bool)


@njit(cache=True)
def _component(seed: int, members: int, table: np.ndarray) -> int:
    """Bits of ``members`` connected to the bit ``seed``."""
    reached = seed
    frontier = seed
    while frontier:
        spread = 0
        for bit in range(27):
            if frontier >> bit & 1:
                spread |= table[bit]
        frontier = spread & members & ~reached
        reached |= frontier
    return reached


@njit(cache=True)
def _is_simple(inside: int, by_face: np.ndarray, by_corner: np.ndarray) -> bool:
    """Whether adding the middle of a 3 x 3 x 3 block, given as bits, changes no topology."""
    faces = inside & _FACE_BITS
    if faces == 0:
        return False
    near = inside & _NEAR_BITS
    if faces & ~_component(faces & -faces, near, by_face):
        return False
    around = ~inside & _AROUND_BITS
    return around != 0 and around == _component(around & -around, around, by_corner)


@njit(cache=True)
def _push(keys: np.ndarray, items: np.ndarray, size: int, key: float, item: int) -> int:
    at = size
    while at > 0 and keys[(at - 1) // 2] < key:
        keys[at], items[at] = keys[(at - 1) // 2], items[(at - 1) // 2]
        at = (at - 1) // 2
    keys[at], items[at] = key, item
    return size + 1


@njit(cache=True)
def _pop(keys: np.ndarray, items: np.ndarray, size: int) -> int:
    """Remove the first of a heap, largest key first; the heap is one shorter."""
    size -= 1
    key, item = keys[size], items[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] > keys[child]:
            child += 1
        if keys[child] <= key:
            break
        keys[at], items[at] = keys[child], items[child]
        at = child
    keys[at], items[at] = key, item
    return size


def _grow(inside: np.ndarray, depth: np.ndarray, grown: np.ndarray, strides: np.ndarray) -> None:
    steps = (_OFFSETS * strides).sum(axis=1)
    _grow_compiled(inside, depth, grown, steps, _BY_FACE, _BY_CORNER)


@njit(cache=True)
def _grow_compiled(
    inside: np.ndarray,
    depth: np.ndarray,
    grown: np.ndarray,
    steps: np.ndarray,
    by_face: np.ndarray,
    by_corner: np.ndarray,
) -> None:
    count = 0
    for voxel in range(len(inside)):
        count += inside[voxel]
    # A voxel waits at most once, so the heap never outgrows the mask.
    keys, items = np.empty(count + 1), np.empty(count + 1, np.int64)
    waiting = np.zeros(len(inside), np.uint8)
    seed = np.argmax(depth)
    grown[seed] = 1
    size = 0
    for step in steps:
        if inside[seed + step] and step != 0:
            waiting[seed + step] = 1
            size = _push(keys, items, size, depth[seed + step], seed + step)
    while size > 0:
        voxel = items[0]
        size = _pop(keys, items, size)
        waiting[voxel] = 0
        block = 0
        for bit in range(27):
            if grown[voxel + steps[bit]]:
                block |= 1 << bit
        if not _is_simple(block, by_face, by_corner):
            continue
        grown[voxel] = 1
        for step in steps:
            near = voxel + step
            # Voxels that were not simple before may be now.
            if inside[near] and not grown[near] and not waiting[near]:
                waiting[near] = 1
                size = _push(keys, items, size, depth[near], near)


def mask_surface(mask: np.ndarray, affine: np.ndarray) -> Surface:
    """Turn the boundary faces of a mask's voxels into a closed surface.

    Voxels that meet in an edge or a corner only are kept apart, so that the surface is a manifold
    whose Euler number is that of the mask (object through faces).

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k)
        The mask.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.

    Returns
    -------
    vertices : ndarray of shape (n, 3)
        Positions, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices, turned outwards.
    """
    mask = np.pad(mask, 1)
    sides, owners = [], []
    for axis in range(3):
        across, up = (axis + 1) % 3, (axis + 2) % 3
        for side in (0, 1):
            step = np.zeros(3, dtype=int)
            step[axis] = 1 if side else -1
            voxel = np.argwhere(mask & ~np.roll(mask, -step, axis=(0, 1, 2)))
            corners = np.repeat(voxel[:, None], 4, axis=1)
            corners[:, :, axis] += side
            corners[:, [1, 2], across] += 1
            corners[:, [2, 3], up] += 1
            sides.append(corners if side else corners[:, ::-1])
            owners.append(np.ravel_multi_index(voxel.T, mask.shape))
    quads, owner = np.concatenate(sides), np.concatenate(owners)
    lattice = tuple(np.array(mask.shape) + 1)
    corner = np.ravel_multi_index(np.moveaxis(quads, 2, 0), lattice)

    # Each edge belongs to two faces, or to four where two voxels meet in it: then the two of the
    # same voxel are neighbours.
    start, end = corner, np.roll(corner, -1, axis=1)
    first, second = np.minimum(start, end).ravel(), np.maximum(start, end).ravel()
    order = np.lexsort((np.repeat(owner, 4), second, first)).reshape(-1, 2)
    node = np.arange(corner.size).reshape(corner.shape)
    head, tail = node.ravel(), np.roll(node, -1, axis=1).ravel()
    same = start.ravel()[order[:, 0]] == start.ravel()[order[:, 1]]
    one, two = order.T
    links = [
        (head[one], np.where(same, head[two], tail[two])),
        (tail[one], np.where(same, tail[two], head[two])),
    ]
    rows, columns = (np.concatenate(part) for part in zip(*links, strict=True))
    graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(corner.size,) * 2)
    count, vertex = csgraph.connected_components(graph, directed=False)
    points = np.zeros((count, 3))
    points[vertex] = quads.reshape(-1, 3)
    vertex = vertex.reshape(corner.shape)
    triangles = np.concatenate([vertex[:, [0, 1, 2]], vertex[:, [0, 2, 3]]])
    # Lattice corners lie half a voxel before the centres, and the mask was padded by one.
    points = (points - 1.5) @ affine[:3, :3].T + affine[:3, 3]
    if np.linalg.det(affine[:3, :3]) < 0:
        triangles = triangles[:, ::-1]
    return points, triangles
