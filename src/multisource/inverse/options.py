"""What the options of the solvers may be: asked before any job runs, and again by the jobs.

Nothing heavy is imported here, since the configuration is checked with these functions. Each
yields one line per mistake; a line begins with the option's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

ORIENTATIONS = ("free", "loose", "fixed")
LARGEST_DEPTH = 2
OPERATORS = ("bem", "fem", "own")
MOST_SOURCES = 5  # of the patch posterior
LARGEST_CHAINS = 64
LARGEST_SPREAD_MM = 200
# Euler's formula: the vertices of a closed mesh of more than 12 have more than 5 neighbours on
# average, so that one of them has 6 at least.
SMALLEST_MAX_NEIGHBOURS = 6


def snr_mistakes(snr: float) -> Iterator[str]:
    """Yield what is wrong with a signal-to-noise ratio.

    Parameters
    ----------
    snr : float
        Amplitude ratio.

    Yields
    ------
    str
        One line per mistake.
    """
    if not 0 < snr < math.inf:
        yield f"snr: {snr}; allowed: a finite number above 0"


def orientation_mistakes(orientation: str, loose: float = 1.0) -> Iterator[str]:
    """Yield what is wrong with an orientation, and with ``loose`` where it is used.

    Parameters
    ----------
    orientation : str
        One of ``ORIENTATIONS``.
    loose : float
        Variance of the tangential components, relative to the normal's.

    Yields
    ------
    str
        One line per mistake.
    """
    if orientation not in ORIENTATIONS:
        yield f"orientation: {orientation!r}; allowed: {', '.join(ORIENTATIONS)}"
    if orientation == "loose" and not 0 < loose <= 1:
        yield f"loose: {loose}; allowed: above 0, at most 1 (0 is orientation: fixed)"


def depth_mistakes(depth: float) -> Iterator[str]:
    """Yield what is wrong with an exponent of the depth weighting.

    Parameters
    ----------
    depth : float
        The exponent.

    Yields
    ------
    str
        One line per mistake.
    """
    if not 0 <= depth <= LARGEST_DEPTH:
        yield f"depth: {depth}; allowed: 0 (off) to {LARGEST_DEPTH}"


def minimum_norm_mistakes(
    *, kind: str, orientation: str, loose: float, depth: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``minimum_norm.build_kernel``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    orientation : str
        As ``build_kernel`` takes it.
    loose : float
        As ``build_kernel`` takes it.
    depth : float
        As ``build_kernel`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    yield from orientation_mistakes(orientation, loose)
    yield from depth_mistakes(depth)
    if kind == "eloreta":
        if orientation == "loose":
            yield "orientation: loose; eLORETA has free or fixed only"
        if depth > 0:
            yield f"depth: {depth}; eLORETA has 0 only (its weights already undo the depth bias)"


def loreta_mistakes(
    *, kind: str, orientation: str, loose: float, depth: float, epsilon: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``loreta.build_kernel``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    orientation : str
        As ``build_kernel`` takes it.
    loose : float
        As ``build_kernel`` takes it.
    depth : float
        As ``build_kernel`` takes it.
    epsilon : float
        As ``build_kernel`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    yield from orientation_mistakes(orientation, loose)
    yield from depth_mistakes(depth)
    if not 0 < epsilon <= 1:
        yield f"epsilon: {epsilon}; allowed: above 0, at most 1"


def laura_mistakes(
    *,
    kind: str,
    orientation: str,
    loose: float,
    depth: float,
    epsilon: float,
    exponent: float,
    max_neighbours: int | None,
) -> Iterator[str]:
    """Yield what is wrong with the options of ``laura.build_kernel``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    orientation : str
        As ``build_kernel`` takes it.
    loose : float
        As ``build_kernel`` takes it.
    depth : float
        As ``build_kernel`` takes it.
    epsilon : float
        As ``build_kernel`` takes it.
    exponent : float
        As ``build_kernel`` takes it.
    max_neighbours : int or None
        As ``build_kernel`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    yield from loreta_mistakes(
        kind=kind, orientation=orientation, loose=loose, depth=depth, epsilon=epsilon
    )
    yield from exponent_mistakes(exponent)
    if max_neighbours is not None and max_neighbours < SMALLEST_MAX_NEIGHBOURS:
        yield (
            f"max_neighbours: {max_neighbours}; a dipole of a closed mesh has "
            f"{SMALLEST_MAX_NEIGHBOURS} neighbours: give that or more, or null for the mesh's own"
        )


def exponent_mistakes(exponent: float) -> Iterator[str]:
    """Yield what is wrong with the decay of LAURA's influence.

    Parameters
    ----------
    exponent : float
        The power of distance.

    Yields
    ------
    str
        One line per mistake.
    """
    if not 0 < exponent < math.inf:
        yield f"exponent: {exponent}; allowed: above 0 (3 vector, 2 scalar fields)"


def spread_mistakes(spread_mm: float) -> Iterator[str]:
    """Yield what is wrong with the diameter over which dipoles are spread.

    Parameters
    ----------
    spread_mm : float
        As ``points.spread`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    if not 0 <= spread_mm <= LARGEST_SPREAD_MM:
        yield f"spread_mm: {spread_mm}; allowed: 0 (off) to {LARGEST_SPREAD_MM}"


def invertmeeg_mistakes(
    *, kind: str, solver: str, orientation: str, alpha: float | str, spread_mm: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``invertmeeg.estimate``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    solver : str
        As ``estimate`` takes it; only the package knows which there are.
    orientation : str
        As ``estimate`` takes it.
    alpha : float or str
        As ``estimate`` takes it.
    spread_mm : float
        As ``estimate`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    if orientation not in ("free", "fixed"):
        yield f"orientation: {orientation!r}; allowed: free, fixed"
    if isinstance(alpha, str):
        if alpha != "auto":
            yield f"alpha: {alpha!r}; allowed: auto or a number above 0"
    elif not 0 < alpha < math.inf:
        yield f"alpha: {alpha}; allowed: auto or a number above 0"
    yield from spread_mistakes(spread_mm)


def patch_posterior_mistakes(
    *,
    kind: str,
    operator: str,
    budget: int,
    windows: int | None | Mapping[str, int | None],
    chains: int,
    temperatures: int,
    sources: tuple[int, int] | None,
    boost_factor: float,
    scale_sd: float,
    sensor_noise: bool,
    mismatch: bool,
    disturbances: bool,
    trust: float | None,
    credibility: float,
) -> Iterator[str]:
    """Yield what is wrong with the options of ``posterior.solver.estimate``.

    Parameters
    ----------
    kind : str
        Name in the registry.
    operator : str
        As ``estimate`` takes it.
    budget : int
        As ``estimate`` takes it.
    windows : int, None or mapping of str to int or None
        As ``estimate`` takes it, or for each scenario by name, ``others`` for those not named.
    chains : int
        As ``estimate`` takes it.
    temperatures : int
        As ``estimate`` takes it.
    sources : tuple of int or None
        As ``estimate`` takes it.
    boost_factor : float
        As ``estimate`` takes it.
    scale_sd : float
        As ``estimate`` takes it.
    sensor_noise : bool
        As ``estimate`` takes it.
    mismatch : bool
        As ``estimate`` takes it.
    disturbances : bool
        As ``estimate`` takes it.
    trust : float or None
        As ``estimate`` takes it.
    credibility : float
        As ``estimate`` takes it.

    Yields
    ------
    str
        One line per mistake.
    """
    if operator not in OPERATORS:
        yield f"operator: {operator!r}; allowed: {', '.join(OPERATORS)}"
    for name, value in (("chains", chains), ("temperatures", temperatures)):
        if not 1 <= value <= LARGEST_CHAINS:
            yield f"{name}: {value}; allowed: 1 to {LARGEST_CHAINS}"
    if budget < chains * temperatures:
        yield f"budget: {budget}; each of {chains * temperatures} chains needs 1 or more"
    counts = windows if isinstance(windows, Mapping) else {"": windows}
    for name, count in counts.items():
        if count is not None and count < 1:
            place = f"windows.{name}" if name else "windows"
            yield f"{place}: {count}; allowed: 1 or more, or null for all"
    if sources is not None and not 0 <= sources[0] <= sources[1] <= MOST_SOURCES:
        yield f"sources: {list(sources)}; allowed: 0 to {MOST_SOURCES}, in order, or null"
    if not 1 <= boost_factor < math.inf:
        yield f"boost_factor: {boost_factor}; allowed: 1 (the boost is known) or more"
    if not 0 <= scale_sd < math.inf:
        yield f"scale_sd: {scale_sd}; allowed: 0 (the scale is known) or more"
    if trust is not None and not 0 < trust <= 1:
        yield f"trust: {trust}; allowed: above 0, at most 1, or null"
    if not 0 < credibility < 1:
        yield f"credibility: {credibility}; allowed: between 0 and 1"


# By the name in the registry; ``noise``, ``snr`` and ``windows``, which are the workflow's, are
# checked elsewhere. A solver without a line here is checked by its own function only,
# which is to say in its job.
CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "mne": minimum_norm_mistakes,
    "dspm": minimum_norm_mistakes,
    "sloreta": minimum_norm_mistakes,
    "eloreta": minimum_norm_mistakes,
    "loreta": loreta_mistakes,
    "laura": laura_mistakes,
    "invertmeeg": invertmeeg_mistakes,
    "patch_posterior": patch_posterior_mistakes,
}
