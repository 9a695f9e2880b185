"""Time and memory per rule, from the benchmark files of Snakemake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd


def read_timings(folder: Path) -> pd.DataFrame:
    """Read a study's benchmark files, the rules in the order they ended.

    Parameters
    ----------
    folder : Path
        Holds ``<rule>.tsv`` or ``<rule>/<job>.tsv``.

    Returns
    -------
    DataFrame
        That of :func:`timings_per_rule`.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    for path in sorted(folder.rglob("*.tsv"), key=lambda path: path.stat().st_mtime):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        found.setdefault(rule, []).append(pd.read_csv(path, sep="\t"))
    return timings_per_rule(found)


def timings_per_rule(benchmarks: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Sum time and memory by rule.

    Parameters
    ----------
    benchmarks : mapping of str to sequence of DataFrame
        A rule to the tables of its jobs, as Snakemake writes them (columns s, cpu_time, max_rss). A
        job too short to be measured has no numbers there and counts as zero.

    Returns
    -------
    DataFrame
        One row per rule: jobs, wall seconds (sum, longest job), CPU seconds, peak memory in MB; the
        last row is the total, with the peak of all.
    """
    rows = []
    for rule, tables in benchmarks.items():
        jobs = pd.concat([table.tail(1) for table in tables], ignore_index=True)
        column = {
            name: pd.to_numeric(jobs[name], errors="coerce").fillna(0.0)
            if name in jobs
            else pd.Series(0.0, index=jobs.index)
            for name in ("s", "cpu_time", "max_rss")
        }
        rows.append(
            {
                "rule": rule,
                "jobs": len(jobs),
                "wall time (s)": column["s"].sum(),
                "longest job (s)": column["s"].max(),
                "CPU time (s)": column["cpu_time"].sum(),
                "peak memory (MB)": column["max_rss"].max(),
            }
        )
    table = pd.DataFrame(
        rows,
        columns=[
            "rule",
            "jobs",
            "wall time (s)",
            "longest job (s)",
            "CPU time (s)",
            "peak memory (MB)",
        ],
    )
    if table.empty:
        return table
    total = table[["jobs", "wall time (s)", "CPU time (s)"]].sum().to_dict()
    total |= table[["longest job (s)", "peak memory (MB)"]].max().to_dict()
    table.loc[len(table)] = {"rule": "all rules", **total}
    return table.astype({"jobs": int})
