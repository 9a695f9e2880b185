"""How small, weak and near sources may be: what methods find, by extent, power and distance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from multisource.evaluation.names import method_label
from multisource.figures.calibration import COLOURS

PANELS = {
    "extent_mm": (
        "one source",
        "extent, mm (below: windows)",
        "its dipoles that are found",
        "recall",
    ),
    "power_db": (
        "the weaker of two",
        "power over the other's, dB (below: windows)",
        "found",
        "found",
    ),
    "distance_mm": ("two sources", "distance, mm (below: windows)", "both found", "found"),
}


def found_figure(table: pd.DataFrame) -> Figure:
    """Draw a panel for extent, power and distance, a line per method.

    Parameters
    ----------
    table : DataFrame
        As :func:`multisource.evaluation.found.found_table` returns it.

    Returns
    -------
    Figure
        The panels. Below a bin stands how many windows it has, of the method with most of them.
    """
    figure = Figure(figsize=(12.0, 4.2), layout="constrained")
    panels = figure.subplots(1, len(PANELS))
    methods = list(dict.fromkeys(table["method"]))
    for axes, (by, (title, label, said, value)) in zip(panels, PANELS.items(), strict=True):
        part = table[table["by"] == by]
        for number, method in enumerate(methods):
            own = part[part["method"] == method].reset_index(drop=True)
            shown = own[own["windows"] > 0]
            axes.plot(
                shown.index,
                shown[value],
                "o-",
                ms=4,
                color=COLOURS[number % len(COLOURS)],
                label=method_label(method),
            )
        bins = part.groupby(["from", "to"], sort=False)["windows"].max().reset_index()
        axes.set_xticks(
            range(len(bins)),
            [f"{_span(low, high)}\n{count}" for low, high, count in bins.itertuples(index=False)],
            fontsize="small",
        )
        axes.set(title=title, xlabel=label, ylabel=said, ylim=(-0.02, 1.02))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(color="#e3e6ea")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return figure


def _span(low: float, high: float) -> str:
    if np.isneginf(low) or low == 0 < high:
        return f"< {high:g}"
    if np.isposinf(high) or high == 0:
        return f"> {low:g}"
    return f"{low:g} to {high:g}"
