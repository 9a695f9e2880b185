"""What the options of the solvers of the extended study may be; as ``inverse.options`` does.

Nothing heavy is imported here, since the configuration is checked with these functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from multisource.inverse.options import LARGEST_SPREAD_MM, depth_mistakes, spread_mistakes

MOST_DIPOLES = 5
WEIGHT_NORMS = ("nai", "unit-noise-gain", "unit-gain")


def gamma_map_mistakes(
    *, kind: str, alpha: float | str, depth: float, iterations: int, spread_mm: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``gamma_map.estimate``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    alpha : float
        As ``estimate`` takes it.
    depth : float
        As ``estimate`` takes it.
    iterations : int
        As ``estimate`` takes it.
    spread_mm : float
        As ``estimate`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    if isinstance(alpha, str) or not 0 < alpha < math.inf:
        yield f"alpha: {alpha}; allowed: a number above 0"
    yield from depth_mistakes(depth)
    if iterations < 1:
        yield f"iterations: {iterations}; allowed: 1 or more"
    yield from spread_mistakes(spread_mm)


def mixed_norm_mistakes(
    *, kind: str, alpha: float | str, depth: float, reweightings: int, spread_mm: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``mixed_norm.estimate``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    alpha : float
        As ``estimate`` takes it.
    depth : float
        As ``estimate`` takes it.
    reweightings : int
        As ``estimate`` takes it.
    spread_mm : float
        As ``estimate`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    if isinstance(alpha, str) or not 0 < alpha < 100:
        yield f"alpha: {alpha}; allowed: a number between 0 and 100 (percent)"
    yield from depth_mistakes(depth)
    if reweightings < 1:
        yield f"reweightings: {reweightings}; allowed: 1 (the plain norm) or more"
    yield from spread_mistakes(spread_mm)


def lcmv_mistakes(
    *, kind: str, regularisation: float, weight_norm: str, spread_mm: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``lcmv.estimate``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    regularisation : float
        As ``estimate`` takes it.
    weight_norm : str
        As ``estimate`` takes it.
    spread_mm : float
        As ``estimate`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    if not 0 < regularisation < math.inf:
        # Without it a window of fewer samples than channels has no inverse covariance.
        yield f"regularisation: {regularisation}; allowed: a number above 0"
    if weight_norm not in WEIGHT_NORMS:
        yield f"weight_norm: {weight_norm!r}; allowed: {', '.join(WEIGHT_NORMS)}"
    yield from spread_mistakes(spread_mm)


def music_mistakes(
    *, kind: str, dipoles: int | str, threshold: float, spread_mm: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``music.estimate``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    dipoles : int or str
        As ``estimate`` takes it.
    threshold : float
        As ``estimate`` takes it.
    spread_mm : float
        As ``estimate`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    words = ("auto", "true_number")
    if dipoles not in words and (isinstance(dipoles, str) or not 1 <= dipoles <= MOST_DIPOLES):
        yield f"dipoles: {dipoles!r}; allowed: {', '.join(words)} or 1 to {MOST_DIPOLES}"
    if not 0 < threshold < math.inf:
        yield f"threshold: {threshold}; allowed: a number above 0"
    yield from spread_mistakes(spread_mm)


def patch_sbl_mistakes(
    *,
    kind: str,
    extents_mm: Sequence[float],
    spacing_mm: float,
    iterations: int,
    exponent: float,
    half: float,
) -> Iterator[str]:
    """Yield what is wrong with the options of ``patch_sbl.estimate``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    extents_mm : sequence of float
        As ``estimate`` takes it.
    spacing_mm : float
        As ``estimate`` takes it.
    iterations : int
        As ``estimate`` takes it.
    exponent : float
        As ``estimate`` takes it.
    half : float
        As ``estimate`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    if not extents_mm or not all(0 < extent <= LARGEST_SPREAD_MM for extent in extents_mm):
        yield f"extents_mm: {list(extents_mm)}; allowed: one or more up to {LARGEST_SPREAD_MM}"
    for name, value in (("spacing_mm", spacing_mm), ("half", half)):
        if not 0 < value < math.inf:
            yield f"{name}: {value}; allowed: a number above 0"
    if iterations < 1:
        yield f"iterations: {iterations}; allowed: 1 or more"
    if not 0 < exponent <= 1:
        yield f"exponent: {exponent}; allowed: above 0 to 1 (0.5 a bound, 1 MacKay's)"


# By the name in the registry, as ``inverse.options.CHECKS``.
CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "gamma_map": gamma_map_mistakes,
    "mixed_norm": mixed_norm_mistakes,
    "lcmv": lcmv_mistakes,
    "rap_music": music_mistakes,
    "trap_music": music_mistakes,
    "patch_sbl": patch_sbl_mistakes,
}
