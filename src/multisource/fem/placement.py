"""Dipoles placed in grey matter so that their source model is well defined.

A dipole on the white surface lies half of the time in white matter once the surface is turned
into elements. Each one starts half-way to the pial surface and moves as little as needed until
the Venant condition holds: the closest corner of its element belongs to grey matter elements only
(Vorwerk et al., NeuroImage 100, 2014). Where cortex is too thin for such a corner within reach,
the dipole still ends up in a grey matter element, with a patch cut down to the grey matter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from multisource.anatomy.head import TISSUES
from multisource.errors import UserError
from multisource.fem.locate import locate
from multisource.fem.mesh import Mesh
from multisource.fem.source_models.patch import MIN_PATCH, RINGS, Patches

NEIGHBOURS = 8
BISECTIONS = 8


def place_dipoles(
    mesh: Mesh,
    positions: np.ndarray,
    pial_positions: np.ndarray | None = None,
    *,
    label: int = 2,
    depth: float = 0.5,
    reach: float = 3.0,
    max_move: float = 20.0,
    rings: int = RINGS,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Move dipoles into grey matter, by as little as their source model needs.

    Parameters
    ----------
    mesh : Mesh
        Where the dipoles are placed.
    positions : ndarray of shape (N, 3)
        Dipoles, mm; on the white surface if ``pial_positions`` are given.
    pial_positions : ndarray of shape (N, 3), optional
        Their counterparts on the pial surface, mm: the start is then ``depth`` of the way from one
        to the other.
    label : int, optional
        Tissue to place them in.
    depth : float, optional
        Share of the way from white to pial surface.
    reach : float, optional
        How far, in mm, a dipole may move for the full Venant condition, and then for a patch of
        enough grey matter nodes; beyond it, only for an element of grey matter.
    max_move : float, optional
        How far, in mm, a dipole may move at all.
    rings : int, optional
        Rings of elements around a dipole that its source model takes.

    Returns
    -------
    placed : ndarray of shape (N, 3)
        Positions inside elements of ``label``, mm.
    table : pandas.DataFrame
        One row per dipole: ``start_tissue`` (where the start lay), ``moved_mm`` (from the start),
        ``from_white_mm``, ``condition`` ("venant"; "restricted": patch cut down; "small": too few
        nodes for a Venant model), ``patch_nodes``.

    Raises
    ------
    UserError
        For a dipole outside the mesh or further than ``max_move`` mm from grey matter.
    """
    white = np.asarray(positions, float)
    start = starts(white, pial_positions, depth)
    elements, _ = locate(mesh, start)
    if np.any(elements < 0):
        worst = int(np.flatnonzero(elements < 0)[0])
        spot = ", ".join(f"{value:.1f}" for value in start[worst])
        raise UserError(
            f"dipole {worst} at ({spot}) mm is outside the head mesh "
            f"({int(np.sum(elements < 0))} of {len(start)} are): check the source space's frame"
        )
    if not np.any(mesh.labels == label):
        raise UserError(f"mesh has no {TISSUES.get(label, 'tissue')} to place dipoles in")
    tissue = _Tissue(mesh, label, rings)
    placed = start.copy()
    condition = np.full(len(start), "venant", dtype=object)
    todo = np.flatnonzero(~tissue.venant(start))
    todo = _move(placed, todo, mesh.nodes[tissue.full], tissue.venant, reach)
    condition[todo] = "restricted"
    todo = todo[~tissue.enough(placed[todo])]
    middles = mesh.centroids[mesh.labels == label]
    todo = _move(placed, todo, middles, tissue.enough, reach)
    todo = todo[~tissue.inside(placed[todo])]
    todo = _move(placed, todo, middles, tissue.enough, max_move)
    todo = _move(placed, todo, middles, tissue.inside, max_move)
    if len(todo):
        raise UserError(
            f"dipole {int(todo[0])} is more than {max_move:g} mm from "
            f"{TISSUES.get(label, 'its tissue')} ({len(todo)} dipoles are): "
            "do the source space and the segmentation fit?"
        )
    patch_nodes = tissue.patch_nodes(tissue.corners(placed))
    condition[patch_nodes < MIN_PATCH] = "small"
    names = [TISSUES.get(int(code), str(code)) for code in mesh.labels[elements]]
    table = pd.DataFrame(
        {
            "start_tissue": names,
            "moved_mm": np.linalg.norm(placed - start, axis=1),
            "from_white_mm": np.linalg.norm(placed - white, axis=1),
            "condition": condition,
            "patch_nodes": patch_nodes,
        }
    )
    return placed, table


def starts(white: np.ndarray, pial: np.ndarray | None, depth: float) -> np.ndarray:
    """Return where dipoles are wanted.

    Parameters
    ----------
    white : ndarray of shape (N, 3)
        Dipoles on the white surface, mm.
    pial : ndarray of shape (N, 3) or None
        Their counterparts on the pial surface, mm; None: ``white`` as it is.
    depth : float
        Share of the way from one to the other.

    Returns
    -------
    ndarray of shape (N, 3)
        The places, mm.
    """
    return white if pial is None else white + depth * (pial - white)


class _Tissue:
    """What holds for a dipole at given points (p, 3) mm, by the tissue around them."""

    def __init__(self, mesh: Mesh, label: int, rings: int) -> None:
        self.mesh = mesh
        self.label = label
        self.full = mesh.nodes_inside(label)
        self._patches = Patches(mesh, rings)
        self._sizes = np.full(len(mesh.nodes), -1)

    def corners(self, points: np.ndarray) -> np.ndarray:
        """Return the closest corner (p,) of the element at each point, -1 outside the tissue."""
        elements, _ = locate(self.mesh, points)
        nodes = self._patches.corners(points, elements)
        nodes[(elements < 0) | (self.mesh.labels[elements] != self.label)] = -1
        return nodes

    def patch_nodes(self, corners: np.ndarray) -> np.ndarray:
        """Return the sizes (p,) of the patches at ``corners``."""
        for node in np.unique(corners):
            if self._sizes[node] < 0:
                self._sizes[node] = len(self._patches.around(node, self.label))
        return self._sizes[corners]

    def inside(self, points: np.ndarray) -> np.ndarray:
        return self.corners(points) >= 0

    def venant(self, points: np.ndarray) -> np.ndarray:
        corners = self.corners(points)
        return (corners >= 0) & self.full[corners]

    def enough(self, points: np.ndarray) -> np.ndarray:
        corners = self.corners(points)
        holds = corners >= 0
        holds[holds] = self.patch_nodes(corners[holds]) >= MIN_PATCH
        return holds


def _move(
    placed: np.ndarray,
    todo: np.ndarray,
    targets: np.ndarray,
    holds: Callable[[np.ndarray], np.ndarray],
    reach: float,
) -> np.ndarray:
    """Move dipoles ``todo`` towards near ``targets`` until ``holds``; return those left over.

    Each goes the least way among its nearest targets, if that is at most ``reach`` mm.
    """
    if not len(todo) or not len(targets):
        return todo
    start = placed[todo]
    count = min(NEIGHBOURS, len(targets))
    distance, index = cKDTree(targets).query(start, k=count)
    distance, index = distance.reshape(len(todo), -1), index.reshape(len(todo), -1)
    best = np.full(len(todo), np.inf)
    for rank in range(count):
        rows = np.flatnonzero(distance[:, rank] <= 2 * reach)
        spots = _last_good(targets[index[rows, rank]], start[rows], holds)
        moved = np.linalg.norm(spots - start[rows], axis=1)
        better = moved < np.minimum(best[rows], reach)
        best[rows[better]] = moved[better]
        placed[todo[rows[better]]] = spots[better]
    return todo[~np.isfinite(best)]


def _last_good(
    good: np.ndarray, bad: np.ndarray, holds: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Points on the lines from ``good`` to ``bad`` (p, 3) just before the condition fails.

    By bisection; NaN where it does not hold at ``good`` either.
    """
    low, high = np.zeros(len(good)), np.ones(len(good))
    never = ~holds(good)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        fine = holds(good + middle[:, None] * (bad - good))
        low, high = np.where(fine, middle, low), np.where(fine, high, middle)
    spots = good + low[:, None] * (bad - good)
    spots[never] = np.nan
    return spots
