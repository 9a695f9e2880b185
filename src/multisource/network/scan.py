"""What a whitened covariance looks like from every place on the cortex.

A patch of cortex makes one topography, so that a source there adds one direction to a window's
covariance. Here the topographies of patches of some sizes, at nodes spread over the source space,
are laid on symmetric matrices: ``t' A t`` for every topography t, as one product. That way a
network sees each place as its head and cap show it, and no weight belongs to one of them.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

from multisource.network.coarse_output import NEIGHBOURS
from multisource.network.interpolation import Interpolation
from multisource.network.smooth_output import spread_points

EXTENTS_MM = (25.0, 40.0, 58.0)  # diameters of the patches
NEAR = 9  # a node and its neighbours
NEAR_MM = 10.0  # of the Gaussian over them
POOLS = 200  # places that far nodes are averaged to


class PatchScan(nn.Module):
    """Nodes, topographies of patches at them, and who is near to whom.

    Parameters
    ----------
    rank : int
        R, components of a whitened covariance.
    n_dipoles : int
        N.
    n_nodes : int
        K; at most N are used.
    """

    topographies: Tensor
    rows: Tensor
    columns: Tensor
    twice: Tensor

    def __init__(self, rank: int, n_dipoles: int, n_nodes: int) -> None:
        super().__init__()
        self.n_nodes = min(n_nodes, n_dipoles)
        n_pools = min(POOLS, self.n_nodes)
        self.register_buffer("topographies", torch.zeros(rank, self.n_nodes * len(EXTENTS_MM)))
        self.to_dipoles = Interpolation(n_dipoles, self.n_nodes, NEIGHBOURS)
        self.to_neighbours = Interpolation(self.n_nodes, self.n_nodes, NEAR)
        self.to_pools = Interpolation(n_pools, self.n_nodes, 4 * NEAR)
        self.from_pools = Interpolation(self.n_nodes, n_pools, NEIGHBOURS)
        rows, columns = torch.triu_indices(rank, rank)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)
        twice = torch.where(rows == columns, 1.0, 2.0)
        self.register_buffer("twice", twice, persistent=False)
        self._pairs: Tensor | None = None
        self.register_load_state_dict_post_hook(_forget)

    def prepare(self, components: np.ndarray, positions: np.ndarray) -> None:
        """Place the nodes and compute their topographies.

        Parameters
        ----------
        components : ndarray of shape (R, G)
            Leadfield in the covariance's components; G is N, or a multiple of it for several
            operators side by side, whose mean is taken.
        positions : ndarray of shape (N, 3)
            Positions of the dipoles, mm.
        """
        nodes = spread_points(positions, 0.0, most=self.n_nodes)
        pools = spread_points(positions[nodes], 0.0, most=self.to_pools.n_out)
        gain = components.reshape(len(components), -1, len(positions)).mean(axis=1)
        tree = cKDTree(positions)
        columns = []
        for node in nodes:
            near = tree.query_ball_point(positions[node], 0.5 * max(EXTENTS_MM))
            distance = np.linalg.norm(positions[near] - positions[node], axis=1)
            shape = [np.clip(1 - distance / (0.5 * extent), 0, None) for extent in EXTENTS_MM]
            columns.append(gain[:, near] @ np.array(shape).T)
        topographies = np.concatenate(columns, axis=1)
        topographies /= np.sqrt(np.mean(topographies**2))
        self.topographies.copy_(torch.from_numpy(topographies))
        at = positions[nodes]
        self.to_dipoles.prepare(at, positions)
        self.to_neighbours.prepare(at, at, NEAR_MM)
        self.to_pools.prepare(at, at[pools], 2 * NEAR_MM)
        self.from_pools.prepare(at[pools], at)
        self._pairs = None

    def norms(self, whitening: Tensor) -> Tensor:
        """Return the squared norms of all whitened topographies.

        Parameters
        ----------
        whitening : Tensor of shape (B, R)
            What components are multiplied by.

        Returns
        -------
        Tensor of shape (B, K X)
            Of X patches at each node, in the order of nodes.
        """
        return whitening.square() @ self.topographies.square()

    def look(self, matrices: Tensor) -> Tensor:
        """Lay every topography on symmetric matrices.

        Parameters
        ----------
        matrices : Tensor of shape (B, R, R)
            The matrices A.

        Returns
        -------
        Tensor of shape (B, K X)
            t' A t of every topography t.
        """
        return (matrices[:, self.rows, self.columns] * self.twice) @ self._all_pairs()

    def explain(self, power: Tensor) -> Tensor:
        """Add up the covariances of patches.

        Parameters
        ----------
        power : Tensor of shape (B, K X)
            Power of every patch.

        Returns
        -------
        Tensor of shape (B, R, R)
            Sum of power times t t' over the topographies t.
        """
        upper = power @ self._all_pairs().T
        rank = len(self.topographies)
        matrices = upper.new_zeros(len(upper), rank, rank)
        matrices[:, self.rows, self.columns] = upper
        matrices[:, self.columns, self.rows] = upper
        return matrices

    def _all_pairs(self) -> Tensor:
        """Products of the components of each topography (R (R + 1) / 2, K X)."""
        if self._pairs is None or self._pairs.device != self.topographies.device:
            self._pairs = self.topographies[self.rows] * self.topographies[self.columns]
        return self._pairs


def _forget(scan: PatchScan, _: object) -> None:
    """The products belong to the topographies before."""
    scan._pairs = None
