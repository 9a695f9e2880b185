"""The solvers by name. A new one is a module with ``build_kernel`` and a line here."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

from multisource.errors import UserError

if TYPE_CHECKING:
    import mne

    from multisource.inverse.kernel import Kernel

SOLVERS: dict[str, str] = {
    "mne": "multisource.inverse.minimum_norm",
    "dspm": "multisource.inverse.minimum_norm",
    "sloreta": "multisource.inverse.minimum_norm",
    "eloreta": "multisource.inverse.minimum_norm",
    "loreta": "multisource.inverse.loreta",
    "laura": "multisource.inverse.laura",
}


def options(kind: str) -> dict[str, object]:
    """Options of a solver and their defaults."""
    parameters = inspect.signature(_builder(kind)).parameters.values()
    return {p.name: p.default for p in parameters if p.name not in ("forward", "kind")}


def build_kernel(kind: str, forward: mne.Forward, **chosen) -> Kernel:
    """Build the kernel of a solver by its name; UserError for an unknown name or option."""
    allowed = options(kind)
    for name in chosen:
        if name not in allowed:
            raise UserError(f"{kind}: unknown option {name!r}; allowed: {', '.join(allowed)}")
    builder = _builder(kind)
    if "kind" in inspect.signature(builder).parameters:
        chosen["kind"] = kind
    return builder(forward, **chosen)


def _builder(kind: str):
    if kind not in SOLVERS:
        raise UserError(f"kind: {kind!r}; allowed: {', '.join(SOLVERS)}")
    return import_module(SOLVERS[kind]).build_kernel
