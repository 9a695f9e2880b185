"""Edge collapses that take a closed surface of genus zero to a tetrahedron, and back.

A vertex is taken out by sliding it along an edge onto a neighbour: the triangles of that edge go,
the others of the vertex become the neighbour's. As long as the two share no neighbours but the two
across their edge, the surface stays a sphere; a surface of more than four vertices always has such
an edge (Steinitz). The record of all collapses, read backwards, builds the surface again vertex by
vertex, which is how a map of the tetrahedron grows to one of the surface (Praun and Hoppe, ACM TOG
22, 2003).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multisource.compiled import njit

_ROOM = 32  # neighbours that a vertex may have on the way; cortex has 12 at most, usually 6
_PART = 0.25  # of the vertices that are left, taken out in a round
_EASY = 8  # a vertex of more neighbours leaves others with too many


@dataclass
class Rings:
    """A closed surface of n vertices as the ring of neighbours of each, which collapses change.

    Attributes
    ----------
    ring : ndarray of int, shape (n, k)
        Neighbours of each vertex in counter-clockwise order, seen from outside.
    degree : ndarray of int, shape (n,)
        How many of these are in use; 0 where the vertex is out.
    mass : ndarray of shape (n,)
        Weight of each vertex: a vertex that goes leaves its own to its ring, in equal parts.
    """

    ring: np.ndarray
    degree: np.ndarray
    mass: np.ndarray


@dataclass(frozen=True)
class Collapses:
    """Record of the collapses of a surface of n vertices, in their order.

    Attributes
    ----------
    removed : ndarray of int, shape (n - 4,)
        Vertex that goes.
    start : ndarray of int, shape (n - 3,)
        Where the ring of each begins in ``ring``.
    ring : ndarray of int, shape (r,)
        Ring of each vertex as it goes, counter-clockwise, from the neighbour that it slides onto.
    rounds : list of int
        Where the rounds begin among the collapses: in one, neighbours never go both.
    """

    removed: np.ndarray
    start: np.ndarray
    ring: np.ndarray
    rounds: list[int]


def rings_of(triangles: np.ndarray, mass: np.ndarray) -> Rings:
    """Collect the ring of each vertex of a closed surface.

    Parameters
    ----------
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, counter-clockwise from outside.
    mass : ndarray of shape (n,)
        Weight of each vertex.

    Returns
    -------
    Rings
        The surface.

    Raises
    ------
    ValueError
        When the triangles round a vertex are not one fan.
    """
    triangles, count = np.asarray(triangles, np.int64), len(mass)
    degree = np.bincount(triangles.ravel(), minlength=count).astype(np.int32)
    ring = np.full((count, max(_ROOM, 2 * int(degree.max()))), -1, np.int32)
    # The side opposite each corner, sorted by corner.
    corner = triangles.ravel()
    order = np.argsort(corner, kind="stable")
    first, second = (np.roll(triangles, -k, axis=1).ravel()[order] for k in (1, 2))
    if not _chain(first, second, degree, ring):
        raise ValueError("the triangles round a vertex are not one fan")
    return Rings(ring, degree, np.array(mass, float))


@njit(cache=True)
def _chain(first: np.ndarray, second: np.ndarray, degree: np.ndarray, ring: np.ndarray) -> bool:
    begin = 0
    for vertex in range(len(degree)):
        size = degree[vertex]
        if size < 3:
            return False
        at = first[begin]
        for step in range(size):
            ring[vertex, step] = at
            found = -1
            for k in range(begin, begin + size):
                if first[k] == at:
                    found = second[k]
            at = found
            if (at == first[begin]) != (step == size - 1):
                return False  # The fan closes too early, or not at all.
        begin += size
    return True


def collapse(surface: Rings) -> Collapses:
    """Take vertices out, the lightest first, until a tetrahedron is left.

    Parameters
    ----------
    surface : Rings
        A surface of genus zero; becomes the tetrahedron.

    Returns
    -------
    Collapses
        What was done.
    """
    count = len(surface.degree)
    removed = np.empty(count - 4, np.int32)
    start = np.zeros(count - 3, np.int64)
    ring = np.empty(8 * count, np.int32)
    rounds, done = [], 0
    easy = _EASY
    while done < count - 4:
        alive = np.flatnonzero(surface.degree)
        order = alive[np.argsort(surface.mass[alive], kind="stable")]
        wanted = min(max(1, int(_PART * len(alive))), count - 4 - done)
        if start[done] + wanted * surface.ring.shape[1] > len(ring):
            ring = np.concatenate([ring, np.empty_like(ring)])
        went = _collapse_round(
            order, wanted, easy, surface.ring, surface.degree, surface.mass,
            removed[done:], start[done:], ring,
        )  # fmt: skip
        if went:
            rounds.append(done)
            done += went
        easy = _EASY if went else 2 * easy
    return Collapses(removed, start, ring[: start[-1]], rounds)


@njit(cache=True)
def _collapse_round(
    order: np.ndarray,
    wanted: int,
    easy: int,
    ring: np.ndarray,
    degree: np.ndarray,
    mass: np.ndarray,
    removed: np.ndarray,
    start: np.ndarray,
    record: np.ndarray,
) -> int:
    """Take out at most ``wanted`` vertices of ``order``, no two of them neighbours."""
    stays = np.zeros(len(degree), np.uint8)
    done = 0
    for vertex in order:
        if done == wanted:
            break
        if stays[vertex] or degree[vertex] > easy:
            continue
        slot = _best_edge(vertex, ring, degree)
        if slot < 0:
            continue
        size = degree[vertex]
        begin = start[done]
        for k in range(size):
            near = ring[vertex, (slot + k) % size]
            record[begin + k] = near
            stays[near] = 1
            mass[near] += mass[vertex] / size
        _take_out(vertex, record[begin : begin + size], ring, degree)
        removed[done] = vertex
        start[done + 1] = begin + size
        done += 1
    return done


@njit(cache=True)
def _best_edge(vertex: int, ring: np.ndarray, degree: np.ndarray) -> int:
    """Slot of the neighbour to slide onto that gets the fewest neighbours; -1 for none."""
    size = degree[vertex]
    best, least = -1, ring.shape[1] + 1
    for slot in range(size):
        onto = ring[vertex, slot]
        after = degree[onto] + size - 4
        if after >= least:
            continue
        left, right = ring[vertex, (slot + 1) % size], ring[vertex, (slot - 1) % size]
        if degree[left] == 3 or degree[right] == 3:
            continue
        common = 0
        for k in range(degree[onto]):
            for j in range(size):
                common += ring[onto, k] == ring[vertex, j]
        if common == 2:
            best, least = slot, after
    return best


@njit(cache=True)
def _take_out(vertex: int, own: np.ndarray, ring: np.ndarray, degree: np.ndarray) -> None:
    onto, size = own[0], len(own)
    for k in range(2, size - 1):
        row = ring[own[k]]
        row[_slot(row, vertex)] = onto
    for near in (own[1], own[size - 1]):
        row = ring[near]
        for k in range(_slot(row, vertex), degree[near] - 1):
            row[k] = row[k + 1]
        degree[near] -= 1
    # In the ring of ``onto`` the vertex stood between its two common neighbours.
    old = ring[onto, : degree[onto]].copy()
    at = _slot(old, vertex)
    for k in range(2, size - 1):
        ring[onto, k - 2] = own[k]
    for k in range(1, len(old)):
        ring[onto, size - 4 + k] = old[(at + k) % len(old)]
    degree[onto] = len(old) + size - 4
    degree[vertex] = 0


@njit(cache=True)
def put_back(
    vertex: int, own: np.ndarray, ring: np.ndarray, degree: np.ndarray, mass: np.ndarray
) -> None:
    """Undo the collapse of a vertex, when all that went after it are back.

    Parameters
    ----------
    vertex : int
        The vertex.
    own : ndarray of int, shape (d,)
        Its ring, from the neighbour that it slid onto.
    ring : ndarray of int, shape (n, k)
        Changed in place, as the next two.
    degree : ndarray of int, shape (n,)
        Lengths of the rings.
    mass : ndarray of shape (n,)
        Weights of the vertices.
    """
    onto, size = own[0], len(own)
    for k in range(2, size - 1):
        row = ring[own[k]]
        row[_slot(row, onto)] = vertex
    for near, after in ((own[1], 0), (own[size - 1], 1)):
        row = ring[near]
        at = _slot(row, onto) + after
        for k in range(degree[near], at, -1):
            row[k] = row[k - 1]
        row[at] = vertex
        degree[near] += 1
    old = ring[onto, : degree[onto]].copy()
    at = _slot(old, own[1])
    ring[onto, 0], ring[onto, 1] = own[1], vertex
    for k in range(len(old) - size + 2):
        ring[onto, 2 + k] = old[(at + size - 2 + k) % len(old)]
    degree[onto] = len(old) - size + 4
    for k in range(size):
        ring[vertex, k] = own[k]
        mass[own[k]] -= mass[vertex] / size
    degree[vertex] = size


@njit(cache=True)
def _slot(row: np.ndarray, value: int) -> int:
    k = 0
    while row[k] != value:
        k += 1
    return k
