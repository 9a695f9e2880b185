"""Every method on every head of a study over several."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multisource.evaluation.heads import STATISTICS
from multisource.evaluation.names import method_label, metric_label
from multisource.evaluation.tables import digits


def across_heads(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of all heads into one.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Label of a head to its table, as :func:`multisource.evaluation.heads.heads_table` makes it.

    Returns
    -------
    pandas.DataFrame
        Their rows, with the column ``head`` in front.
    """
    rows = [frame.assign(head=head) for head, frame in tables.items()]
    whole = pd.concat(rows, ignore_index=True)
    return whole[["head", *(name for name in whole if name != "head")]]


def across_frame(table: pd.DataFrame, test: str, metric: str) -> pd.DataFrame:
    """Return one metric on one test set as text: a row for each method, a column for each head.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`across_heads`.
    test : str
        A test set.
    metric : str
        A metric.

    Returns
    -------
    pandas.DataFrame
        Columns method, the heads, their mean, and least and most; a method that a head has not is
        empty there.
    """
    part = table[(table["test"] == test) & (table["metric"] == metric)]
    places = digits(metric)
    wide = part.pivot(index="method", columns="head", values="value")
    wide = wide.reindex(index=part["method"].unique(), columns=table["head"].unique())
    frame = wide.map(lambda value: "" if pd.isna(value) else f"{value:.{places}f}")
    frame["mean"] = [f"{value:.{places}f}" for value in wide.mean(axis=1)]
    frame["least to most"] = [
        f"{low:.{places}f} to {high:.{places}f}"
        for low, high in zip(wide.min(axis=1), wide.max(axis=1), strict=True)
    ]
    frame.insert(0, "method", [method_label(name) for name in wide.index])
    return frame.reset_index(drop=True).rename_axis(columns=None)


def across_markdown(table: pd.DataFrame) -> str:
    """Print the table, a part for each metric and test set.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`across_heads`.

    Returns
    -------
    str
        Markdown.
    """
    parts = [
        "# Every method on every head",
        "Each head has its own windows, leadfields and trained networks; a network with weights "
        "that come with the repository has the same everywhere. Medians or means over the windows "
        "of a head; beside them their mean over the heads, least and most.",
    ]
    for metric, statistic in STATISTICS.items():
        parts += [f"## {metric_label(metric)} ({statistic} over the windows)"]
        for test in table["test"].unique():
            parts += [f"Test set `{test}`:"]
            parts += [
                across_frame(table, test, metric).to_markdown(index=False, disable_numparse=True)
            ]
    return "\n\n".join(parts) + "\n"
