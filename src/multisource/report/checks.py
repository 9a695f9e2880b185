"""What the study is expected to show, and whether it does: said in the report either way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from multisource.evaluation.names import method_label

# The true centres of a window are tied at 1 in Perfect's map and share their mean rank.
TIED_CENTRES = 0.0005


@dataclass(frozen=True)
class Check:
    """One expectation.

    Attributes
    ----------
    expected : str
        What was expected.
    found : str
        What was found.
    met : bool
        Whether it is met.
    """

    expected: str
    found: str
    met: bool


def study_checks(
    medians: pd.DataFrame, network: str = "convnet", linear: Collection[str] = ()
) -> list[Check]:
    """Compare the medians of the random test set with what the paper leads one to expect.

    Parameters
    ----------
    medians : DataFrame
        One row per method (index), metrics as columns (auc_close, auc_far, fraction_active,
        dr_least).
    network : str
        The first network.
    linear : collection of str
        The linear solvers, which the paper's network is ahead of. Others, such as what the data
        allow, may well be ahead of a network.

    Returns
    -------
    list of Check
        An expectation whose methods or metrics are not there is left out.
    """
    checks: list[Check] = []
    have = set(medians.index)
    if {"auc_close", "auc_far"} <= set(medians.columns):
        auc = medians[["auc_close", "auc_far"]].mean(axis=1)
        for method, target, slack in (("random", 0.5, 0.02), ("perfect", 1.0, 0.0)):
            if method in have:
                checks.append(_near(f"{method_label(method)}: AUC", auc[method], target, slack))
        if {"mne", "eloreta"} <= have:
            checks.append(
                Check(
                    "eLORETA's AUC lies above MNE's",
                    f"eLORETA {auc['eloreta']:.3f}, MNE {auc['mne']:.3f}",
                    bool(auc["eloreta"] > auc["mne"]),
                )
            )
    if "dr_least" in medians:
        # 0.691 is the median of the largest of k uniform ranks, k uniform on 1 to 3.
        for method, target, slack in (("random", 0.691, 0.05), ("perfect", 0.0, TIED_CENTRES)):
            if method in have:
                found = medians.loc[method, "dr_least"]
                checks.append(_near(f"{method_label(method)}: DR_least", found, target, slack))
    if "fraction_active" in medians:
        share = medians["fraction_active"]
        if "perfect" in have:
            checks.append(_near("Perfect: FractionActive", share["perfect"], 1.0, 0.0))
        classical = share[[method for method in linear if method in have]]
        if network in have and not classical.empty:
            best = str(classical.idxmax())
            checks.append(
                Check(
                    f"{method_label(network)} has a higher FractionActive than every linear solver",
                    f"{method_label(network)} {share[network]:.3f}, "
                    f"the best of them, {method_label(best)}, {classical[best]:.3f}",
                    bool(share[network] > classical[best]),
                )
            )
    return checks


def _near(what: str, found: float, target: float, slack: float) -> Check:
    # Perfect is exact up to the float32 of a stored map.
    met = abs(found - target) <= slack + 1e-6
    about = f"{target:g} ± {slack:g}" if slack else f"{target:g}"
    return Check(f"{what} is {about}", f"{found:.3f}", bool(met))
