"""A network that any head and cap can be given: unrolled sparse Bayesian learning on the cortex.

Sparse Bayesian learning (Wipf and Nagarajan 2009) explains a window's covariance S by the powers
of patches all over the cortex. With the model's covariance C = 1 + sum of power times t t', a patch
of topography t should grow where ``t' C^-1 S C^-1 t`` is larger than ``t' C^-1 t``, and shrink
where it is smaller. Here some stages of that are unrolled (Monga et al. 2021), with updates that
are learnt: each node sees the two numbers for its own patches, what its neighbours and the nodes
around think, and the strongest of all. All nodes share the weights, so that they are few, learn
from every place in a window at once, and do not know which head, cap or reference the window is
from: leadfield and positions come in as numbers.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from multisource.errors import refuse
from multisource.network.channel_repair import ChannelRepair
from multisource.network.contract import ForwardModel
from multisource.network.covariance import LEVELS, CovarianceFeatures, Whitened
from multisource.network.on_covariance import OnCovariance
from multisource.network.options import sblnet_mistakes
from multisource.network.scan import EXTENTS_MM, PatchScan

# Spectral functions value / (value + c bulk): soft projections on what rises above the background.
PROJECTIONS = (3.0, 10.0, 40.0)
CHUNK = 16  # windows at a time
STRONGEST = 8  # eigenvalues that every node is told
# Parts whose weights know no head and no cap.
SHARED = (
    "seen",
    "told",
    "first",
    "second",
    "power",
    "left",
    "hidden",
    "update",
    "last",
)
POWER = 20.0  # over the background's, of a node's output of 1


class Sblnet(OnCovariance):
    """Whitened covariance, stages of updates shared by all nodes, maps interpolated to dipoles.

    Parameters
    ----------
    repair : ChannelRepair
        Finds and replaces bad channels.
    standardise : CovarianceFeatures
        Whitens; its features are not used.
    scan : PatchScan
        Topographies and neighbours.
    width : int
        W, numbers that a node keeps.
    stages : int
        Updates.
    """

    def __init__(
        self,
        repair: ChannelRepair,
        standardise: CovarianceFeatures,
        scan: PatchScan,
        *,
        width: int,
        stages: int,
    ) -> None:
        super().__init__(repair, standardise)
        self.scan = scan
        n_sizes = len(EXTENTS_MM)
        n_seen = 2 * len(PROJECTIONS) * n_sizes + n_sizes
        self.seen = nn.BatchNorm1d(n_seen)
        self.told = nn.BatchNorm1d(STRONGEST + 1)
        self.first = nn.Linear(n_seen + STRONGEST + 1, width)
        self.second = nn.Linear(3 * width, width)
        self.power = nn.ModuleList(nn.Linear(width, n_sizes) for _ in range(stages))
        self.left = nn.ModuleList(nn.BatchNorm1d(4 * n_sizes) for _ in range(stages))
        self.hidden = nn.ModuleList(
            nn.Linear(4 * n_sizes + 4 * width, 2 * width) for _ in range(stages)
        )
        self.update = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(stages))
        self.last = nn.Linear(width, 2)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.copy_(torch.tensor([-3.0, -4.0]))
            for layer in self.power:
                nn.init.constant_(cast(nn.Linear, layer).bias, -4.0)

    def prepare(self, model: ForwardModel) -> None:
        """Take whitening and topographies from the study.

        Parameters
        ----------
        model : ForwardModel
            The study's forward model.
        """
        super().prepare(model)
        referenced = model.gain - model.gain.mean(axis=0)
        components = self.standardise.spatial.double().numpy() @ referenced
        self.scan.prepare(components, np.asarray(model.positions, float))

    def describe(self, whitened: Whitened) -> tuple[Tensor, ...]:
        """Return what the layers are given: the whitened covariance as it is.

        Parameters
        ----------
        whitened : Whitened
            Of B windows.

        Returns
        -------
        tuple of Tensor
            Its parts.
        """
        return tuple(whitened)

    def answer(
        self, values: Tensor, vectors: Tensor, bulk: Tensor, level: Tensor, whitening: Tensor
    ) -> Tensor:
        """Map whitened covariances to logits.

        Parameters
        ----------
        values, vectors, bulk, level, whitening : Tensor
            Of :class:`~multisource.network.covariance.Whitened`.

        Returns
        -------
        Tensor of shape (B, 2, N)
            As :meth:`forward` returns them.
        """
        given = values, vectors, bulk, level, whitening
        if self.training:
            return self._answer(*given)
        # So few at a time that what the nodes know stays in the processor's cache: half the time.
        parts = zip(*(tensor.split(CHUNK) for tensor in given), strict=True)
        return torch.cat([self._answer(*part) for part in parts])

    def _answer(
        self, values: Tensor, vectors: Tensor, bulk: Tensor, level: Tensor, whitening: Tensor
    ) -> Tensor:
        norms = self.scan.norms(whitening)
        both = whitening[:, :, None] * whitening[:, None, :]
        with torch.no_grad():
            told = self._told(values, bulk, level)
            seen = self._seen(values, vectors, bulk, both, norms)
            covariance = _of(values / bulk, vectors)
            unit = torch.eye(values.shape[1], dtype=values.dtype, device=values.device)
        state = torch.relu(self._joined(self.first, [_by_node(self.seen(seen))], [self.told(told)]))
        state = state + torch.relu(self._joined(self.second, self._near(state), far=state))
        for power, left, hidden, update in zip(
            self.power, self.left, self.hidden, self.update, strict=True
        ):
            powers = POWER * nn.functional.softplus(power(state))  # (K, B, X)
            explained = self.scan.explain(powers.permute(1, 0, 2).flatten(1) / norms) * both
            inverse = torch.linalg.inv(unit + explained)
            found = self._scaled(inverse @ covariance @ inverse, both, norms)
            expected = self._scaled(inverse, both, norms)
            ratio = torch.log1p(found / expected)
            found, expected = torch.log(found), torch.log(expected)
            apart = found - found.amax(dim=1, keepdim=True)
            parts = [self._by_size(part) for part in (found, expected, ratio, apart)]
            remaining = _by_node(left(torch.cat(parts, dim=1)))
            known = self._joined(
                cast(nn.Linear, hidden),
                [remaining, *self._near(state)],
                [state.amax(dim=0)],
                far=state,
            )
            state = state + update(torch.relu(known))
        maps = self.scan.to_dipoles(self.last(state).permute(0, 2, 1))  # (N, 2, B)
        return maps.permute(2, 1, 0)

    def _near(self, state: Tensor) -> list[Tensor]:
        """What a node and its neighbours know, (K, B, W) each."""
        return [state, self.scan.to_neighbours(state)]

    def _joined(
        self,
        layer: nn.Linear,
        each: list[Tensor],
        common: list[Tensor] | None = None,
        *,
        far: Tensor | None = None,
    ) -> Tensor:
        """Apply a layer to what stands side by side, without laying it there.

        ``each`` (K, B, F) is known to the nodes, ``common`` (B, F) is the same for all of them.
        ``far`` (K, B, W) is averaged over the nodes around, which few places do.
        """
        parts = [*each, *([] if far is None else [far]), *(common or [])]
        weights = layer.weight.split([part.shape[-1] for part in parts], dim=1)
        last = weights[len(parts) - len(common or []) :]
        rest = layer.bias
        for part, weight in zip(common or [], last, strict=True):
            rest = rest + part @ weight.T
        if far is not None:
            rest = rest + self.scan.from_pools(self.scan.to_pools(far) @ weights[len(each)].T)
        total = rest.expand(*each[0].shape[:2], -1).flatten(0, 1)
        for part, weight in zip(each, weights, strict=False):
            total = torch.addmm(total, part.flatten(0, 1), weight.T)
        total = total.unflatten(0, each[0].shape[:2])
        return total

    def _told(self, values: Tensor, bulk: Tensor, level: Tensor) -> Tensor:
        """What every node is told of a window (B, STRONGEST + 1)."""
        strongest = torch.log1p(values[:, -STRONGEST:] / (3 * bulk))
        strongest = nn.functional.pad(strongest, (STRONGEST - strongest.shape[1], 0))
        return torch.cat([strongest, torch.log10(level + LEVELS[1])[:, None]], dim=1)

    def _seen(
        self, values: Tensor, vectors: Tensor, bulk: Tensor, both: Tensor, norms: Tensor
    ) -> Tensor:
        """How much of each patch lies in what stands out (B, F, K), and how well it is seen."""
        parts = []
        for c in PROJECTIONS:
            share = self._scaled(_of(values / (values + c * bulk), vectors), both, norms)
            parts.append(self._by_size(-torch.log(1.02 - share.clamp(0, 1))))
        near = torch.cat(parts, dim=1)
        sight = self._by_size(torch.log(norms))
        sight = sight - sight.mean(dim=2, keepdim=True)
        return torch.cat([near, near - near.amax(dim=2, keepdim=True), sight], dim=1)

    def _scaled(self, matrices: Tensor, both: Tensor, norms: Tensor) -> Tensor:
        """t' A t of every whitened topography of norm 1 (B, K X)."""
        return (self.scan.look(matrices * both) / norms).clamp(min=1e-6)

    def _by_size(self, values: Tensor) -> Tensor:
        """(B, K X) to (B, X, K)."""
        return values.unflatten(1, (self.scan.n_nodes, -1)).transpose(1, 2)

    @torch.no_grad()
    def recalibrate(self, slope: float, intercept: float) -> None:
        """Change the weights such that the logit of P(active) is a line of what it was.

        Parameters
        ----------
        slope, intercept : float
            The line; E[l] stays as it is.
        """
        self.last.weight[0] *= slope
        self.last.bias[0] = slope * self.last.bias[0] + intercept


def _of(values: Tensor, vectors: Tensor) -> Tensor:
    """Matrices of eigenvalues and eigenvectors."""
    return (vectors * values[:, None, :]) @ vectors.transpose(1, 2)


def _by_node(features: Tensor) -> Tensor:
    """(B, F, K) to (K, B, F)."""
    return features.permute(2, 0, 1)


def build_network(
    n_channels: int,
    n_times: int,
    n_dipoles: int,
    *,
    width: int = 64,
    stages: int = 3,
    nodes: int = 1600,
) -> Sblnet:
    """Build the network with random weights (from torch's current random state).

    Parameters
    ----------
    n_channels, n_times, n_dipoles : int
        E, T and N.
    width : int, optional
        Numbers that a node keeps.
    stages : int, optional
        Updates of the powers.
    nodes : int, optional
        Nodes of the cortex; 1600 on both hemispheres of an adult lie about 10 mm apart.

    Returns
    -------
    Sblnet
        The network.

    Raises
    ------
    UserError
        For an option that is out of range.
    """
    refuse(sblnet_mistakes(n_times=n_times, width=width, stages=stages, nodes=nodes))
    return Sblnet(
        ChannelRepair(n_channels),
        CovarianceFeatures(n_channels, n_times),
        PatchScan(n_channels - 1, n_dipoles, nodes),
        width=width,
        stages=stages,
    )
