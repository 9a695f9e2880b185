"""The source mesh: neighbours of each dipole, and spatial smoothing."""

from __future__ import annotations

import mne
import numpy as np
import scipy.sparse as sp

from multisource.errors import UserError


def neighbours(forward: mne.Forward) -> sp.csr_array:
    """Return the edges of the source mesh.

    Parameters
    ----------
    forward : mne.Forward
        A forward solution with its source spaces.

    Returns
    -------
    sparse array of shape (N, N)
        Symmetric; lengths of the edges in mm.

    Raises
    ------
    UserError
        If a dipole has no neighbour (a source space without triangles).
    """
    source_space = forward["src"]
    adjacency = mne.spatial_src_adjacency(source_space, verbose="error").tocoo()
    row, column = adjacency.row, adjacency.col
    keep = row != column
    row, column = row[keep], column[keep]
    positions = 1000 * np.concatenate([s["rr"][s["vertno"]] for s in source_space])
    lengths = np.linalg.norm(positions[row] - positions[column], axis=1)
    edges = sp.csr_array((lengths, (row, column)), shape=adjacency.shape)
    alone = int((np.diff(edges.indptr) == 0).sum())
    if alone:
        raise UserError(
            f"source space: {alone} dipoles have no neighbour; LORETA, LAURA and smoothing need a "
            "triangulated source space (spacing oct or ico)"
        )
    return edges


def smoothing(forward: mne.Forward, steps: int) -> sp.csr_array | None:
    """Return the operator that averages over each dipole and its neighbours in the mesh.

    Parameters
    ----------
    forward : mne.Forward
        A forward solution with its source spaces.
    steps : int
        How many times it averages.

    Returns
    -------
    sparse array of shape (N, N) or None
        Float32; rows sum to 1, so that a constant map is left as it is. None for 0 steps.

    Raises
    ------
    UserError
        If ``steps`` is no whole number of 0 or more, or a dipole has no neighbour.
    """
    if steps < 0 or int(steps) != steps:
        raise UserError(f"smooth: {steps}; allowed: a number of averaging steps, 0 (off) or more")
    if steps == 0:
        return None
    edges = neighbours(forward)
    edges.data[:] = 1.0
    step = edges + sp.eye_array(edges.shape[0], format="csr")
    step = sp.csr_array(sp.diags_array(1.0 / step.sum(axis=1)) @ step)
    result = step
    for _ in range(int(steps) - 1):
        result = step @ result
    return sp.csr_array(result.astype(np.float32))
