"""The paper's study repeated: one Markdown document, every number of it from the results."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from multisource.evaluation.names import method_label, metric_label
from multisource.evaluation.summary import summarise
from multisource.evaluation.tables import to_markdown
from multisource.experiments.one_change import Change
from multisource.figures.labels import SCENARIOS
from multisource.report.page import plain

# The metrics in whose units a deviation of 0.05 from the paper means the same: shares of 1.
COMPARED = ("auc_close", "auc_far", "fraction_active", "dr_least")
RECIPE = ("auc_close", "auc_far", "auc_average", "fraction_active", "dr_least", "dr_1", "dr_2")
DEVIATION = 0.05

Parts = list[str]


def reproduction(
    *,
    config: Mapping[str, Any],
    config_files: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    test: pd.DataFrame,
    networks: Sequence[str],
    curve: pd.DataFrame | None,
    changes: Mapping[str, Change],
    experiments: pd.DataFrame | None,
    timings: pd.DataFrame,
    figures: Mapping[str, str],
    versions: Mapping[str, str],
) -> str:
    """Write the document.

    Parameters
    ----------
    config : mapping
        The resolved configuration.
    config_files : sequence of str
        What was given beside the default.
    tables : mapping of str to DataFrame
        The paper's tables by their number (``evaluation.tables.build_table``).
    test : DataFrame
        Metrics of every window of the random test set and method.
    networks : sequence of str
        The trained ones.
    curve : DataFrame, optional
        The learning curve (``learning-curve.csv``).
    changes : mapping of str to Change
        What each experiment changed.
    experiments : DataFrame, optional
        The metrics found; its column scenario names the experiment.
    timings : DataFrame
        That of ``report.timings``.
    figures : mapping of str to str
        Caption to path beside the document.
    versions : mapping of str to str
        That of ``versions.versions_table``.

    Returns
    -------
    str
        Markdown.
    """
    confidence = config["evaluation"]["confidence"]
    parts: Parts = [
        "# The paper's study, repeated",
        "Buda, Gambosi, Toschi, Astolfi: ConvNet against nine classical solvers on simulated EEG. "
        "This document is written by the rule `write_reproduction` from the results; no number in "
        "it is typed. What the deviations mean is discussed in [deviations.md](deviations.md).",
        _markdown(_facts(config, config_files, timings)),
    ]
    headline = tables.get("IX")
    if headline is not None:
        parts += _agreement(headline)
    order = [n for n in ("V", "IX") if n in tables] + [n for n in tables if n not in ("V", "IX")]
    for number in order:
        scenario = tables[number]["scenario"].iloc[0]
        name = SCENARIOS.get(scenario, scenario)
        parts += [f"## Table {number}: {name}", to_markdown(tables[number])]
    parts += _recipes(test, networks, confidence)
    if headline is not None:
        parts += _tests(headline)
    if curve is not None:
        parts += _learning_curve(curve, figures)
    if experiments is not None and headline is not None:
        parts += _experiments(headline, changes, experiments)
    parts += ["## Figures"]
    parts += [f"![{caption}]({path})\n\n{caption}" for caption, path in figures.items()]
    parts += [
        "## Time and memory",
        "Summed over the jobs of a rule; wall times overlap where jobs run side by side.",
        _markdown(timings.round({c: 1 for c in timings.columns[2:5]} | {timings.columns[5]: 0})),
        "## Software",
        _markdown(pd.DataFrame(versions.items(), columns=["software", "version"])),
        "## Configuration",
        "```yaml\n" + yaml.safe_dump(plain(config), sort_keys=False, width=88) + "```",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def config_hash(config: Mapping[str, Any]) -> str:
    """Name a configuration by its content, whatever the order of its keys.

    Parameters
    ----------
    config : mapping
        The resolved configuration.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    text = json.dumps(plain(config), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def processor() -> str:
    """Name this machine's processor and its number of cores.

    Returns
    -------
    str
        For the head of the document.
    """
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = found[0].partition(":")[2].strip() if found else name
    return f"{name}, {os.cpu_count()} cores"


def _facts(
    config: Mapping[str, Any], config_files: Sequence[str], timings: pd.DataFrame
) -> pd.DataFrame:
    splits = config["simulation"]["splits"]
    total = timings.iloc[-1]
    command = " ".join(["snakemake --cores 2", *(f"--configfile {f}" for f in config_files)])
    facts = {
        "command": f"`{command} -- all reproduction`",
        "head": config["head"],
        "training, validation, test samples": ", ".join(
            f"{splits[name]['samples']:,}" for name in ("train", "validation", "test")
        ),
        "scenario recordings": f"{config['simulation']['scenarios']['duration_s']:g} s each",
        "seed": config["seed"],
        "configuration": f"`{config_hash(config)}` (in full at the end)",
        "machine": processor(),
        "jobs": f"{total['jobs']:,}",
        "CPU time of all jobs": f"{total['CPU time (s)'] / 60:.0f} min",
        "largest process": f"{total['peak memory (MB)'] / 1000:.1f} GB",
    }
    return pd.DataFrame(facts.items(), columns=["what", "value"])


def _agreement(table: pd.DataFrame) -> Parts:
    """How much of the test set's table lies within the deviation."""
    rows = []
    part = table[table["metric"].isin(COMPARED) & table["difference"].notna()]
    for method, cells in part.groupby("method", sort=False):
        inside = cells["difference"].abs() <= DEVIATION
        far = ", ".join(
            f"{metric_label(row.metric)} {row.difference:+.3f}"
            for row in cells[~inside].itertuples()
        )
        rows.append((method_label(method), f"{inside.sum()} of {len(cells)}", far or "–"))
    frame = pd.DataFrame(rows, columns=["method", f"within {DEVIATION} of the paper", "further"])
    inside = int((part["difference"].abs() <= DEVIATION).sum())
    return [
        "## In short",
        f"{inside} of {len(part)} values of the random test set (AUC, FractionActive, DR_least) "
        f"lie within {DEVIATION} of the paper's.",
        _markdown(frame),
    ]


def _recipes(test: pd.DataFrame, networks: Sequence[str], confidence: float) -> Parts:
    if len(networks) < 2:
        return []
    summary = summarise(test[test["method"].isin(networks)], confidence)
    return [
        "## The network's recipes side by side",
        f"Random test set: median [{100 * confidence:g} % bootstrap interval]. The settings of "
        "each are in the configuration below.",
        _markdown(_wide(summary, networks, RECIPE)),
    ]


def _learning_curve(curve: pd.DataFrame, figures: Mapping[str, str]) -> Parts:
    rows = curve.assign(method=curve["samples"].map("{:,}".format))
    order = list(dict.fromkeys(rows.sort_values("samples")["method"]))
    return [
        "## Learning curve",
        "The network trained on the first so many samples of the train split, on the random test "
        "set: median [bootstrap interval].",
        _markdown(_wide(rows, order, RECIPE).rename(columns={"method": "training samples"})),
    ]


def _wide(summary: pd.DataFrame, methods: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
    cells = summary.set_index(["method", "metric"])
    rows = []
    for method in methods:
        row = {"method": method_label(method)}
        for metric in metrics:
            if (method, metric) in cells.index:
                value = cells.loc[(method, metric)]
                row[metric_label(metric)] = (
                    f"{value['median']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
                )
        rows.append(row)
    return pd.DataFrame(rows).fillna("–")


def _tests(table: pd.DataFrame) -> Parts:
    """Effect sizes of every method against the reference."""
    part = table[table["p_holm"].notna() & table["metric"].isin(COMPARED)]
    if part.empty:
        return []
    rows = []
    for method, cells in part.groupby("method", sort=False):
        row = {"method": method_label(method)}
        for cell in cells.itertuples():
            p = "p < 0.001" if cell.p_holm < 0.001 else f"p = {cell.p_holm:.3f}"
            row[metric_label(cell.metric)] = f"{cell.effect:+.2f} ({p})"
        rows.append(row)
    reference = method_label(part["reference"].iloc[0])
    return [
        "## Tests",
        f"Every method against {reference} in the same windows of the test set: matched-pairs "
        "rank-biserial correlation, -1 to 1, above 0 where the method's values are the higher "
        "(better for AUC and FractionActive, worse for DR), and the p of Wilcoxon's signed-rank "
        "test after Holm's correction.",
        _markdown(pd.DataFrame(rows)),
    ]


def _experiments(
    table: pd.DataFrame, changes: Mapping[str, Change], experiments: pd.DataFrame
) -> Parts:
    """For every deviation, what each change makes of it."""
    medians = experiments.groupby(["scenario", "method"]).median(numeric_only=True)
    names = [name for name in changes if name in medians.index.get_level_values(0)]
    solved = set(medians.index.get_level_values(1))
    wanted = table[table["metric"].isin(COMPARED) & table["method"].isin(solved)]
    far = wanted[wanted["difference"].abs() > DEVIATION]
    rows = []
    for cell in far.itertuples():
        row = {"method": method_label(cell.method), "metric": metric_label(cell.metric)}
        row |= {"paper": f"{cell.paper:.3f}", "study": f"{cell.ours:.3f}"}
        for name in names:
            if (name, cell.method) not in medians.index:
                row[name] = "–"
                continue
            value = medians.loc[(name, cell.method), cell.metric]
            near = abs(value - cell.paper) <= DEVIATION
            row[name] = f"**{value:.3f}**" if near else f"{value:.3f}"
        rows.append(row)
    distance = []
    for name in names:
        gaps = [
            abs(medians.loc[(name, cell.method), cell.metric] - cell.paper)
            for cell in wanted.itertuples()
            if (name, cell.method) in medians.index
        ]
        within = sum(gap <= DEVIATION for gap in gaps)
        distance.append(
            (name, changes[name].title, f"{within} of {len(gaps)}", f"{sum(gaps) / len(gaps):.3f}")
        )
    heads = ["experiment", "change", f"within {DEVIATION} of the paper", "mean distance from it"]
    windows = experiments.groupby(["scenario", "method"]).size().max()
    return [
        "## Deviations: what one change does",
        f"The classical solvers on {windows} random windows after one change of the settings. "
        "Distances are over AUC_close, AUC_far, FractionActive and DR_least of the solvers that "
        "the experiment runs.",
        _markdown(pd.DataFrame(distance, columns=heads)),
        f"Every value of the test set's table further than {DEVIATION} from the paper's, and what "
        f"it becomes (bold: within {DEVIATION}).",
        _markdown(pd.DataFrame(rows)),
    ]


def _markdown(frame: pd.DataFrame) -> str:
    return frame.to_markdown(index=False, disable_numparse=True)
