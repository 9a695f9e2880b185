"""Two finished studies side by side: CPU seconds, jobs and memory of every rule, and the tables.

    python benchmarks/study.py BEFORE/results/fsaverage AFTER/results/fsaverage

Times are those of Snakemake's benchmark files. A table that differs by one bit is named, and the
exit status is then 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from multisource.report.timings import read_timings

COLUMNS = {"jobs": "jobs", "CPU time (s)": "CPU s", "peak memory (MB)": "MB"}


def side_by_side(before: Path, after: Path) -> pd.DataFrame:
    """Return one row a rule, and sums with and without training."""
    studies = []
    for folder in (before, after):
        table = read_timings(folder / "benchmarks").set_index("rule")[list(COLUMNS)]
        table = table.rename(columns=COLUMNS)
        rest = table.drop(index=["all rules", "train_network"], errors="ignore")
        table.loc["all but training"] = rest.sum().to_dict() | {"MB": rest["MB"].max()}
        studies.append(table)
    rules = studies[0].index.union(studies[1].index, sort=False)
    joined = pd.concat([t.reindex(rules) for t in studies], axis=1, keys=["before", "after"])
    last = ["all but training", "all rules"]
    return joined.reindex([*(r for r in rules if r not in last), *last])


def differing_tables(before: Path, after: Path) -> list[str]:
    """Return the names of the tables that are not equal to the bit, or that one study lacks."""
    names = {path.name for folder in (before, after) for path in folder.glob("tables/*.csv")}
    return sorted(name for name in names if _content(before, name) != _content(after, name))


def _content(folder: Path, name: str) -> bytes | None:
    path = folder / "tables" / name
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    one, other = map(Path, sys.argv[1:3])
    print(side_by_side(one, other).to_string(float_format="%.1f", na_rep=""))
    different = differing_tables(one, other)
    print("tables that differ:", ", ".join(different) or "none")
    sys.exit(bool(different))
