"""The report of a finished study: its files in, one page out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from multisource.figures.labels import FIGURES, SCENARIOS
from multisource.report.checks import study_checks
from multisource.report.page import (
    Picture,
    ScenarioResult,
    Section,
    render_report,
    software_versions,
)
from multisource.report.tables import ComparisonTable
from multisource.report.timings import timings_per_rule

LEADFIELD_ALT = "Cortex maps and depth curves of the difference between the two leadfields"


def study_report(
    folder: Path,
    *,
    config: Mapping[str, Any],
    tables: Mapping[str, str],
    networks: Sequence[str],
) -> str:
    """Return the page (HTML) of the study whose results lie under ``folder``.

    ``tables`` maps the name of each table to its scenario; ``networks`` names the trained ones.
    """
    frames = {name: pd.read_csv(folder / f"tables/table-{name}.csv") for name in tables}
    compared = {name: _comparison(name, tables[name], frame) for name, frame in frames.items()}
    scenarios = [s for s in dict.fromkeys(tables.values()) if s != "test"]
    results = [
        ScenarioResult(
            scenario,
            pictures=_scenario_pictures(folder, scenario),
            tables=[compared[name] for name in tables if tables[name] == scenario],
        )
        for scenario in [*scenarios, "test"]
    ]
    splits = config["simulation"]["splits"]
    return render_report(
        title=f"Multi-source EEG localization: {config['head']}",
        facts={
            "Head": f"{config['head']} ({config['anatomy']['provider']})",
            "Training samples": f"{splits['train']['samples']:,}",
            "Test windows": f"{splits['test']['samples']:,}",
            "Scenario recordings": f"{config['simulation']['scenarios']['duration_s']:g} s each",
            "Seed": str(config["seed"]),
        },
        headline=compared.get("V") or compared.get("IX"),
        results=results,
        sections=_sections(folder, networks),
        config=config,
        versions=software_versions(),
        checks=study_checks(_medians(frames["IX"])) if "IX" in frames else (),
    )


def _comparison(name: str, scenario: str, values: pd.DataFrame) -> ComparisonTable:
    where = "the random test set" if scenario == "test" else f"scenario {scenario}"
    return ComparisonTable(name, scenario, f"Performance on {where}, median over windows", values)


def _medians(table: pd.DataFrame) -> pd.DataFrame:
    return table.pivot(index="method", columns="metric", values="ours").dropna(how="all")


def _scenario_pictures(folder: Path, scenario: str) -> list[Picture]:
    if scenario not in FIGURES:
        return []
    number = FIGURES[scenario][0]
    title = SCENARIOS.get(scenario, scenario)
    return [
        _picture(
            folder / f"figures/figure-{number}.png",
            f"Figure {number}. Truth and estimates on the cortex, scenario {scenario}: {title}",
            f"Brains with the true patches and the estimated activity of scenario {scenario}",
        )
    ]


def _sections(folder: Path, networks: Sequence[str]) -> list[Section]:
    training = [
        _picture(
            folder / f"network/{network}/loss.png",
            f"Training of {network}",
            f"Loss of {network} on training and validation samples against epochs",
        )
        for network in networks
    ]
    eeg = _picture(
        folder / "figures/figure-1.png",
        "Figure 1. Simulated EEG at one channel: time course and spectrum",
        "Time course and power spectral density of a simulated channel",
    )
    anatomy = _picture(
        folder / "figures/anatomy.png",
        "Tissues, surfaces and electrodes",
        "Slices of the head with five tissues and surfaces, and electrodes on the scalp",
    )
    leadfields = _picture(
        folder / "leadfield/comparison.png",
        "Operator A (FEM) against operator B (BEM): RDM and lnMAG",
        LEADFIELD_ALT,
    )
    return [
        Section("Simulated EEG", pictures=[eeg]),
        Section("Head", pictures=[anatomy]),
        Section("Leadfields", pictures=[leadfields]),
        Section("Training", pictures=training),
        Section(
            "Timings",
            "Wall and CPU time of every rule, summed over its jobs, and its peak memory.",
            frames=[("Time per rule", timings_per_rule(_benchmarks(folder / "benchmarks")))],
        ),
    ]


def _benchmarks(folder: Path) -> dict[str, list[pd.DataFrame]]:
    found: dict[str, list[pd.DataFrame]] = {}
    for path in sorted(folder.rglob("*.tsv"), key=lambda path: path.stat().st_mtime):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        found.setdefault(rule, []).append(pd.read_csv(path, sep="\t"))
    return found


def _picture(path: Path, caption: str, alt: str) -> Picture:
    return Picture(path.read_bytes(), caption, alt)
