"""The report of a finished study: its files in, one page out."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from multisource.config.curves import linear_solvers
from multisource.config.study import reference, stated_words
from multisource.evaluation.estimates import read_metrics
from multisource.evaluation.names import method_label
from multisource.figures.labels import FIGURES, SCENARIOS
from multisource.figures.scenario import CLOSENESS
from multisource.figures.tables import metric_figure
from multisource.leadfield.compare import by_depth
from multisource.report.checks import study_checks
from multisource.report.groups import group_sections
from multisource.report.head import head_section
from multisource.report.heads import curve_sections, every_head
from multisource.report.opponents import tuned_solvers
from multisource.report.page import ScenarioResult, Section, render_report
from multisource.report.picture import Picture
from multisource.report.recordings import your_recordings
from multisource.report.submissions import made_elsewhere
from multisource.report.sure import how_small, how_sure, named_sources
from multisource.report.tables import ComparisonTable
from multisource.report.timings import read_timings
from multisource.versions import read_records, versions_table

HOW_TO_READ = (
    "Truth and estimates in the window whose metrics are the nearest to the medians. Blue dots: "
    "truly active dipoles; blue discs with a white ring: centres of the patches. Colours, from "
    "highest to lowest: white, yellow, orange, red; as many dipoles are coloured as are truly "
    "active, so that dots on colour show FractionActive."
)
OPERATORS = (
    "Operator A simulates the EEG, operator B is what the classical solvers are given. RDM: "
    "difference of the topographies, 0 to 2. lnMAG: logarithm of the ratio of the amplitudes."
)
TURN = "Turn the brain: all methods, two side by side"
FilePath = str | os.PathLike[str]
LEADFIELD_ALT = "Cortex maps and depth curves of the difference between the two leadfields"


@dataclass(frozen=True)
class StudyFiles:
    """The files that a report shows, wherever they lie.

    Attributes
    ----------
    tables : mapping of str to path
        Name of a table to its values (csv of :func:`multisource.evaluation.tables.build_table`).
    metrics : sequence of path
        The metrics of every method on the random test set (parquet).
    calibration, reliability : path
        Said against true probabilities: bins (csv) and the picture.
    heads, heads_picture : path
        Every method on every test set with sources (csv), and its picture.
    found : path
        Picture of how small, weak and near sources may be and still be found.
    sources, numbers, detection : path
        Tables (csv) of the named sources, of their numbers, and of whether there are any.
    opponents : path or None
        Table of the options chosen on validation windows (csv), if any were.
    submissions : path or None
        Table of who made estimates elsewhere, and what they were told (csv), if there are any.
    electrodes : path
        Table of the electrodes (tsv).
    electrode_table, electrode_note, electrode_picture : path
        How they came to their places: distances (tsv), words (json), and the picture.
    comparison, by_operator : path
        Operator A against B: values of every dipole (csv) and the picture.
    verification : path
        Table of the checks of the leadfields (csv).
    sphere, sensitivity, placement : path
        Pictures of these checks; sphere is None where the study does not ask for it.
    anatomy, eeg : path
        Pictures of the head and of a simulated channel.
    judged : path
        What was found of the head (tsv).
    head_page : str
        Address of the page to judge the head by, from the report.
    benchmarks, records : path
        Folders of the steps' time and memory, and of the versions that they ran with: notes that
        Snakemake and the steps leave beside their outputs.
    curves : mapping of str to path
        Curve to picture.
    scenarios : mapping of str to path
        Scenario to picture of its truth and estimates.
    training : mapping of str to path
        Network to picture of its loss.
    recordings, peaks : mapping of str to path
        The user's recording to its picture, and to the table of its peaks (tsv).
    named : mapping of str to path
        The user's recording to the table of the sources that methods name (tsv).
    steps : mapping of str to path
        The user's recording to the table of what was done to it (tsv).
    brains : str
        Address of the scenarios' brains to turn, from the report; empty without them.
    turned : mapping of str to str
        The user's recording to the address of its brains to turn.
    groups, group_tables, group_words : mapping of str to path
        A group of recordings to its picture, its table (tsv), and what was tested in words.
    """

    tables: Mapping[str, FilePath]
    metrics: Sequence[FilePath]
    calibration: FilePath
    sources: FilePath
    numbers: FilePath
    detection: FilePath
    heads: FilePath
    heads_picture: FilePath
    found: FilePath
    reliability: FilePath
    electrodes: FilePath
    electrode_table: FilePath
    electrode_note: FilePath
    electrode_picture: FilePath
    comparison: FilePath
    by_operator: FilePath
    verification: FilePath
    sphere: FilePath | None
    sensitivity: FilePath
    placement: FilePath
    anatomy: FilePath
    eeg: FilePath
    judged: FilePath
    head_page: str
    benchmarks: FilePath
    records: FilePath
    curves: Mapping[str, FilePath] = field(default_factory=dict)
    scenarios: Mapping[str, FilePath] = field(default_factory=dict)
    training: Mapping[str, FilePath] = field(default_factory=dict)
    recordings: Mapping[str, FilePath] = field(default_factory=dict)
    peaks: Mapping[str, FilePath] = field(default_factory=dict)
    named: Mapping[str, FilePath] = field(default_factory=dict)
    steps: Mapping[str, FilePath] = field(default_factory=dict)
    opponents: FilePath | None = None
    submissions: FilePath | None = None
    brains: str = ""
    turned: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, FilePath] = field(default_factory=dict)
    group_tables: Mapping[str, FilePath] = field(default_factory=dict)
    group_words: Mapping[str, FilePath] = field(default_factory=dict)


def study_report(
    files: StudyFiles, *, config: Mapping[str, Any], scenarios: Mapping[str, str]
) -> str:
    """Return the report of a study.

    Parameters
    ----------
    files : StudyFiles
        What it shows.
    config : mapping
        The resolved configuration.
    scenarios : mapping of str to str
        Name of a table to its scenario.

    Returns
    -------
    str
        The page (HTML), which needs no other file.
    """
    frames = {name: pd.read_csv(path) for name, path in files.tables.items()}
    networks = list(config["network"]["networks"])
    evaluation = config["evaluation"] | {"reference": reference(config)}
    compared = {
        name: _comparison(name, scenarios[name], _where(config, scenarios[name]), frame, evaluation)
        for name, frame in frames.items()
    }
    headline = compared.get("V") or compared.get("IX")
    further = config["evaluation"]["test_splits"]
    named = [s for s in dict.fromkeys(scenarios.values()) if s not in ("test", *further)]
    results = [
        ScenarioResult(
            scenario,
            pictures=_scenario_pictures(files, scenario, networks, frames.get("IX")),
            tables=[
                compared[name]
                for name in frames
                if scenarios[name] == scenario and compared[name] is not headline
            ],
            heading=_test_split(config, scenario) if scenario in further else "",
            links=[(f"{files.brains}#{scenario}", TURN)]
            if files.brains and scenario in named
            else (),
        )
        for scenario in [*named, "test", *further]
        # Windows without a source have no metrics.
        if scenario in scenarios.values()
    ]
    splits = config["simulation"]["splits"]
    return render_report(
        title=f"Multi-source EEG localization: {config['head']}",
        facts={
            "Head": f"{config['head']} ({config['anatomy']['provider']})",
            "Electrodes": str(len(pd.read_csv(files.electrodes, sep="\t"))),
            "Dipoles": f"{len(pd.read_csv(files.comparison, usecols=[0])):,}",
            "Training samples": f"{splits['train']['samples']:,}",
            "Test windows": f"{splits['test']['samples']:,}",
            "Scenario recordings": f"{config['simulation']['scenarios']['duration_s']:g} s each",
            "Seed": str(config["seed"]),
        },
        headline=headline,
        results=results,
        sections=[
            *every_head(files.heads, files.heads_picture),
            *curve_sections(files.curves),
            how_small(files.found),
            *named_sources(files.sources, files.numbers, files.detection),
            *tuned_solvers(files.opponents),
            *made_elsewhere(files.submissions),
            *how_sure(files.calibration, files.reliability),
            *your_recordings(files.recordings, files.peaks, files.named, files.steps, files.turned),
            *group_sections(files.groups, files.group_tables, files.group_words),
            *_sections(files),
        ],
        config=config,
        versions=versions_table(read_records(Path(files.records))),
        checks=study_checks(_medians(frames["IX"]), networks[0], linear_solvers(config))
        if "IX" in frames
        else (),
    )


def _where(config: Mapping[str, Any], scenario: str) -> str:
    if scenario == "test":
        return "the random test set"
    kind = "test split" if scenario in config["evaluation"]["test_splits"] else "scenario"
    return f"{kind} {scenario}"


def _test_split(config: Mapping[str, Any], split: str) -> str:
    """Say what a further test split is, and what it states for itself."""
    own = stated_words(config, split)
    return f"Test split {split}" + (f": {own}" if own else "")


def _comparison(
    name: str, scenario: str, where: str, values: pd.DataFrame, evaluation: Mapping[str, Any]
) -> ComparisonTable:
    caption = f"Performance on {where}: medians over windows"
    if "low" in values:
        caption += f", {100 * evaluation['confidence']:g} % intervals"
    caption += "."
    if "p_holm" in values:
        other = method_label(evaluation["reference"])
        caption += f" † no difference from {other} found (paired Wilcoxon, Holm, p ≥ 0.05)."
    return ComparisonTable(name, scenario, caption, values)


def _medians(table: pd.DataFrame) -> pd.DataFrame:
    return table.pivot(index="method", columns="metric", values="ours").dropna(how="all")


def _scenario_pictures(
    files: StudyFiles, scenario: str, networks: Sequence[str], table: pd.DataFrame | None
) -> list[Picture]:
    if scenario == "test":
        return [] if table is None else [_spread(files.metrics, networks, table)]
    if scenario not in files.scenarios:
        return []
    number = FIGURES[scenario][0]
    title = SCENARIOS[scenario]
    return [
        _picture(
            files.scenarios[scenario],
            f"Figure {number}. Scenario {scenario}, {title}. {HOW_TO_READ}",
            f"Brains with the true patches and the estimated activity of scenario {scenario}",
        )
    ]


def _spread(paths: Sequence[FilePath], networks: Sequence[str], table: pd.DataFrame) -> Picture:
    """Boxes of the test set's metrics, the paper's medians marked."""
    methods = list(dict.fromkeys(table["method"][table["ours"].notna()]))
    groups = dict(list(read_metrics(paths).groupby("method")))
    metrics = pd.concat([groups[method] for method in methods], ignore_index=True)
    paper = table.set_index(["method", "metric"])["paper"].dropna().to_dict()
    stream = io.BytesIO()
    figure = metric_figure(metrics, list(CLOSENESS), paper=paper, networks=networks)
    figure.savefig(stream, format="png", dpi=140)
    return Picture(
        stream.getvalue(),
        "The windows of the random test set: quartiles, median, 5th to 95th percentile.",
        "Box plots of AUC_close, AUC_far, FractionActive and DR_least for every method",
    )


def _sections(files: StudyFiles) -> list[Section]:
    training = [
        _picture(
            path,
            f"Training of {network}",
            f"Loss of {network} on training and validation samples against epochs",
        )
        for network, path in files.training.items()
    ]
    eeg = _picture(
        files.eeg,
        "Figure 1. Simulated EEG at one channel: time course and spectrum",
        "Time course and power spectral density of a simulated channel",
    )
    leadfields = _picture(
        files.by_operator,
        "Operator A (FEM) against operator B (BEM): RDM and lnMAG",
        LEADFIELD_ALT,
    )
    return [
        Section("Simulated EEG", pictures=[eeg]),
        head_section(
            files.anatomy,
            files.electrode_picture,
            files.electrode_table,
            files.electrode_note,
            files.judged,
            files.head_page,
        ),
        Section(
            "Leadfields",
            OPERATORS,
            pictures=[leadfields],
            frames=[("A against B by depth below the inner skull", _by_depth(files.comparison))],
        ),
        _verification(files),
        Section("Training", pictures=training),
        Section(
            "Timings",
            "Wall and CPU time of every rule, summed over its jobs, and its peak memory.",
            frames=[("Time per rule", read_timings(Path(files.benchmarks)))],
        ),
    ]


def _verification(files: StudyFiles) -> Section:
    pictures = (
        (
            files.sphere,
            "Both operators' methods, with this study's settings, against the analytic sphere",
            "RDM and lnMAG of FEM and BEM against the analytic solution, by eccentricity",
        ),
        (
            files.sensitivity,
            "What the electrodes see of a dipole along the normal",
            "Cortex maps of the sensitivity of both operators, against depth, norms and spectra",
        ),
        (
            files.placement,
            "Where the FEM's dipoles were moved so that their sources lie in grey matter",
            "Cortex map and histograms of the distance by which dipoles were moved",
        ),
    )
    checks = pd.read_csv(files.verification)
    return Section(
        "Is the leadfield right?",
        pictures=[_picture(path, *words) for path, *words in pictures if path is not None],
        frames=[("Checks", checks.astype(object).where(checks.notna(), ""))],
    )


def _by_depth(path: FilePath) -> pd.DataFrame:
    table = by_depth(pd.read_csv(path))
    ends = zip(table["depth_from_mm"], table["depth_to_mm"], strict=True)
    depth = [f"{low:g} to {high:g}" if np.isfinite(high) else "all depths" for low, high in ends]
    quantiles = {
        f"{label} {word}": table[f"{column}_p{percent}"]
        for column, label in (("rdm", "RDM"), ("lnmag", "lnMAG"))
        for percent, word in ((5, "5 %"), (50, "median"), (95, "95 %"))
    }
    return pd.DataFrame({"depth (mm)": depth, "dipoles": table["dipoles"], **quantiles})


def _picture(path: FilePath, caption: str, alt: str) -> Picture:
    return Picture(Path(path).read_bytes(), caption, alt)
