"""A curve: what methods find as one property of the windows changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from multisource.curves.point import SHOWN
from multisource.evaluation.names import method_label, metric_label
from multisource.evaluation.tables import HIGHER_IS_BETTER
from multisource.figures.calibration import COLOURS

LABELS = {
    "noise.snr_db": "EEG over sensor noise, dB",
    "n_patches": "number of sources",
    "extent_mm": "extent of the sources, mm",
    "amplitude_ratio": "amplitude of a further source over the first's",
    "electrode_error_mm": "electrodes off by, mm (rms)",
    "bad_channels.count": "bad channels",
    "boost": "sources over background (boost)",
    "patch_correlation": "correlation of the sources",
    "artefacts.blink": "share of windows with a blink",
    "artefacts.muscle": "share of windows with muscle",
    "distance_mm": "distance of two sources, mm",
    "depth_mm": "depth of a source below the inner skull, mm",
    "channels": "channels",
    "reference": "reference",
    "operator": "head that made the windows",
}
# When all colours are taken, the next methods have them again with another line.
_LINES = ("o-", "s--", "^:")
_LONG = 8  # letters of a value, more than which is written at an angle


def curve_figure(table: pd.DataFrame, setting: str, methods: Sequence[str] | None = None) -> Figure:
    """Draw a panel for each metric, a line with its interval for each method.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`multisource.curves.point.curve_table`.
    setting : str
        What changes.
    methods : sequence of str, optional
        Those of all curves of a study, in whose order they are given colours, so that each has the
        same in all figures; by default the table's.

    Returns
    -------
    Figure
        The panels; the values stand in the order of the configuration, ``none`` for null.
    """
    figure = Figure(figsize=(3.4 * len(SHOWN), 3.5), layout="constrained")
    panels = figure.subplots(1, len(SHOWN))
    values = list(dict.fromkeys(table["value"].map(_name)))
    looks = list(table["method"].unique() if methods is None else methods)
    for axes, (metric, statistic) in zip(panels, SHOWN.items(), strict=True):
        part = table[table["metric"] == metric]
        for method, own in part.groupby("method", sort=False):
            number = looks.index(method)
            place = [values.index(_name(value)) for value in own["value"]]
            colour = COLOURS[number % len(COLOURS)]
            label = method_label(str(method))
            line = _LINES[number // len(COLOURS) % len(_LINES)]
            axes.plot(place, own["middle"], line, ms=4, color=colour, label=label)
            axes.fill_between(place, own["low"], own["high"], color=colour, alpha=0.15, lw=0)
        axes.set_xticks(range(len(values)), values)
        if max(len(str(value)) for value in values) > _LONG:
            # Names of operators, which would run into each other.
            axes.tick_params("x", labelrotation=20)
        top = 1.02 if metric in HIGHER_IS_BETTER else None
        axes.set_title(f"{metric_label(metric)} ({statistic})")
        axes.set(xlabel=LABELS[setting], ylim=(0 if top is None else -0.02, top))
        axes.set_xlim(-0.3, len(values) - 0.7)
        axes.grid(color="#e3e6ea")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return figure


def _name(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "none" if np.isnan(value) else f"{value:g}"
