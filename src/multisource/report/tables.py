"""Ours beside the paper's: one comparison table made ready for print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from multisource.errors import UserError
from multisource.figures.labels import (
    HIGHER_IS_BETTER,
    REFERENCES,
    method_label,
    metric_label,
)

COLUMNS = ("method", "metric", "ours", "paper")
DIGITS = {"pas_mm": 1}


@dataclass(frozen=True)
class Cell:
    """A printed value, its interval, and whether it is the best of its column."""

    text: str
    interval: str = ""
    best: bool = False


@dataclass(frozen=True)
class ComparisonTable:
    """A table of the paper with our values.

    ``values`` is tidy: columns method, metric, ours, paper (NaN where the paper has none) and,
    optionally, low and high, the confidence interval of ours. Methods and metrics are printed in
    the order in which they come.
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
        return list(dict.fromkeys(self.values["metric"]))

    @property
    def headings(self) -> list[str]:
        return [metric_label(metric) for metric in self.metrics]

    @property
    def has_paper(self) -> bool:
        return bool(self.values["paper"].notna().any())

    def rows(self) -> list[tuple[str, bool, list[tuple[Cell, Cell]]]]:
        """(method, is a reference, (ours, paper) per metric) for each method."""
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
                pair = []
                for column in ("ours", "paper"):
                    interval = ""
                    if column == "ours" and is_number(value.get("low")):
                        low, high = (print_value(value.get(k), metric) for k in ("low", "high"))
                        interval = f"{low}–{high}"
                    pair.append(
                        Cell(
                            print_value(value.get(column), metric),
                            interval,
                            method in best[metric, column],
                        )
                    )
                cells.append((pair[0], pair[1]))
            rows.append((method_label(method), method in REFERENCES, cells))
        return rows


def best_methods(values: pd.DataFrame, metric: str, column: str) -> set[str]:
    """The methods with the best printed value of a metric, Random and Perfect left out.

    A PAS is the better the nearer it is to Perfect's. Metrics of unknown sense have no best.
    """
    part = values[(values["metric"] == metric) & values[column].notna()]
    score = part.set_index("method")[column].round(DIGITS.get(metric, 3))
    higher = HIGHER_IS_BETTER.get(metric)
    if metric == "pas_mm" and "perfect" in score.index:
        score = (score - score["perfect"]).abs()
        higher = False
    score = score.drop(labels=[name for name in REFERENCES if name in score.index])
    if higher is None or score.empty:
        return set()
    return set(score.index[score == (score.max() if higher else score.min())])


def print_value(value: object, metric: str) -> str:
    """Three decimals (millimetres: one), a dash for a missing value."""
    return f"{float(value):.{DIGITS.get(metric, 3)}f}" if is_number(value) else "–"


def is_number(value: object) -> bool:
    return value is not None and not math.isnan(float(value))


def print_frame(frame: pd.DataFrame, digits: int = 3) -> tuple[list[str], list[list[str]]]:
    """Headings and printed cells of any small table; floats with ``digits`` significant digits."""

    def text(value: object) -> str:
        if isinstance(value, float):
            return "–" if math.isnan(value) else f"{value:,.{digits}g}"
        return str(value)

    rows: Sequence[Sequence[object]] = frame.itertuples(index=False, name=None)
    return [str(name) for name in frame.columns], [[text(v) for v in row] for row in rows]
