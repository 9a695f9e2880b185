"""Exact EEG leadfield of concentric, isotropic spherical shells.

The potential of a dipole in the innermost sphere is a series of Legendre polynomials whose
coefficients follow from the continuity of potential and normal current at each interface
(de Munck and Peters, IEEE TBME 40, 1993; Zhang, Phys. Med. Biol. 40, 1995). The recursion runs
from the scalp inwards on quantities scaled by the decay of each layer, so that no power of a
radius is ever formed and thousands of terms neither overflow nor underflow.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from multisource.errors import UserError


def sphere_leadfield(
    electrodes: np.ndarray,
    positions: np.ndarray,
    *,
    radii: np.ndarray,
    conductivities: np.ndarray,
    centre: npt.ArrayLike = (0.0, 0.0, 0.0),
    tolerance: float = 1e-15,
) -> np.ndarray:
    """Return the exact leadfield of a layered sphere, average reference.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm; they are moved radially onto the outermost sphere.
    positions : ndarray of shape (N, 3)
        Dipoles, mm, inside the innermost sphere.
    radii : ndarray of shape (L,)
        Radii of the spheres, mm, increasing.
    conductivities : ndarray of shape (L,)
        Conductivities of the layers from the inside out, S/m.
    centre : array-like of shape (3,), optional
        Common centre of the spheres, mm.
    tolerance : float, optional
        The series ends where its geometric decay, with a margin, is below this.

    Returns
    -------
    ndarray of shape (E, 3N)
        Leadfield, V/(Am); columns are x, y, z of dipole 0, of dipole 1, ...

    Raises
    ------
    UserError
        If a dipole lies outside the innermost sphere or the radii do not increase.
    """
    radii = np.asarray(radii, float)
    centre = np.asarray(centre, float)
    if np.any(np.diff(radii) <= 0) or radii[0] <= 0:
        raise UserError(f"sphere radii {radii.tolist()} mm: must be positive and increase outwards")
    sources = np.asarray(positions, float) - centre
    depth = np.linalg.norm(sources, axis=1)
    if np.any(depth >= radii[0]):
        worst = int(np.argmax(depth))
        raise UserError(
            f"dipole {worst} lies {depth[worst]:.2f} mm from the centre: "
            f"it must be inside the innermost sphere of {radii[0]:g} mm"
        )
    directions = np.asarray(electrodes, float) - centre
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)

    fraction = depth / radii[-1]
    terms = _terms(fraction.max(initial=0.0), tolerance)
    factors = layer_factors(terms, radii, np.asarray(conductivities, float))
    axes = sources / np.where(depth > 0, depth, 1.0)[:, None]
    axes[depth == 0] = (0.0, 0.0, 1.0)

    cosine = np.clip(directions @ axes.T, -1.0, 1.0)
    radial = np.zeros_like(cosine)
    tangential = np.zeros_like(cosine)
    # Legendre polynomials and their derivatives by upward recursion, which is stable on [-1, 1].
    before, here = np.ones_like(cosine), cosine.copy()
    slope_before, slope = np.zeros_like(cosine), np.ones_like(cosine)
    power = np.ones_like(fraction)
    for n in range(1, terms + 1):
        weight = power * factors[n - 1]
        radial += n * weight * here
        tangential += weight * slope
        following = ((2 * n + 1) * cosine * here - n * before) / (n + 1)
        slope_following = slope_before + (2 * n + 1) * here
        before, here = here, following
        slope_before, slope = slope, slope_following
        power = power * fraction

    # The tangential part is along the electrode direction less its component along the dipole's
    # axis: its length, sin(gamma), turns P_n' into the associated function P_n^1.
    along = (radial - tangential * cosine)[:, :, None] * axes[None]
    gain = along + tangential[:, :, None] * directions[:, None, :]
    metres = radii[-1] * 1e-3
    gain /= 4 * np.pi * conductivities[0] * metres**2
    gain = gain.reshape(len(directions), -1)
    return gain - gain.mean(axis=0)


def layer_factors(terms: int, radii: np.ndarray, conductivities: np.ndarray) -> np.ndarray:
    """Return the surface amplification h_n, n = 1 .. ``terms``, of a layered sphere.

    h_n is the scalp potential of a unit exterior field of order n in the innermost medium; in a
    homogeneous sphere h_n = (2 n + 1) / n.

    Parameters
    ----------
    terms : int
        Number of orders.
    radii : ndarray of shape (L,)
        Radii of the spheres, increasing, in any one unit.
    conductivities : ndarray of shape (L,)
        Conductivities of the layers from the inside out, S/m.

    Returns
    -------
    ndarray of shape (terms,)
        The amplifications, no unit.
    """
    n = np.arange(1, terms + 1, dtype=float)
    value, slope = np.ones_like(n), np.zeros_like(n)
    for layer in range(len(radii) - 1, 0, -1):
        growing = ((n + 1) * value + slope) / (2 * n + 1)
        decaying = (n * value - slope) / (2 * n + 1)
        growing = growing * (radii[layer - 1] / radii[layer]) ** (2 * n + 1)
        value = growing + decaying
        slope = n * growing - (n + 1) * decaying
        slope = slope * conductivities[layer] / conductivities[layer - 1]
    return (2 * n + 1) / (n * value - slope)


def _terms(fraction: float, tolerance: float) -> int:
    """Terms after which the geometric decay of the series, with margin, is below tolerance."""
    if fraction <= 0:
        return 1
    return int(np.ceil(np.log(tolerance) / np.log(fraction))) + 60
