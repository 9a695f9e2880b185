"""Pictures of the tables: how each metric spreads over windows, method by method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from multisource.errors import UserError
from multisource.evaluation.names import method_label, metric_label
from multisource.evaluation.tables import HIGHER_IS_BETTER, REFERENCES

NETWORK, CLASSICAL, REFERENCE, PAPER = "#1546d8", "#8b939c", "#d5d9dd", "#d1480b"


def metric_figure(
    metrics: pd.DataFrame,
    columns: Sequence[str],
    *,
    paper: Mapping[tuple[str, str], float] | None = None,
    networks: Sequence[str] = ("convnet",),
    title: str = "",
) -> Figure:
    """Draw a panel per metric and a box per method: quartiles, median, 5th to 95th percentile.

    Parameters
    ----------
    metrics : DataFrame
        Tidy, one row per window and method, with a column ``method`` and ``columns``; methods come
        in order of appearance.
    columns : sequence of str
        The metrics.
    paper : mapping of (str, str) to float, optional
        (method, metric) to the paper's median, drawn as a diamond.
    networks : sequence of str
        The methods that are networks; they have a colour of their own.
    title : str
        Printed above.

    Returns
    -------
    Figure
        The panels side by side.

    Raises
    ------
    UserError
        If a metric has no column.
    """
    unknown = [name for name in columns if name not in metrics]
    if unknown:
        raise UserError(f"metrics: no column {', '.join(unknown)}; there are {list(metrics)}")
    methods = list(dict.fromkeys(metrics["method"]))
    figure = Figure(figsize=(1.9 + 2.15 * len(columns), 1.35 + 0.3 * len(methods)))
    figure.set_layout_engine("constrained")
    panels = np.atleast_1d(figure.subplots(1, len(columns), sharey=True))
    groups = {method: part for method, part in metrics.groupby("method")}
    for axes, column in zip(panels, columns, strict=True):
        for place, method in enumerate(methods):
            values = groups[method][column].dropna()
            if values.empty:
                continue
            colour = (
                NETWORK if method in networks else REFERENCE if method in REFERENCES else CLASSICAL
            )
            axes.boxplot(
                [values],
                positions=[place],
                orientation="horizontal",
                widths=0.62,
                whis=(5, 95),
                showfliers=False,
                patch_artist=True,
                boxprops={"facecolor": colour, "alpha": 0.55, "edgecolor": "none"},
                medianprops={"color": "#1d2329", "linewidth": 1.6},
                whiskerprops={"color": colour, "linewidth": 1.1},
                capprops={"linewidth": 0},
            )
            known = (paper or {}).get((method, column))
            if known is not None and np.isfinite(known):
                axes.plot(
                    known,
                    place,
                    marker="D",
                    markersize=4.5,
                    color="white",
                    markeredgecolor=PAPER,
                    markeredgewidth=1.2,
                    zorder=5,
                    clip_on=False,
                )
        axes.set_title(metric_label(column), fontsize=9.5)
        better = "higher" if column in HIGHER_IS_BETTER else "lower"
        axes.set_xlabel(f"{better} is better", fontsize=8, color="#5b6570")
        if not column.endswith("_mm"):
            axes.set(xlim=(-0.02, 1.02), xticks=[0, 0.5, 1])
        axes.set_yticks(range(len(methods)), [method_label(m) for m in methods], fontsize=8.5)
        axes.tick_params(axis="x", labelsize=8)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="#e4e7ea", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
    panels[0].set_ylim(len(methods) - 0.4, -0.6)
    handles = [Line2D([], [], color="#1d2329", linewidth=1.6, label="our median")]
    if paper:
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="D",
                markersize=4.5,
                color="white",
                markeredgecolor=PAPER,
                label="the paper's median",
            )
        )
    figure.legend(handles=handles, loc="outside lower right", ncols=2, frameon=False, fontsize=8)
    if title:
        figure.suptitle(title, fontsize=11, fontweight="bold")
    return figure
