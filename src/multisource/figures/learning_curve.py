"""What a network finds against the number of samples it has learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from multisource.evaluation.names import metric_label

CURVE, PAPER = "#1546d8", "#1f1f1f"
RANGES = {"dr_least": (0, None)}


def learning_curve_figure(
    table: pd.DataFrame,
    metrics: Sequence[str] = ("auc_average", "auc_close", "fraction_active", "dr_least"),
    *,
    paper: Mapping[str, float] | None = None,
    title: str = "",
) -> Figure:
    """Draw the median and interval of each metric against the number of training samples.

    Parameters
    ----------
    table : DataFrame
        One row per number of samples and metric, columns samples, metric, median, low, high.
    metrics : sequence of str
        One panel each.
    paper : mapping of str to float, optional
        The paper's value of a metric, drawn as a line.
    title : str
        Printed above.

    Returns
    -------
    Figure
        The panels side by side.
    """
    figure = Figure(figsize=(3.1 * len(metrics), 3.2), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(metrics)), metrics, strict=True):
        part = table[table["metric"] == metric].sort_values("samples")
        count, median = part["samples"], part["median"]
        spread = [median - part["low"], part["high"] - median]
        axes.errorbar(count, median, spread, color=CURVE, marker="o", capsize=3, label="ours")
        if paper and metric in paper:
            axes.axhline(paper[metric], color=PAPER, linestyle="--", linewidth=1, label="paper")
        axes.set(xscale="log", xlabel="training samples", title=metric_label(metric))
        axes.set_xticks(count, [f"{number:,}" for number in count])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(*RANGES.get(metric, (None, None)))
        axes.grid(axis="y", color="#e3e6ea")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    if title:
        figure.suptitle(title)
    return figure
