"""Every method on every test set: who knew the head that made it, and what that is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from multisource.errors import UserError
from multisource.evaluation.names import OPERATORS, method_label, metric_label
from multisource.evaluation.summary import middle_interval
from multisource.evaluation.tables import REFERENCES, best_methods, digits
from multisource.leadfield.compare import median_difference
from multisource.leadfield.forward import Leadfield

# Two operators by name to the median over the dipoles of RDM and of lnMAG.
Difference = Callable[[str, str], tuple[float, float]]
# What is told of each, median or mean over the windows.
STATISTICS = {
    "fraction_active": "median",
    "average_precision": "median",
    "auc_average": "median",
    "dr_least": "median",
    "recall_least": "median",
    "f1": "median",
    "emd_mm": "median",
    "all_found": "mean",
    "sources_missed": "mean",
    "sources_invented": "mean",
    "source_error_mm": "median",
    "course_correlation": "median",
}
COLUMNS = (
    "test",
    "operator",
    "method",
    "given",
    "seen",
    "rdm",
    "lnmag",
    "metric",
    "statistic",
    "value",
    "low",
    "high",
    "n",
)


def heads_table(
    metrics: pd.DataFrame,
    made_with: Mapping[str, Sequence[str]],
    given: Mapping[str, Mapping[str, Sequence[str]]],
    difference: Difference,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Summarise every method on every test set, with what it knew of the head.

    Parameters
    ----------
    metrics : pandas.DataFrame
        One row per window with columns scenario, method and the metrics.
    made_with : mapping of str to sequence of str
        Test set to the operators that made it.
    given : mapping of str to mapping
        Method to test set to the operators that the method was trained on or solves with.
    difference : callable
        Two operators, by name, to their median RDM and lnMAG: :func:`between`.
    confidence : float
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row per test set, method and metric of ``STATISTICS``: ``operator`` and ``given`` by
        name, ``seen`` whether the method was given all that made the set, median ``rdm`` and
        ``lnmag`` over the dipoles of the set's operators against the nearest given (NaN for none),
        ``value`` with its interval: the median's by order statistics, the mean's by its standard
        error, n windows.
    """
    rows = []
    frames = dict(list(metrics.groupby(["scenario", "method"], sort=False)))
    for test, method in product(made_with, given):
        made, known = made_with[test], given[method][test]
        rdm = lnmag = float("nan")
        if known:
            nearest = [min(difference(one, two) for two in known) for one in made]
            rdm, lnmag = np.mean(nearest, axis=0)
        for metric, statistic in STATISTICS.items():
            values = frames[test, method][metric].dropna().to_numpy(float)
            value, low, high = middle_interval(values, statistic, confidence)
            rows.append(
                {
                    "test": test,
                    "operator": ", ".join(made),
                    "method": method,
                    "given": ", ".join(known),
                    "seen": bool(known) and set(made) <= set(known),
                    "rdm": rdm,
                    "lnmag": lnmag,
                    "metric": metric,
                    "statistic": statistic,
                    "value": value,
                    "low": low,
                    "high": high,
                    "n": len(values),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def between(leadfields: Mapping[str, Leadfield]) -> Difference:
    """Return what tells how far operators are apart; each pair is compared once.

    Parameters
    ----------
    leadfields : mapping of str to Leadfield
        The operators by name.

    Returns
    -------
    callable
        Two names to median RDM and lnMAG. It raises UserError if a leadfield is missing or is of
        other channels or dipoles.
    """

    @cache
    def difference(one: str, two: str) -> tuple[float, float]:
        for name in (one, two):
            if name not in leadfields:
                raise UserError(f"operator {name!r}: no leadfield of that name is given")
        return median_difference(leadfields[one], leadfields[two])

    return difference


def between_listed(table: pd.DataFrame) -> Difference:
    """Return what tells how far operators are apart by a table in which that stands.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`heads_table`.

    Returns
    -------
    callable
        Two names to median RDM and lnMAG; NaN where no method of the table knew the second.
    """
    single = table[~table["operator"].str.contains(",") & ~table["given"].str.contains(",")]
    columns = ["operator", "given", "rdm", "lnmag"]
    listed = {(one, two): (rdm, lnmag) for one, two, rdm, lnmag in single[columns].to_numpy()}

    def difference(one: str, two: str) -> tuple[float, float]:
        return (0.0, 0.0) if one == two else listed.get((one, two), (np.nan, np.nan))

    return difference


def heads_markdown(table: pd.DataFrame, words: Mapping[str, str]) -> str:
    """Print the table, a part for each metric.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`heads_table`.
    words : mapping of str to str
        Test set to what it states for itself.

    Returns
    -------
    str
        Markdown.
    """
    tests = pd.DataFrame(
        {
            "test set": list(words),
            "made with": [_operator(table, test) for test in words],
            "states": list(words.values()),
        }
    )
    parts = [
        "# Every method on every test head",
        "A is the finite-element operator, B the boundary elements'; others are named in "
        "`leadfield.variants`. ° after a value: the method was trained on, or solves with, the "
        "operator that made the test set, so that the comparison is inside the inverse crime. In "
        "brackets the interval of each value; bold: the best of a column among the methods "
        "without °.",
        tests.to_markdown(index=False),
        "## How far the test operators lie from what each method knows",
        "Median over the dipoles: RDM (0 to 2) / lnMAG.",
        differences_frame(table).to_markdown(index=False),
    ]
    for metric, statistic in STATISTICS.items():
        parts += [f"## {metric_label(metric)} ({statistic} over the windows)"]
        parts += [metric_frame(table, metric, bold=True).to_markdown(index=False)]
    return "\n\n".join(parts) + "\n"


def metric_frame(table: pd.DataFrame, metric: str, *, bold: bool = False) -> pd.DataFrame:
    """Return one metric as text: a row for each method, a column for each test set.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`heads_table`.
    metric : str
        A metric of it.
    bold : bool
        Whether the best of each column is marked, in Markdown.

    Returns
    -------
    pandas.DataFrame
        Columns method, knows, and the test sets.
    """
    part = table[table["metric"] == metric]
    places = digits(metric)
    frame: dict[str, list[str]] = {"method": [], "knows": []}
    for method in dict.fromkeys(part["method"]):
        frame["method"].append(label(table, method))
        frame["knows"].append(knows(part[part["method"] == method]))
    for test, column in part.groupby("test", sort=False):
        unseen = column[~column["seen"] & ~column["method"].isin(REFERENCES)]
        best = best_methods(unseen, metric, "value") if bold else set()
        frame[str(test)] = [_cell(row, places, row.method in best) for row in column.itertuples()]
    return pd.DataFrame(frame)


def label(table: pd.DataFrame, method: str) -> str:
    """Return the printed name of a method, with its windows where it has some only.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of :func:`heads_table`.
    method : str
        A method of it.

    Returns
    -------
    str
        Name, and fewest and most windows of a test set if it has fewer than others.
    """
    # The most of a method's metrics: some are defined for some windows only.
    count = table.groupby(["method", "test"])["n"].max().unstack()
    own = count.loc[method]
    if (own >= count.max()).all():
        return method_label(method)
    few, most = int(own.min()), int(own.max())
    span = f"{few}" if few == most else f"{few} to {most}"
    return f"{method_label(method)} ({span} windows)"


def differences_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Return RDM and lnMAG of the test sets' operators against what methods know.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`heads_table`.

    Returns
    -------
    pandas.DataFrame
        A row for each that is known, a column for each test set.
    """
    part = table[(table["given"] != "") & (table["metric"] == table["metric"].iloc[0])]
    part = part.assign(knows=part["method"].map(lambda m: knows(part[part["method"] == m])))
    part = part[part["knows"] != "the true one"]
    text = part.apply(lambda row: f"{row['rdm']:.3f} / {row['lnmag']:+.2f}", axis=1)
    rows = part.assign(text=text).drop_duplicates(["knows", "test"])
    wide = rows.pivot(index="knows", columns="test", values="text")
    return wide[list(dict.fromkeys(part["test"]))].reset_index().rename_axis(columns=None)


def knows(rows: pd.DataFrame) -> str:
    """Say which operators a method knows.

    Parameters
    ----------
    rows : pandas.DataFrame
        The method's rows of :func:`heads_table`.

    Returns
    -------
    str
        Names, A and B for the two that every study has; ``the true one`` if it has that of each
        test set.
    """
    known = set(rows["given"])
    if len(known) > 1:
        return "the true one"
    return letters(known.pop())


def letters(names: str) -> str:
    """Return operators as they are printed.

    Parameters
    ----------
    names : str
        Their names, separated by commas.

    Returns
    -------
    str
        A for ``fem``, B for ``bem``, a dash for none.
    """
    shown = [OPERATORS.get(name, name) for name in names.split(", ") if name]
    return ", ".join(shown) or "–"


def _operator(table: pd.DataFrame, test: str) -> str:
    return letters(table.loc[table["test"] == test, "operator"].iloc[0])


def _cell(row: Any, places: int, best: bool) -> str:
    if pd.isna(row.value):
        return "–"
    text = f"{row.value:.{places}f}"
    text = f"**{text}**" if best else text
    mark = "°" if row.seen else ""
    return f"{text}{mark} [{row.low:.{places}f}, {row.high:.{places}f}]"
