"""Dipoles placed in grey matter so that their source model is well defined.

A dipole on the white surface lies half of the time in white matter once the surface is turned
into elements. Each one starts half-way to the pial surface and moves as little as needed until
the Venant condition holds: the node closest to it belongs to grey matter elements only (Vorwerk
et al., NeuroImage 100, 2014). Where cortex is too thin for such a node within reach, the dipole
still ends up in a grey matter element, with a patch cut down to the grey matter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from multisource.errors import UserError
from multisource.leadfield.locate import locate
from multisource.leadfield.mesh import TISSUES, Mesh
from multisource.leadfield.source_models.patch import MIN_PATCH, Patches

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
    max_move: float = 10.0,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return positions (N, 3) mm inside elements of ``label``, and a table of what moved.

    ``positions`` (N, 3) mm, on the white surface when their ``pial_positions`` counterparts are
    given: the start is then ``depth`` of the way from one to the other. ``reach`` mm: how far a
    dipole may move for the full Venant condition, and then for a patch of enough grey matter
    nodes; beyond it, only for an element of grey matter.
    The table has one row a dipole: ``start_tissue`` (where the start lay), ``moved_mm`` (from the
    start), ``from_white_mm``, ``condition`` ("venant", "restricted" or "extended"),
    ``patch_nodes``. Raises UserError for a dipole outside the mesh or further than ``max_move``
    mm from grey matter.
    """
    white = np.asarray(positions, float)
    start = white if pial_positions is None else white + depth * (pial_positions - white)
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
    patches = Patches(mesh)
    full = mesh.nodes_inside(label)
    sizes = _patch_sizes(patches, mesh.nodes_of(label), label)

    def inside(points):
        elements, _ = locate(mesh, points)
        return (elements >= 0) & (mesh.labels[elements] == label)

    def venant(points):
        return inside(points) & full[patches.tree.query(points)[1]]

    def restricted(points):
        return inside(points) & (sizes[patches.tree.query(points)[1]] >= MIN_PATCH)

    placed = start.copy()
    condition = np.full(len(start), "venant", dtype=object)
    todo = np.flatnonzero(~venant(start))
    todo = _move(placed, todo, mesh.nodes[full], venant, reach)
    condition[todo] = "restricted"
    todo = todo[~restricted(placed[todo])]
    middles = mesh.centroids[mesh.labels == label]
    todo = _move(placed, todo, middles, restricted, reach)
    # Thin sheets of the tissue on a coarse mesh: the source model extends the patch.
    condition[todo] = "extended"
    todo = todo[~inside(placed[todo])]
    todo = _move(placed, todo, middles, inside, max_move)
    if len(todo):
        raise UserError(
            f"dipole {int(todo[0])} is more than {max_move:g} mm from "
            f"{TISSUES.get(label, 'its tissue')} ({len(todo)} dipoles are): "
            "do the source space and the segmentation fit?"
        )
    _, closest = patches.tree.query(placed)
    names = [TISSUES.get(int(tissue), str(tissue)) for tissue in mesh.labels[elements]]
    table = pd.DataFrame(
        {
            "start_tissue": names,
            "moved_mm": np.linalg.norm(placed - start, axis=1),
            "from_white_mm": np.linalg.norm(placed - white, axis=1),
            "condition": condition,
            "patch_nodes": sizes[closest],
        }
    )
    return placed, table


def _patch_sizes(patches: Patches, candidates: np.ndarray, label: int) -> np.ndarray:
    sizes = np.zeros(len(candidates), int)
    for node in np.flatnonzero(candidates):
        sizes[node] = len(patches.at_node(int(node), label))
    return sizes


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
