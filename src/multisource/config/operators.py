"""The operators of a configuration: what each test set is seen through, what methods are given."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from multisource.config.study import merged, scenarios, scored, simulated, split_of

# Operators that every study has.
OPERATORS = ("fem", "bem")
# Keys of a variant of the leadfield that are no settings of its method.
OF_VARIANTS = ("method", "electrode_error_mm", "seed")
# Key of a variant that names the results of another head, and what may stand beside it.
OF_ANOTHER_HEAD, BESIDE_IT = "head", ("method",)


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
    return operators_in(simulated(config, split))


def operators_in(simulation: Mapping[str, Any]) -> list[str]:
    """Return the operators that settings of a simulation name.

    Parameters
    ----------
    simulation : mapping
        Section ``simulation`` of the configuration, or what a split or a curve's point makes of it.

    Returns
    -------
    list of str
        As for :func:`operators`.
    """
    chosen = simulation["operator"]
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


def is_borrowed(config: Mapping[str, Any], variant: str) -> bool:
    """Say whether a variant of the leadfield is that of another head.

    Parameters
    ----------
    config : mapping
        The configuration.
    variant : str
        Name of an entry of ``leadfield.variants``.

    Returns
    -------
    bool
        True where the entry names another head's results.
    """
    return OF_ANOTHER_HEAD in config["leadfield"]["variants"][variant]


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


def is_own(config: Mapping[str, Any], solver: str) -> bool:
    """Say whether a solver is given the operator that made the windows of each scenario.

    Parameters
    ----------
    config : mapping
        The configuration.
    solver : str
        Name of its settings.

    Returns
    -------
    bool
        True for ``operator: own``.
    """
    return bool(config["inverse"]["settings"][solver].get("operator") == "own")


def settings_told(settings: Mapping[str, Any], options: Container[str]) -> dict[str, Any]:
    """Return a solver's settings as its function takes them.

    Which operator it is given is the workflow's affair, so that every solver may have that setting.
    A function that asks for it is told; a variant did not make the data any more than ``bem``.

    Parameters
    ----------
    settings : mapping
        Of the configuration: kind and options.
    options : container of str
        What the kind has of its own.

    Returns
    -------
    dict
        Kind and options.
    """
    given = {key: value for key, value in settings.items() if key != "operator"}
    if "operator" in settings and "operator" in options:
        named = settings["operator"]
        given["operator"] = named if named in (*OPERATORS, "own") else "bem"
    return given


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
    own = is_own(config, solver)
    return {
        scenario: scenario_operators(config, scenario)[0] if own else chosen
        for scenario in scored(config)
    }


def given_operators(config: Mapping[str, Any], method: str) -> dict[str, list[str]]:
    """Return the operators that a method knows of on each test set.

    Parameters
    ----------
    config : mapping
        The configuration.
    method : str
        A network, solver or baseline.

    Returns
    -------
    dict of str to list of str
        Scenario to operators: of a network those that it learns from, of a solver the one that it
        is given; of a baseline none.
    """
    names = scenarios(config)
    if method in config["network"]["networks"]:
        learnt = operators(config, split_of(config, method, "train"))
        return dict.fromkeys(names, learnt)
    if method in config["inverse"]["solvers"]:
        chosen = solver_operators(config, method)
        return {name: [chosen[name]] for name in names}
    return {name: [] for name in names}


def course_operators(config: Mapping[str, Any], method: str) -> dict[str, str]:
    """Return the operator that the time courses of a method's sources are fitted with.

    Parameters
    ----------
    config : mapping
        The configuration.
    method : str
        A network, solver, baseline or submission.

    Returns
    -------
    dict of str to str
        Scenario to operator: a solver's own; the first of those that a network learns from; for
        what knows of none ``bem``, as solvers are given.
    """
    if method in config["inverse"]["solvers"]:
        return solver_operators(config, method)
    learns = method in config["network"]["networks"]
    first = operators(config, split_of(config, method, "train"))[0] if learns else "bem"
    return dict.fromkeys(scored(config), first)


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
