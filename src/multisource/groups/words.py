"""What a group's mean and its test are, in words."""

from __future__ import annotations

from multisource.groups.clusters import SURE_P, THRESHOLD_P, Clusters
from multisource.recordings.account import counted


def mean_words(method: str, people: int, *, relative: bool) -> str:
    """Say what is averaged.

    Parameters
    ----------
    method : str
        The printed name of the method.
    people : int
        How many.
    relative : bool
        Whether maps are divided by their mean over the cortex.

    Returns
    -------
    str
        One line.
    """
    unit = "over the mean of the cortex" if relative else "P(active)"
    return f"{method}, mean of {people} people, {unit}"


def tested_words(compared: str, found: Clusters | None) -> str:
    """Say what was tested, and what was found.

    Parameters
    ----------
    compared : str
        With what, in words; empty without a test.
    found : Clusters or None
        The test.

    Returns
    -------
    str
        One line.
    """
    if found is None:
        return "not tested: recordings without events need another group to be compared with"
    sure = int((found.p < SURE_P).sum())
    least = f"; smallest p {found.p[0]:.2g}" if len(found.p) else ""
    told = f"{counted(sure, 'cluster')} of p < {SURE_P:g}"
    told = told if sure else f"no cluster of p < {SURE_P:g}{least}"
    return f"against {compared}: {told} (dipoles of p < {THRESHOLD_P:g}, signs turned by person)"
