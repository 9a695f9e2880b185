"""A table of what was chosen for every solver, and what a window costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd


def choices_table(choices: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Make the table.

    Parameters
    ----------
    choices : mapping of str to mapping
        Solver -> what ``tuning.grid.choose`` returned.

    Returns
    -------
    pandas.DataFrame
        One row per solver: ``method``, ``chosen`` options, ``tried`` combinations,
        ``validation_windows``, median ``average_precision`` on them, ``cpu_s_setup`` and
        ``cpu_s_window``, CPU seconds once and per window.
    """
    rows = [
        {
            "method": method,
            "chosen": ", ".join(f"{key} {value}" for key, value in choice["chosen"].items()),
            "tried": len(choice["tried"]),
            "validation_windows": choice["windows"],
            "average_precision": round(choice["average_precision"], 3),
            "cpu_s_setup": round(choice["cpu_s_setup"], 2),
            "cpu_s_window": round(choice["cpu_s_window"], 4),
        }
        for method, choice in choices.items()
    ]
    return pd.DataFrame(rows)
