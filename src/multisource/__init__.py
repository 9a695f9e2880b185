"""Multi-source EEG localization: anatomy, leadfields, simulation, network, inverse, evaluation.

Nothing heavy is imported here: the Snakefile imports this package in every job.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what Python users ask for when they do; by name, so that no step depends on it."""
    if name == "Study":
        return import_module("multisource.study").Study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
