"""Ours beside the paper's: one comparison table made ready for print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import SupportsFloat, TypeGuard

import pandas as pd

from multisource.errors import UserError
from multisource.evaluation.names import method_label, metric_label
from multisource.evaluation.tables import REFERENCES, best_methods, digits

COLUMNS = ("method", "metric", "ours", "paper")
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Cell:
    """A printed value.

    Attributes
    ----------
    text : str
        The value.
    interval : str
        Its interval.
    best : bool
        Whether it is the best of its column.
    alike : bool
        Whether a paired test finds no difference between it and the method that all are compared
        with.
    """

    text: str
    interval: str = ""
    best: bool = False
    alike: bool = False


@dataclass(frozen=True)
class ComparisonTable:
    """A table of the paper with our values.

    Attributes
    ----------
    number : str
        The paper's number, or the name of a table of the user's own.
    scenario : str
        What it is about.
    caption : str
        Printed above.
    values : DataFrame
        Tidy: columns method, metric, ours, paper (NaN where the paper has none) and, optionally,
        low and high, the confidence interval of ours, and p_holm, the corrected p of a paired test.
        Methods and metrics are printed in the order in which they come.
    """

    number: str
    scenario: str
    caption: str
    values: pd.DataFrame

    def __post_init__(self) -> None:
        missing = [name for name in COLUMNS if name not in self.values]
        if missing:
            raise UserError(
                f"table {self.number}: column {', '.join(missing)} is missing; "
                f"it needs {', '.join(COLUMNS)}"
            )

    @property
    def metrics(self) -> list[str]:
        """The metrics in the order in which they are printed."""
        return list(dict.fromkeys(self.values["metric"]))

    @property
    def headings(self) -> list[str]:
        """The printed names of the metrics."""
        return [metric_label(metric) for metric in self.metrics]

    @property
    def has_paper(self) -> bool:
        """Whether the paper has a value of any of them."""
        return bool(self.values["paper"].notna().any())

    def rows(self) -> list[tuple[str, bool, list[tuple[Cell, Cell]]]]:
        """Make the rows ready for print.

        Returns
        -------
        list of (str, bool, list of (Cell, Cell))
            For each method: its printed name, whether it is a reference, and (ours, paper) per
            metric.
        """
        best = {
            (metric, column): best_methods(self.values, metric, column)
            for metric in self.metrics
            for column in ("ours", "paper")
        }
        by_key = self.values.set_index(["method", "metric"])
        rows = []
        for method in dict.fromkeys(self.values["method"]):
            cells = []
            for metric in self.metrics:
                value = by_key.loc[(method, metric)] if (method, metric) in by_key.index else {}
                interval = ""
                if is_number(value.get("low")):
                    low, high = (print_value(value.get(k), metric) for k in ("low", "high"))
                    interval = f"{low}–{high}"
                p = value.get("p_holm")
                ours = Cell(
                    print_value(value.get("ours"), metric),
                    interval,
                    best=method in best[metric, "ours"],
                    alike=is_number(p) and float(p) >= SIGNIFICANT,
                )
                paper = Cell(
                    print_value(value.get("paper"), metric), best=method in best[metric, "paper"]
                )
                cells.append((ours, paper))
            rows.append((method_label(method), method in REFERENCES, cells))
        return rows


def print_value(value: object, metric: str) -> str:
    """Print a value with the decimals of its metric.

    Parameters
    ----------
    value : object
        A number, or anything else for a missing one.
    metric : str
        The metric.

    Returns
    -------
    str
        A dash for a missing value.
    """
    return f"{float(value):.{digits(metric)}f}" if is_number(value) else "–"


def is_number(value: object) -> TypeGuard[SupportsFloat]:
    """Say whether a value can be printed as a number.

    Parameters
    ----------
    value : object
        Anything of a table.

    Returns
    -------
    bool
        False for NaN too.
    """
    return isinstance(value, SupportsFloat) and not math.isnan(float(value))


def print_frame(frame: pd.DataFrame, significant: int = 3) -> tuple[list[str], list[list[str]]]:
    """Print any small table.

    Parameters
    ----------
    frame : DataFrame
        The table.
    significant : int
        Significant digits of floats.

    Returns
    -------
    headings : list of str
        The columns' names.
    cells : list of list of str
        One list per row.
    """

    def text(value: object) -> str:
        if isinstance(value, float):
            if math.isnan(value):
                return "–"
            whole = abs(value) >= 10**significant
            return f"{value:,.0f}" if whole else f"{value:.{significant}g}"
        return str(value)

    rows: Sequence[Sequence[object]] = frame.itertuples(index=False, name=None)
    return [str(name) for name in frame.columns], [[text(v) for v in row] for row in rows]
