"""The page of a study over several heads: verdicts, every method on every head, links."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from multisource.evaluation.across import across_frame
from multisource.evaluation.heads import STATISTICS
from multisource.evaluation.names import metric_label
from multisource.judging.findings import BAD, CARE, FINE, read_findings, verdict
from multisource.report.page import Section, render_report

WORDS = (
    "Each head is a study of its own: own meshes and leadfields, own windows, networks trained on "
    "it. A network whose weights come with the repository is the same on every head."
)
BROUGHT = (
    "Maps of recordings, brought from each head's cortex to fsaverage's by the registration of "
    "their spheres, lie below fsaverage/<head>/<recording>/. A head that FreeSurfer has not made "
    "is registered by places in MNI152 alone, which is good to a centimetre or two."
)


def judged_heads(findings: Mapping[str, str | os.PathLike[str]]) -> pd.DataFrame:
    """Put what was found of each head into one table.

    Parameters
    ----------
    findings : mapping of str to path
        Label of a head to its table of findings.

    Returns
    -------
    pandas.DataFrame
        A row for each head: its verdict, the findings that it follows from, and each finding by
        name, with its flag in brackets where that is not "ok".
    """
    rows = []
    for head, path in findings.items():
        found = read_findings(path)
        reasons = [f"{one.name}: {one.value}" for one in found if one.flag in (CARE, BAD)]
        row = {"head": head, "verdict": verdict(found)[0], "because": "; ".join(reasons)}
        for one in found:
            told = f" ({one.flag})" if one.flag not in ("", FINE) else ""
            row[one.name] = f"{one.value}{told}"
        rows.append(row)
    return pd.DataFrame(rows)


def heads_page(
    judged: pd.DataFrame,
    table: pd.DataFrame,
    reports: Mapping[str, str],
    *,
    config: Mapping[str, object],
    versions: Mapping[str, str],
    brought: bool,
) -> str:
    """Render the page of all heads.

    Parameters
    ----------
    judged : pandas.DataFrame
        Of :func:`judged_heads`.
    table : pandas.DataFrame
        Of :func:`multisource.evaluation.across.across_heads`.
    reports : mapping of str to str
        Label of a head to the address of its results' folder.
    config : mapping
        The configuration.
    versions : mapping of str to str
        The versions of the software that made the results.
    brought : bool
        Whether maps of recordings were brought to fsaverage.

    Returns
    -------
    str
        HTML.
    """
    tests = list(table["test"].unique())

    def frames(metric: str) -> list[tuple[str, pd.DataFrame]]:
        return [(f"Test set {test}", across_frame(table, test, metric)) for test in tests]

    first, *others = STATISTICS
    more = [
        Section(f"{metric_label(metric)} ({STATISTICS[metric]})", frames=frames(metric))
        for metric in others
    ]
    links = [
        (f"{folder}/{page}", f"{head}: {words}")
        for head, folder in reports.items()
        for page, words in (("report.html", "report"), ("anatomy/head.html", "the head"))
    ]
    short = judged[["head", "verdict", "because"]].assign(because=judged["because"].str.split("; "))
    # A line for each reason, the head at the first.
    short = short.explode("because")
    short.loc[short.duplicated(["head"]), ["head", "verdict"]] = ""
    measured = judged.drop(columns=["verdict", "because"]).set_index("head").T.reset_index()
    measured = measured.rename(columns={"index": "what"}).rename_axis(columns=None).fillna("")
    sections = [
        Section(
            "Heads",
            WORDS + (f" {BROUGHT}" if brought else ""),
            frames=[("Are the heads fit for use?", short)],
            links=links,
            folds=[Section("What was measured of them", frames=[("By head", measured)])],
        ),
        Section(
            f"{metric_label(first)}: every method on every head ({STATISTICS[first]})",
            frames=frames(first),
            folds=more,
        ),
    ]
    usable = judged["verdict"].value_counts()
    facts = {
        "Heads": ", ".join(reports),
        "Fit for use": ", ".join(f"{count} {word}" for word, count in usable.items()),
    }
    return render_report(
        title="Several heads",
        facts=facts,
        headline=None,
        results=[],
        sections=sections,
        config=config,
        versions=versions,
    )


def folder_of(report: str | os.PathLike[str], page: str | os.PathLike[str]) -> str:
    """Return the address of a head's results as seen from the page of all heads.

    Parameters
    ----------
    report : path
        ``results/<head>/report.html``.
    page : path
        The page of all heads.

    Returns
    -------
    str
        Relative, with slashes.
    """
    return Path(os.path.relpath(Path(report).parent, Path(page).parent)).as_posix()
