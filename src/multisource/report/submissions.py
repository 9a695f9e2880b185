"""What the report says of estimates that were made elsewhere."""

from __future__ import annotations

import os

import pandas as pd

from multisource.report.page import Section

WORDS = (
    "Estimates of the same windows by methods that are not part of this workflow, checked and "
    "scored as all others. Who made them, and what the methods were told, is said by their authors."
)


def made_elsewhere(table: str | os.PathLike[str] | None) -> list[Section]:
    """Return the section on submissions.

    Parameters
    ----------
    table : path or None
        Table (csv) of :func:`multisource.submissions.card.submissions_table`.

    Returns
    -------
    list of Section
        None without submissions.
    """
    if not table:
        return []
    found = pd.read_csv(table).astype(object).fillna("")
    found = found.rename(columns={"operator": "knows", "cpu_s_window": "CPU s a window"})
    return [Section("Made elsewhere", WORDS, frames=[("Submissions", found)])]
