"""The solvers by name. A new one is a module and a line here.

A module has ``build_kernel(forward, **options) -> Kernel`` if the solver is linear, or else
``estimate(forward, eeg, **options) -> maps``.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

from multisource.errors import UserError

if TYPE_CHECKING:
    import mne
    import numpy as np

    from multisource.inverse.kernel import Kernel

SOLVERS: dict[str, str] = {
    "mne": "multisource.inverse.minimum_norm",
    "dspm": "multisource.inverse.minimum_norm",
    "sloreta": "multisource.inverse.minimum_norm",
    "eloreta": "multisource.inverse.minimum_norm",
    "loreta": "multisource.inverse.loreta",
    "laura": "multisource.inverse.laura",
    "invertmeeg": "multisource.inverse.invertmeeg",
}
NOISE = ("white", "background")
# Arguments that a solver gets from its caller, not from the study's options.
_GIVEN = ("forward", "kind", "eeg", "sfreq", "progress", "noise_covariance")


def is_linear(kind: str) -> bool:
    """Whether the solver is a kernel, built once for all windows."""
    return hasattr(_module(kind), "build_kernel")


def options(kind: str) -> dict[str, object]:
    """Options of a solver and their defaults; ``Parameter.empty`` where one must be given."""
    parameters = inspect.signature(_function(kind)).parameters.values()
    chosen = {p.name: p.default for p in parameters if p.name not in _GIVEN}
    return chosen | {"noise": "white"} if is_linear(kind) else chosen


def check_options(kind: str, chosen: dict) -> None:
    """Raise UserError for an unknown solver or option, or one that is missing."""
    allowed = options(kind)
    for name in chosen:
        if name not in allowed:
            raise UserError(f"{kind}: unknown option {name!r}; allowed: {', '.join(allowed)}")
    for name, default in allowed.items():
        if default is inspect.Parameter.empty and name not in chosen:
            raise UserError(f"{kind}: option {name!r} is missing")


def build_kernel(
    kind: str, forward: mne.Forward, *, noise: str | np.ndarray = "white", **chosen
) -> Kernel:
    """Build the kernel of a linear solver by its name; UserError for an unknown name or option.

    noise: white, the same in every channel before average reference; background, that of
    independent dipoles all over the cortex seen through ``forward``; or a covariance (E, E) in V^2.
    """
    from multisource.inverse.lead import background_covariance

    check_options(kind, chosen)
    if not is_linear(kind):
        raise UserError(f"kind: {kind!r} has no kernel, it depends on the data")
    if isinstance(noise, str) and noise not in NOISE:
        raise UserError(f"noise: {noise!r}; allowed: {', '.join(NOISE)}")
    function = _function(kind)
    if "kind" in inspect.signature(function).parameters:
        chosen["kind"] = kind
    if isinstance(noise, str):
        noise = background_covariance(forward) if noise == "background" else None
    return function(forward, noise_covariance=noise, **chosen)


def estimate(
    kind: str,
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    smooth: int = 0,
    progress: bool = False,
    **chosen,
) -> np.ndarray:
    """Maps (S, N) of windows (S, E, T) in V by any solver; ``smooth`` for linear ones only."""
    if is_linear(kind):
        from multisource.inverse.kernel import apply_kernel
        from multisource.inverse.mesh import smoothing

        kernel = build_kernel(kind, forward, **chosen)
        operator = smoothing(forward, smooth)
        return apply_kernel(kernel, eeg, smoothing=operator, progress=progress)
    check_options(kind, chosen)
    return _function(kind)(forward, eeg, progress=progress, **chosen)


def _module(kind: str):
    if kind not in SOLVERS:
        raise UserError(f"kind: {kind!r}; allowed: {', '.join(SOLVERS)}")
    return import_module(SOLVERS[kind])


def _function(kind: str):
    module = _module(kind)
    return getattr(module, "build_kernel", None) or module.estimate
