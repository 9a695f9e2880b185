"""Dipoles placed in grey matter so that their source model is well defined.

A dipole on the white surface lies half of the time in white matter once the surface is turned
into elements. Each one starts half-way to the pial surface and moves as little as needed until
the Venant condition holds: the node closest to it belongs to grey matter elements only (Vorwerk
et al., NeuroImage 100, 2014). Where cortex is too thin for such a node within reach, the dipole
still ends up in a grey matter element, with a patch cut down to the grey matter.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from multisource.errors import UserError
from multisource.leadfield.locate import locate
from multisource.leadfield.mesh import TISSUES, Mesh
from multisource.leadfield.source_models.patch import Patches

MIN_PATCH = 12
NEIGHBOURS = 24


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
    dipole may move for the full Venant condition; beyond it, for a patch within grey matter.
    The table has one row a dipole: ``start_tissue`` (where the start lay), ``moved_mm`` (from the
    start), ``from_white_mm``, ``condition`` ("venant" or "restricted"), ``patch_nodes``. Raises
    UserError for a dipole outside the mesh or further than ``max_move`` mm from grey matter.
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
    placed = start.copy()
    condition = np.full(len(start), "venant", dtype=object)
    inside = mesh.labels[elements] == label
    _, closest = patches.tree.query(start)
    todo = np.flatnonzero(~(inside & full[closest]))

    todo = _move(mesh, patches.tree, placed, start, todo, np.flatnonzero(full), label, reach)
    sizes = _patch_sizes(patches, mesh.nodes_of(label), label)
    condition[todo] = "restricted"
    fine = inside[todo] & (sizes[closest[todo]] >= MIN_PATCH)
    for least in (MIN_PATCH, 1):
        usable = np.flatnonzero(sizes >= least)
        todo = _move(mesh, patches.tree, placed, start, todo[~fine], usable, label, max_move)
        fine = np.zeros(len(todo), bool)
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


def _move(mesh, tree, placed, start, todo, nodes, label, reach):
    """Move dipoles ``todo`` into the cells of the nearest ``nodes``; return those left over."""
    if not len(todo) or not len(nodes):
        return todo
    targets = cKDTree(mesh.nodes[nodes])
    count = min(NEIGHBOURS, len(nodes))
    distance, index = targets.query(start[todo], k=count, distance_upper_bound=2 * reach)
    distance, index = distance.reshape(len(todo), -1), index.reshape(len(todo), -1)
    best = np.full(len(todo), np.inf)
    for rank in range(count):
        rows = np.flatnonzero(distance[:, rank] < best + reach)
        if not len(rows):
            break
        goal = nodes[index[rows, rank]]
        spots = _enter_cell(mesh, tree, start[todo[rows]], goal, label)
        moved = np.linalg.norm(spots - start[todo[rows]], axis=1)
        better = moved < np.minimum(best[rows], reach)
        best[rows[better]] = moved[better]
        placed[todo[rows[better]]] = spots[better]
    return todo[~np.isfinite(best)]


def _enter_cell(mesh, tree, start, goal, label):
    """Furthest points from the nodes ``goal`` towards ``start`` still closest to them and inside.

    The cell of a node is convex, so bisection on the line finds its border; NaN where no point of
    the line lies in an element of ``label``.
    """
    target = mesh.nodes[goal]
    low, high = np.zeros(len(start)), np.ones(len(start))
    for _ in range(12):
        middle = (low + high) / 2
        spots = target + middle[:, None] * (start - target)
        _, closest = tree.query(spots)
        elements, _ = locate(mesh, spots)
        good = (closest == goal) & (elements >= 0) & (mesh.labels[elements] == label)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return np.where(low[:, None] > 0, target + low[:, None] * (start - target), np.nan)
