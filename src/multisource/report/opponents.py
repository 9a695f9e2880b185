"""What the report says of solvers whose options were chosen on validation windows."""

from __future__ import annotations

import os

import pandas as pd

from multisource.evaluation.names import method_label
from multisource.report.page import Section

WORDS = (
    "Options chosen by one rule for all: of every combination of the values that are tried, the "
    "one with the best median average precision on validation windows. CPU seconds were measured "
    "there."
)


def tuned_solvers(table: str | os.PathLike[str] | None) -> list[Section]:
    """Return the section on the options that were chosen.

    Parameters
    ----------
    table : path or None
        Table (csv) of :func:`multisource.tuning.table.choices_table`.

    Returns
    -------
    list of Section
        None if no solver has a grid.
    """
    if not table:
        return []
    # An empty choice is text too.
    found = pd.read_csv(table, keep_default_na=False)
    frame = pd.DataFrame(
        {
            "method": found["method"].map(method_label),
            "chosen": found["chosen"],
            "combinations": found["tried"],
            "windows": found["validation_windows"],
            "average precision (median)": found["average_precision"],
            "CPU s, once": found["cpu_s_setup"],
            "CPU s a window": found["cpu_s_window"],
        }
    )
    return [Section("Chosen options", WORDS, frames=[("Solvers with a grid", frame)])]
