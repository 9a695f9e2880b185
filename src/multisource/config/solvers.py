"""What the rules ask of the settings of a solver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multisource.config.operators import settings_told
from multisource.inverse.registry import MEASURED, SOLVERS

# The word of an option that stands for what only the simulation knows.
TRUE_NUMBER = "true_number"


def call_settings(config: Mapping[str, Any], solver: str) -> dict[str, Any]:
    """Return the kind of a solver and the options that it is called with.

    Parameters
    ----------
    config : mapping
        The configuration.
    solver : str
        Name of its settings.

    Returns
    -------
    dict
        Its settings, without what the workflow does with them: how many windows it is given,
        which values are tried, the noise measured for each window, and whose maps it is given.
    """
    settings = config["inverse"]["settings"][solver]
    own = SOLVERS.options(settings["kind"])
    dropped = ["tune", "windows", "proposal"] + ["noise"] * has_measured_noise(config, solver)
    kept = {key: value for key, value in settings.items() if key not in dropped}
    # A solver that cuts windows itself is given those that it is to solve.
    return settings_told(kept, own) | ({"windows": None} if "windows" in own else {})


def has_measured_noise(config: Mapping[str, Any], solver: str) -> bool:
    """Say whether a solver is told the noise as it would be measured before each window.

    Parameters
    ----------
    config : mapping
        The configuration.
    solver : str
        Name of its settings.

    Returns
    -------
    bool
        True for ``noise: measured``.
    """
    return bool(config["inverse"]["settings"][solver].get("noise") == MEASURED)


def proposing_network(config: Mapping[str, Any], solver: str) -> str | None:
    """Return the network whose maps a solver is given.

    Parameters
    ----------
    config : mapping
        The configuration.
    solver : str
        Name of its settings.

    Returns
    -------
    str or None
        Its name; None for a solver that is given none.
    """
    name: str | None = config["inverse"]["settings"][solver].get("proposal")
    return name


def is_tuned(config: Mapping[str, Any], solver: str) -> bool:
    """Say whether options of a solver are chosen on validation windows.

    Parameters
    ----------
    config : mapping
        The configuration.
    solver : str
        Name of its settings.

    Returns
    -------
    bool
        True if it has a grid ``tune``, be it empty: then only its time is measured.
    """
    return "tune" in config["inverse"]["settings"][solver]


def is_told(settings: Mapping[str, Any]) -> bool:
    """Say whether a solver is told the true number of sources.

    Parameters
    ----------
    settings : mapping
        Its settings.

    Returns
    -------
    bool
        True if a value is ``true_number``.
    """
    return TRUE_NUMBER in [value for value in settings.values() if isinstance(value, str)]
