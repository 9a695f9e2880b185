"""The solvers by name. A new one is a file and a line here; see docs/add-your-own.md.

A function called ``build_kernel`` is a linear solver, one called ``estimate`` depends on the data
(``contract`` says what each is given).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from multisource.errors import UserError
from multisource.inverse.contract import DataSolver, Estimates, LinearSolver, Measured, Study
from multisource.registry import Registry, load, signature

if TYPE_CHECKING:
    import mne
    import numpy as np

    from multisource.inverse.kernel import Kernel

SOLVERS = Registry(
    "kind",
    {"build_kernel": LinearSolver, "estimate": DataSolver},
    {
        "mne": "multisource.inverse.minimum_norm:build_kernel",
        "dspm": "multisource.inverse.minimum_norm:build_kernel",
        "sloreta": "multisource.inverse.minimum_norm:build_kernel",
        "eloreta": "multisource.inverse.minimum_norm:build_kernel",
        "loreta": "multisource.inverse.loreta:build_kernel",
        "laura": "multisource.inverse.laura:build_kernel",
        "gamma_map": "multisource.inverse.gamma_map:estimate",
        "mixed_norm": "multisource.inverse.mixed_norm:estimate",
        "lcmv": "multisource.inverse.lcmv:estimate",
        "rap_music": "multisource.inverse.music:estimate",
        "trap_music": "multisource.inverse.music:estimate",
        "patch_sbl": "multisource.inverse.patch_sbl:estimate",
        "average": "multisource.inverse.average:estimate",
        "invertmeeg": "multisource.inverse.invertmeeg:estimate",
        "patch_posterior": "multisource.posterior.solver:estimate",
    },
)
# Kinds of a package that need not be installed: what a study's check asks, given their options.
OPTIONAL = {
    "invertmeeg": "multisource.inverse.invertmeeg:check_solver",
    "average": "multisource.inverse.average:check_solvers",
}
NOISE = ("white", "background")
# What only the workflow can give: it knows what made the windows.
MEASURED = "measured"


def is_linear(kind: str) -> bool:
    """Say whether a solver is a kernel, built once for all windows.

    Parameters
    ----------
    kind : str
        A name of ``SOLVERS``.

    Returns
    -------
    bool
        False for a solver that depends on the data.

    Raises
    ------
    UserError
        For an unknown name.
    """
    return SOLVERS[kind].endswith(":build_kernel")


def tells(kind: str) -> bool:
    """Say whether a solver may tell more than maps, such as probabilities.

    Parameters
    ----------
    kind : str
        A name of ``SOLVERS``.

    Returns
    -------
    bool
        True if its function is annotated as one that returns ``Estimates``.
    """
    return "Estimates" in signature(SOLVERS[kind]).returns


def check_installed(kind: str, chosen: Mapping[str, Any]) -> None:
    """Check that the package of a solver is installed and has what the options name.

    Parameters
    ----------
    kind : str
        A name of ``SOLVERS``.
    chosen : mapping
        Options of the solver.

    Raises
    ------
    UserError
        If the package is missing, or does not have it.
    """
    if kind in OPTIONAL:
        load(OPTIONAL[kind])(**chosen)


def options(kind: str) -> dict[str, Any]:
    """Return the options of a solver.

    A solver that asks for the noise covariance has the option ``noise`` in its place, one that asks
    for the signal-to-noise ratio the option ``snr``, None for the study's, one that asks for a
    network's maps the option ``proposal``, a network's name, None for no maps, and one that depends
    on the data ``windows``, the first windows of each scenario that it is given, None for all.

    Parameters
    ----------
    kind : str
        A name of ``SOLVERS``.

    Returns
    -------
    dict
        Option -> default.

    Raises
    ------
    UserError
        For an unknown name.
    """
    offered = SOLVERS.offered(kind)
    common: dict[str, Any] = {}
    if "noise_covariance" in offered:
        common["noise"] = "white"
    if "snr" in offered:
        common["snr"] = None
    if "proposal" in offered:
        common["proposal"] = None
    if not is_linear(kind):
        common["windows"] = None
    return common | SOLVERS.options(kind)


def build_kernel(
    kind: str,
    forward: mne.Forward,
    *,
    snr: float = 3.0,
    noise: str | np.ndarray = "white",
    **chosen: Any,
) -> Kernel:
    """Build the kernel of a linear solver by its name.

    Parameters
    ----------
    kind : str
        A name of ``SOLVERS``.
    forward : mne.Forward
        Operator B, free orientation.
    snr : float
        Amplitude signal-to-noise ratio, passed to solvers that ask for it.
    noise : str or ndarray of shape (E, E)
        ``white``, the same in every channel before average reference; ``background``, that of
        independent dipoles all over the cortex seen through ``forward``; or a covariance in V^2.
    **chosen : Any
        Further options of the solver.

    Returns
    -------
    Kernel
        The solver's matrix.

    Raises
    ------
    UserError
        For an unknown name or option, a missing option, or a solver that has no kernel.
    """
    given = _given(kind, forward, snr, noise)
    if not is_linear(kind):
        SOLVERS.check(kind, chosen)
        raise UserError(f"kind: {kind!r} has no kernel, it depends on the data")
    return SOLVERS.call(kind, forward, given=given, chosen=chosen)


def estimates(
    kind: str,
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    snr: float = 3.0,
    noise: str | np.ndarray = "white",
    sfreq: float = 250.0,
    smooth: int = 0,
    study: Study | None = None,
    measured: Measured | None = None,
    proposal: np.ndarray | None = None,
    true_sources: Sequence[int] | None = None,
    **chosen: Any,
) -> Estimates:
    """Estimate maps, and what else a solver says, by any solver.

    Parameters
    ----------
    kind : str
        As for :func:`build_kernel`.
    forward : mne.Forward
        As for :func:`build_kernel`.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    snr : float
        As for :func:`build_kernel`.
    noise : str or ndarray of shape (E, E)
        As for :func:`build_kernel`.
    sfreq : float
        Sampling rate in Hz.
    smooth : int
        Steps of averaging over neighbours on the cortex, for linear solvers.
    study : Study, optional
        How the study's sources behave, for solvers that ask for it.
    measured : Measured, optional
        What the background of a recording is, for solvers that ask for it.
    proposal : ndarray of shape (S, N), optional
        A network's maps of the windows, for solvers that ask for them.
    true_sources : sequence of int of length S, optional
        The true number of sources of each window, for a solver whose options ask for it.
    **chosen : Any
        Further options of the solver.

    Returns
    -------
    Estimates
        Maps and more.

    Raises
    ------
    UserError
        For an unknown name or option, a missing option, or windows that do not fit.
    """
    if is_linear(kind):
        from multisource.inverse.kernel import apply_kernel
        from multisource.inverse.mesh import smoothing

        kernel = build_kernel(kind, forward, snr=snr, noise=noise, **chosen)
        operator = smoothing(forward, smooth)
        return Estimates(apply_kernel(kernel, eeg, smoothing=operator))
    given = _given(kind, forward, snr, noise)
    given |= {"sfreq": sfreq, "study": study, "measured": measured}
    given |= {"proposal": proposal, "true_sources": true_sources}
    found = SOLVERS.call(kind, forward, eeg, given=given, chosen=chosen)
    return found if isinstance(found, Estimates) else Estimates(found)


def estimate(kind: str, forward: mne.Forward, eeg: np.ndarray, **chosen: Any) -> np.ndarray:
    """Estimate maps by any solver.

    Parameters
    ----------
    kind : str
        A name of ``SOLVERS``.
    forward : mne.Forward
        Operator B, free orientation.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    **chosen : Any
        Options of :func:`estimates` and of the solver.

    Returns
    -------
    ndarray of shape (S, N)
        Maps.

    Raises
    ------
    UserError
        As :func:`estimates` does.
    """
    return estimates(kind, forward, eeg, **chosen).maps


def _given(kind: str, forward: mne.Forward, snr: float, noise: str | np.ndarray) -> dict[str, Any]:
    """Return what the contracts offer to a solver."""
    if isinstance(noise, str) and noise not in NOISE:
        raise UserError(f"noise: {noise!r}; allowed: {', '.join(NOISE)}")
    covariance = None
    if not isinstance(noise, str):
        covariance = noise
    elif noise == "background":
        from multisource.inverse.solver_leadfield import background_covariance

        covariance = background_covariance(forward)
    if covariance is not None and "noise" not in options(kind):
        raise UserError(f"{kind}: unknown option 'noise': the solver takes no noise covariance")
    return {"kind": kind, "snr": snr, "noise_covariance": covariance}
