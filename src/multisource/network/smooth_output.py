"""An output layer whose weights vary smoothly over the cortex, for training.

Neighbouring dipoles see nearly the same patches, so what separates their weights in a plain layer
is for the most part noise of the training samples. Here a hidden unit speaks to the dipoles
through Gaussians around anchors spread over the sources: fewer weights, learned from more samples
each. After training the layer is folded into a plain one, which computes the same.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.distance import cdist
from torch import Tensor, nn

from multisource.errors import UserError


class SmoothOutput(nn.Module):
    """Replacement of ``nn.Linear(F, N)`` with K < N anchors.

    Parameters
    ----------
    layer : torch.nn.Linear
        The plain layer; its bias is kept.
    positions : ndarray of shape (N, 3)
        Places of the outputs, mm.
    smooth_mm : float
        Standard deviation of the Gaussians, and the most that an output is away from an anchor, mm.

    Raises
    ------
    UserError
        If the positions are not those of the outputs.
    """

    basis: Tensor

    def __init__(self, layer: nn.Linear, positions: np.ndarray, smooth_mm: float) -> None:
        super().__init__()
        positions = np.asarray(positions, float)
        if positions.shape != (layer.out_features, 3):
            raise UserError(
                f"positions: shape {positions.shape}; needs ({layer.out_features}, 3) in mm"
            )
        anchors = spread_points(positions, smooth_mm)
        self.coarse = nn.Linear(layer.in_features, len(anchors), bias=False)
        self.bias = nn.Parameter(layer.bias.detach().clone())
        basis = gaussian_basis(positions, positions[anchors], smooth_mm)
        # Follows from the positions, so it is not kept with the weights.
        self.register_buffer("basis", torch.from_numpy(basis.T.copy()), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map features to logits.

        Parameters
        ----------
        features : Tensor of shape (B, F)
            Output of the hidden layers.

        Returns
        -------
        Tensor of shape (B, N)
            Logits.
        """
        return self.coarse(features) @ self.basis + self.bias

    @torch.no_grad()
    def folded(self) -> nn.Linear:
        """Return the plain layer that computes the same.

        Returns
        -------
        torch.nn.Linear
            The layer.
        """
        layer = nn.Linear(self.coarse.in_features, len(self.bias), device=self.bias.device)
        layer.weight.copy_(self.basis.T @ self.coarse.weight)
        layer.bias.copy_(self.bias)
        return layer


def spread_points(positions: np.ndarray, distance_mm: float, most: int | None = None) -> np.ndarray:
    """Choose points such that none is further than a distance from a chosen one.

    Each is the point furthest from those before it; the first is the first point.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Points, mm.
    distance_mm : float
        The distance, mm.
    most : int, optional
        Stop at so many.

    Returns
    -------
    ndarray of int, shape (K,)
        Indices of the chosen points.
    """
    chosen = [0]
    distance = np.linalg.norm(positions - positions[0], axis=1)
    while distance.max() > distance_mm and len(chosen) != most:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(positions - positions[chosen[-1]], axis=1))
    return np.array(chosen)


def gaussian_basis(positions: np.ndarray, anchors: np.ndarray, sigma_mm: float) -> np.ndarray:
    """Return the weights of anchors at positions: Gaussians that sum to 1.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Positions, mm.
    anchors : ndarray of shape (K, 3)
        Anchors, mm.
    sigma_mm : float
        Standard deviation of the Gaussians, mm.

    Returns
    -------
    ndarray of float32, shape (N, K)
        Weights.
    """
    weights = np.exp(-0.5 * cdist(positions, anchors, "sqeuclidean") / sigma_mm**2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
