"""The operators of a configuration: what each test set is seen through, what methods are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multisource.config.study import merged, scored, simulated

# Operators that every study has.
OPERATORS = ("fem", "bem")
# Keys of a variant of the leadfield that are no settings of its method.
OF_VARIANTS = ("method", "electrode_error_mm", "seed")


def operators(config: Mapping[str, Any], split: str) -> list[str]:
    """Return the operators that a split is seen through.

    Parameters
    ----------
    config : mapping
        The configuration.
    split : str
        A split, or ``scenarios`` for the named scenarios.

    Returns
    -------
    list of str
        ``fem``, ``bem`` or names of ``leadfield.variants``.
    """
    chosen = simulated(config, split)["operator"]
    return [chosen] if isinstance(chosen, str) else list(chosen)


def variant_method(config: Mapping[str, Any], variant: str) -> str:
    """Return the method that computes a variant of the leadfield.

    Parameters
    ----------
    config : mapping
        The configuration.
    variant : str
        Name of an entry of ``leadfield.variants``.

    Returns
    -------
    str
        ``fem`` or ``bem``.
    """
    return str(config["leadfield"]["variants"][variant].get("method", "fem"))


def operator_settings(config: Mapping[str, Any], operator: str) -> dict[str, Any]:
    """Return the settings of the method that computes an operator.

    Parameters
    ----------
    config : mapping
        The configuration.
    operator : str
        ``fem``, ``bem`` or an entry of ``leadfield.variants``, whose settings go before those of
        its method.

    Returns
    -------
    dict
        Settings as in ``leadfield.fem`` or ``leadfield.bem``.
    """
    if operator in OPERATORS:
        return dict(config["leadfield"][operator])
    variant = config["leadfield"]["variants"][operator]
    own = {key: value for key, value in variant.items() if key not in OF_VARIANTS}
    return merged(config["leadfield"][variant_method(config, operator)], own)


def solver_operators(config: Mapping[str, Any], solver: str) -> dict[str, str]:
    """Return the operator that a solver is given for each scenario.

    Parameters
    ----------
    config : mapping
        The configuration.
    solver : str
        Name of its settings.

    Returns
    -------
    dict of str to str
        Scenario to ``fem``, ``bem`` or an entry of ``leadfield.variants``.
    """
    chosen = config["inverse"]["settings"][solver].get("operator", "bem")
    return {
        scenario: scenario_operators(config, scenario)[0] if chosen == "own" else chosen
        for scenario in scored(config)
    }


def scenario_operators(config: Mapping[str, Any], scenario: str) -> list[str]:
    """Return the operators that a scenario is seen through: the named ones have theirs in common.

    Parameters
    ----------
    config : mapping
        The configuration.
    scenario : str
        What methods are compared on.

    Returns
    -------
    list of str
        As :func:`operators` does.
    """
    named = config["simulation"]["scenarios"]["names"]
    return operators(config, "scenarios" if scenario in named else scenario)
