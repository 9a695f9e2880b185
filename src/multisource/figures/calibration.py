"""Said against true probability: how far a method's P(active) can be believed."""

from __future__ import annotations

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from multisource.evaluation.names import method_label, scenario_label

COLOURS = ("#1546d8", "#d1480b", "#1c8a4b", "#8a3ab0", "#8b939c")
IDEAL = "#1f1f1f"
COLUMNS = 4  # panels in a row


def calibration_figure(table: pd.DataFrame) -> Figure:
    """Draw a panel per scenario and a line per method, with the number of dipoles below.

    Parameters
    ----------
    table : DataFrame
        One row per scenario, method and bin of the said probability, of
        :func:`multisource.evaluation.calibration.calibration_table`.

    Returns
    -------
    Figure
        The panels of the scenarios with sources; one sentence if no method tells P(active).
    """
    # Where nothing is active there is nothing to compare with: those windows have their own table.
    alive = table.groupby("scenario")["active"].transform("max") > 0
    table = table[alive]
    scenarios = list(dict.fromkeys(table["scenario"]))
    methods = list(dict.fromkeys(table["method"]))
    if not scenarios:
        figure = Figure(figsize=(5, 1.2))
        figure.text(0.5, 0.5, "No method of this study tells P(active).", ha="center", va="center")
        return figure
    columns = min(COLUMNS, len(scenarios))
    rows = -(-len(scenarios) // columns)
    figure = Figure(figsize=(0.6 + 3.1 * columns, 4.4 * rows), layout="constrained")
    panels = figure.subplots(
        2 * rows, columns, sharex=True, squeeze=False, height_ratios=[3, 1] * rows
    )
    most = table["dipoles"].max()
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        above, below = panels[2 * row, column], panels[2 * row + 1, column]
        if place >= len(scenarios):
            above.set_axis_off()
            below.set_axis_off()
            continue
        above.plot([0, 1], [0, 1], color=IDEAL, linewidth=1, linestyle="--")
        part = table[table["scenario"] == scenarios[place]]
        for number, method in enumerate(methods):
            colour = COLOURS[number % len(COLOURS)]
            bins = part[part["method"] == method]
            filled = bins[bins["dipoles"] > 0]
            if filled.empty:
                continue
            said = method_label(method)
            above.plot(filled["said"], filled["active"], "o-", color=colour, ms=4, label=said)
            edges = [*bins["from"], bins["to"].iloc[-1]]
            below.stairs(bins["dipoles"], edges, color=colour, linewidth=1.2)
        above.set(title=scenario_label(scenarios[place]), xlim=(0, 1), ylim=(0, 1))
        below.set(xlabel="said P(active)", yscale="log", ylim=(0.7, 2 * most))
        below.tick_params(labelbottom=True)
        above.xaxis.set_major_formatter(PercentFormatter(1))
        above.yaxis.set_major_formatter(PercentFormatter(1))
        if column == 0:
            above.set_ylabel("truly active")
            below.set_ylabel("dipoles")
        for axes in (above, below):
            axes.grid(color="#e3e6ea")
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
    named: dict[str, Artist] = {}
    for axes in figure.axes:
        lines, labels = axes.get_legend_handles_labels()
        named |= {str(label): line for label, line in zip(labels, lines, strict=True)}
    figure.legend(
        list(named.values()),
        list(named),
        loc="outside upper center",
        ncols=len(named),
        frameon=False,
    )
    return figure
