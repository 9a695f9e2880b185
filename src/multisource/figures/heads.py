"""Every method on every test set as a picture: values as colours and numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from multisource.evaluation.heads import knows, letters
from multisource.evaluation.names import method_label, metric_label
from multisource.evaluation.tables import HIGHER_IS_BETTER, REFERENCES, digits

SHOWN = ("fraction_active", "average_precision", "all_found", "emd_mm")
_CRIME = "#d1480b"


def heads_figure(table: pd.DataFrame, metrics: Sequence[str] = SHOWN) -> Figure:
    """Draw a panel for each metric: methods down, test sets across.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`multisource.evaluation.heads.heads_table`.
    metrics : sequence of str
        What is shown.

    Returns
    -------
    Figure
        The panels. A frame marks a method that was trained on, or solves with, the operator that
        made the test set.
    """
    table = table[~table["method"].isin(REFERENCES)]
    tests = list(dict.fromkeys(table["test"]))
    methods = list(dict.fromkeys(table["method"]))
    across = 2 if len(tests) <= 5 else 1
    down = -(-len(metrics) // across)
    size = (across * (2.6 + 0.78 * len(tests)), down * (1.5 + 0.27 * len(methods)) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    panels = np.atleast_1d(figure.subplots(down, across, sharey=True)).ravel()
    for axes, metric in zip(panels, metrics, strict=False):
        _panel(axes, table[table["metric"] == metric], metric, tests, methods)
    for axes in panels[len(metrics) :]:
        axes.remove()
    figure.suptitle(
        "Behind each method the operator that it knows, below each test set that which made it. "
        "Framed: the same (the inverse crime)",
        fontsize="medium",
        color=_CRIME,
    )
    return figure


def _panel(
    axes: Axes, part: pd.DataFrame, metric: str, tests: Sequence[str], methods: Sequence[str]
) -> None:
    values = part.pivot(index="method", columns="test", values="value").loc[methods, tests]
    seen = part.pivot(index="method", columns="test", values="seen").loc[methods, tests]
    better = metric in HIGHER_IS_BETTER
    shown = values.to_numpy(float)
    axes.imshow(
        np.ma.masked_invalid(shown),
        cmap="YlGnBu" if better else "YlGnBu_r",
        vmin=0,
        vmax=1 if better else np.nanmax(shown),
        aspect="auto",
    )
    middle = 0.5 if better else np.nanmax(shown) / 2
    places = min(digits(metric), 2)
    for (row, column), value in np.ndenumerate(shown):
        if np.isnan(value):
            continue
        dark = (value > middle + 0.1) if better else (value < middle)
        axes.text(
            column,
            row,
            f"{value:.{places}f}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if dark else "black",
        )
        if seen.iat[row, column]:
            box = Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, ec=_CRIME, lw=1.6)
            axes.add_patch(box)
    statistic = part["statistic"].iloc[0]
    axes.set_title(f"{metric_label(metric)} ({statistic})", fontsize="medium", loc="left")
    axes.set_xticks(range(len(tests)), [_column(part, test) for test in tests], fontsize=7)
    labels = [f"{method_label(m)}: {knows(part[part['method'] == m])}" for m in methods]
    axes.set_yticks(range(len(methods)), labels, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _column(part: pd.DataFrame, test: str) -> str:
    """Name of a test set, a word a line, and its operator."""
    operator = letters(part.loc[part["test"] == test, "operator"].iloc[0])
    name = test.removeprefix("test_")
    words = name.replace("_", "\n")
    return words if operator == name else f"{words}\n({operator})"
