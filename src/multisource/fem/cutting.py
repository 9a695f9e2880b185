"""Tetrahedra cut along a surface that is the zero of a function.

Where a mesh cannot be fitted to a surface beforehand, because it folds until it touches itself and
others, its elements are cut: each edge whose ends lie on different sides gets a node where the
function is zero, and each element that has such edges falls into tetrahedra on either side. Nodes
that are near the surface are moved onto it first, so that few slivers arise (cf. Labelle and
Shewchuk, ACM TOG 26, 2007).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from multisource.anatomy.head import CSF, GREY_MATTER, WHITE_MATTER
from multisource.fem.levels import Levels
from multisource.fem.mesh import Mesh

Level = Callable[[np.ndarray], np.ndarray]

SNAP = 0.25  # of an edge: a node this near to where its edge is cut comes to be on the surface
SNAP_AGAIN = 0.1  # the same, once nodes have moved
LEAST_VOLUME = 0.2  # of an element's, that a node's move may leave it
_SECANT_STEPS = 3


def cut_brain(mesh: Mesh, levels: Levels) -> Mesh:
    """Cut the tetrahedra inside the inner skull along the surfaces of brain and white matter.

    Parameters
    ----------
    mesh : Mesh
        Tetrahedra; those labelled CSF, or a tissue of the brain, are inside the inner skull.
    levels : Levels
        What is brain and what is white matter.

    Returns
    -------
    Mesh
        Tetrahedra with the nodes of the mesh, some of them moved, and others: white matter, grey
        matter or CSF inside the inner skull, and as they were beyond it.
    """
    within = np.isin(mesh.labels, (WHITE_MATTER, GREY_MATTER, CSF))
    nodes, elements, parent, side = cut(mesh.nodes, mesh.elements, within, levels.outside_brain)
    labels = np.where(within[parent], np.where(side < 0, GREY_MATTER, CSF), mesh.labels[parent])
    # The nodes of the first surface stay on it.
    faces = np.zeros(len(nodes), bool)
    faces[np.intersect1d(elements[labels == GREY_MATTER], elements[labels == CSF])] = True
    nodes, elements, parent, side = cut(
        nodes, elements, within[parent], levels.outside_white, fixed=faces
    )
    labels = labels[parent]
    labels[(labels == GREY_MATTER) & (side < 0)] = WHITE_MATTER
    return Mesh(nodes, elements, labels.astype(mesh.labels.dtype))


def cut(
    nodes: np.ndarray,
    elements: np.ndarray,
    active: np.ndarray,
    level: Level,
    fixed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cut tetrahedra along the zero of a function.

    Parameters
    ----------
    nodes : ndarray of shape (n, 3)
        Nodes, mm.
    elements : ndarray of int, shape (m, 4)
        Tetrahedra, positively oriented.
    active : ndarray of bool, shape (m,)
        Which may be cut. Faces between these and others stay whole, with the function taken to be
        positive at their nodes.
    level : callable
        From points (k, 3) in mm to the function (k,), negative inside; about mm near its zero.
    fixed : ndarray of bool, shape (n,), optional
        Nodes that must not move.

    Returns
    -------
    nodes : ndarray of shape (n + a, 3)
        The nodes, some of them moved, and a new ones.
    elements : ndarray of int, shape (m', 4)
        Tetrahedra, positively oriented.
    parent : ndarray of int, shape (m',)
        The element that each is, or is a part of.
    side : ndarray of int8, shape (m',)
        -1 inside, 1 outside; 0 of elements that are not active.
    """
    nodes = nodes.copy()
    own = elements[active]
    inner = np.zeros(len(nodes), bool)
    inner[own] = True
    held = np.zeros(len(nodes), bool)
    held[elements[~active]] = True
    value = np.zeros(len(nodes))
    value[inner] = level(nodes[inner])
    value[held] = np.abs(value[held]) + 1e-9
    stay = held if fixed is None else held | fixed
    _snap(nodes, own, value, level, stay)
    _, _, points, place = _cuts(nodes, own, value, level)
    signs = np.sign(value[own]).astype(int)
    pieces, which, side = _split(own, signs, place, len(nodes))
    # All corners are on the surface: its middle tells.
    undecided = side == 0
    side[undecided] = np.where(level(nodes[pieces[undecided]].mean(axis=1)) < 0, -1, 1)
    nodes = np.concatenate([nodes, points])
    _orient(nodes, pieces)
    rest = np.flatnonzero(~active)
    return (
        nodes,
        np.concatenate([elements[rest], pieces]).astype(elements.dtype),
        np.concatenate([rest, np.flatnonzero(active)[which]]),
        np.concatenate([np.zeros(len(rest), np.int8), side]),
    )


_EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])


def _crossed(elements: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges (k, 2) whose ends have other signs, and the number of each element's six, or -1."""
    ends = np.sort(elements[:, _EDGES], axis=2)
    hit = value[ends[..., 0]] * value[ends[..., 1]] < 0
    pairs, number = np.unique(ends[hit], axis=0, return_inverse=True)
    place = np.full(hit.shape, -1)
    place[hit] = number.ravel()
    return pairs, place


def _roots(
    a: np.ndarray, b: np.ndarray, fa: np.ndarray, fb: np.ndarray, level: Level
) -> np.ndarray:
    """Where between a (t = 0) and b (1) the function is zero, by regula falsi."""
    low, high = np.zeros(len(a)), np.ones(len(a))
    fl, fh = fa.copy(), fb.copy()
    t = np.full(len(a), 0.5)
    for step in range(_SECANT_STEPS):
        t = low + (high - low) * fl / (fl - fh)
        if step == _SECANT_STEPS - 1:
            break
        f = level(a + t[:, None] * (b - a))
        left = f * fl > 0
        low, fl = np.where(left, t, low), np.where(left, f, fl)
        high, fh = np.where(left, high, t), np.where(left, fh, f)
    return np.clip(t, 0.02, 0.98)


def _snap(
    nodes: np.ndarray, elements: np.ndarray, value: np.ndarray, level: Level, stay: np.ndarray
) -> None:
    """Let nodes near the surface be on it: moved there, where no element becomes too flat.

    Where one may not move the surface comes to it, by less than a quarter of an edge.
    """
    pairs, share, points, _ = _cuts(nodes, elements, value, level)
    who = pairs.T.ravel()
    share, where = np.concatenate([share, 1 - share]), np.concatenate([points, points])
    near = share < SNAP
    who, where = who[near], where[near]
    order = np.lexsort((np.linalg.norm(where - nodes[who], axis=1), who))
    who, first = np.unique(who[order], return_index=True)
    target = nodes.copy()
    target[who] = where[order][first]
    value[who] = 0.0
    moved = np.zeros(len(nodes), bool)
    moved[who[~stay[who]]] = True
    touched = elements[moved[elements].any(axis=1)]
    before = _volumes(nodes, touched)
    while True:
        flat = _volumes(np.where(moved[:, None], target, nodes), touched) < LEAST_VOLUME * before
        back = np.zeros(len(nodes), bool)
        back[touched[flat]] = True
        back &= moved
        if not back.any():
            break
        moved &= ~back
    nodes[moved] = target[moved]
    # The moves have changed where other edges are cut.
    pairs, share, _, _ = _cuts(nodes, elements, value, level)
    value[pairs[share < SNAP_AGAIN, 0]] = 0.0
    value[pairs[share > 1 - SNAP_AGAIN, 1]] = 0.0


def _cuts(
    nodes: np.ndarray, elements: np.ndarray, value: np.ndarray, level: Level
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Edges (k, 2) that are cut, at which share (k,) of their length, and the points (k, 3).

    Last, the number of each element's six edges among them, or -1.
    """
    pairs, place = _crossed(elements, value)
    a, b = pairs.T
    share = _roots(nodes[a], nodes[b], value[a], value[b], level)
    return pairs, share, nodes[a] + share[:, None] * (nodes[b] - nodes[a]), place


def _volumes(nodes: np.ndarray, elements: np.ndarray) -> np.ndarray:
    corners = nodes[elements]
    a, b, c = np.moveaxis(corners[:, 1:] - corners[:, :1], 1, 0)
    return np.einsum("ij,ij->i", a, np.cross(b, c)) / 6


def _orient(nodes: np.ndarray, elements: np.ndarray) -> None:
    turned = _volumes(nodes, elements) < 0
    elements[turned, :2] = elements[turned, 1::-1]


def _split(
    elements: np.ndarray, signs: np.ndarray, place: np.ndarray, first: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pieces (k, 4) of the elements, the element of each, and its side."""
    edge = np.full((4, 4), -1)
    for number, (i, j) in enumerate(_EDGES):
        edge[i, j] = edge[j, i] = number
    pieces: list[np.ndarray] = []
    which: list[np.ndarray] = []
    side: list[np.ndarray] = []

    def add(rows: np.ndarray, tetrahedra: np.ndarray, sign: int) -> None:
        pieces.append(tetrahedra)
        which.append(rows)
        side.append(np.full(len(rows), sign, np.int8))

    code = ((signs + 1) * 3 ** np.arange(4)).sum(axis=1)
    for one in np.unique(code):
        rows = np.flatnonzero(code == one)
        sign = signs[rows[0]]
        own = elements[rows]
        inside, outside, on = ([k for k in range(4) if sign[k] == s] for s in (-1, 1, 0))

        def new(i: int, j: int, rows: np.ndarray = rows) -> np.ndarray:
            return first + place[rows, edge[i, j]]

        if not inside or not outside:
            add(rows, own, len(outside[:1]) - len(inside[:1]))
            continue
        for here, there, s in ((inside, outside, -1), (outside, inside, 1)):
            # What lies on one side: the corners here, and the new nodes on edges that leave.
            if len(here) == 1:
                (a,) = here
                tips = [new(a, b) for b in there] + [own[:, c] for c in on]
                add(rows, np.stack([own[:, a], *tips], axis=1), s)
            elif len(here) == 2 and len(there) == 2:
                a, b = here
                c, d = there
                top = [own[:, a], new(a, c), new(a, d)]
                bottom = [own[:, b], new(b, c), new(b, d)]
                for part in _prism(top, bottom):
                    add(rows, part, s)
            elif len(here) == 2:  # one beyond, one on the surface: a pyramid
                a, b = here
                (c,) = there
                (d,) = on
                for part in _pyramid([own[:, a], own[:, b], new(b, c), new(a, c)], own[:, d]):
                    add(rows, part, s)
            else:
                (d,) = there
                top = [own[:, k] for k in here]
                for part in _prism(top, [new(k, d) for k in here]):
                    add(rows, part, s)
    return np.concatenate(pieces), np.concatenate(which), np.concatenate(side)


def _pyramid(base: list[np.ndarray], tip: np.ndarray) -> list[np.ndarray]:
    """Two tetrahedra; the base is cut from its corner of least number."""
    square = np.stack(base, axis=1)
    turn = square.argmin(axis=1)
    each = np.arange(len(square))
    p, q, r, s = (square[each, (turn + k) % 4] for k in range(4))
    return [np.stack([p, q, r, tip], axis=1), np.stack([p, r, s, tip], axis=1)]


def _prism(top: list[np.ndarray], bottom: list[np.ndarray]) -> list[np.ndarray]:
    """Three tetrahedra; each square is cut from its corner of least number.

    The corner of least number of all: the two squares that hold it are cut from it, the tetrahedron
    over its opposite triangle and the pyramid over the third square have it as their tip.
    """
    ends = np.stack([*top, *bottom], axis=1)
    least = ends.argmin(axis=1)
    each = np.arange(len(ends))
    start, flip = least % 3, least >= 3
    up = [ends[each, (start + k) % 3 + 3 * flip] for k in range(3)]
    down = [ends[each, (start + k) % 3 + 3 * ~flip] for k in range(3)]
    parts = [np.stack([up[0], *down], axis=1)]
    return parts + _pyramid([up[1], up[2], down[2], down[1]], up[0])
