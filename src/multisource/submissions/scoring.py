"""The scores of a submission on a frozen set, beside those of the methods that came with it."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.estimates import read_metrics
from multisource.evaluation.heads import between_listed, heads_markdown, heads_table
from multisource.evaluation.score import score_maps
from multisource.evaluation.thresholds import choose_thresholds
from multisource.figures.heads import heads_figure
from multisource.files import atomic, reading
from multisource.netcdf import variable_names
from multisource.submissions.card import Card, known_operators, read_card, write_cards
from multisource.submissions.check import Expected, check_submission, read_maps
from multisource.submissions.frozen import (
    CHECKSUMS,
    VALIDATION,
    check_checksums,
    described,
    hidden_truth,
    read_checksums,
    sets_of,
)

OTHERS = "others"  # folder of the frozen set with metrics.parquet and heads.csv


def expected_of(frozen: str | os.PathLike[str]) -> dict[str, Expected]:
    """Return what a submission to a frozen set must hold.

    Parameters
    ----------
    frozen : path
        The frozen set.

    Returns
    -------
    dict of str to Expected
        Test set to its windows.
    """
    found = {}
    for name in sets_of(frozen):
        said = described(frozen, name)
        found[name] = Expected(said["windows"], int(said["n_dipoles"]), said["identity"])
    return found


def check(folder: str | os.PathLike[str], frozen: str | os.PathLike[str]) -> Card:
    """Refuse a submission that cannot be scored, or a frozen set that is damaged.

    Parameters
    ----------
    folder : path
        The submission.
    frozen : path
        The frozen set; its truth need not be there.

    Returns
    -------
    Card
        Who made the submission, and what the method was told.

    Raises
    ------
    UserError
        With a line for each mistake.
    """
    check_checksums(frozen, read_checksums(Path(frozen, CHECKSUMS)), hidden=False)
    card = read_card(folder, _operators(frozen))
    check_submission(folder, expected_of(frozen))
    return card


def score_submission(
    folder: str | os.PathLike[str], frozen: str | os.PathLike[str], *, name: str
) -> pd.DataFrame:
    """Score a submission with every metric.

    Parameters
    ----------
    folder : path
        The submission, as :func:`check` accepts it.
    frozen : path
        The frozen set with its truth.
    name : str
        How tables call the submission.

    Returns
    -------
    pandas.DataFrame
        One row per window: scenario, method, and the metrics of docs/metrics.md. Thresholds are
        chosen on the submission's maps of the set ``validation``, as those of any method.
    """
    positions = read_source_table(Path(frozen, "sources.tsv")).positions
    expected = expected_of(frozen)
    maps, coefficients = read_maps(Path(folder, f"{VALIDATION}.nc"), expected[VALIDATION])
    thresholds = choose_thresholds(
        maps, hidden_truth(frozen, VALIDATION), positions, ranked=coefficients
    )
    frames = []
    for scenario, wanted in expected.items():
        maps, coefficients = read_maps(Path(folder, f"{scenario}.nc"), wanted)
        metrics = score_maps(
            maps,
            hidden_truth(frozen, scenario),
            positions,
            coefficients=coefficients,
            thresholds=thresholds,
        )
        metrics.insert(0, "method", name)
        metrics.insert(0, "scenario", scenario)
        frames.append(metrics)
    return pd.concat(frames, ignore_index=True)


def beside_others(
    metrics: pd.DataFrame, card: Card, frozen: str | os.PathLike[str], *, name: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Put the scores of a submission beside those of the methods on the same windows.

    Parameters
    ----------
    metrics : pandas.DataFrame
        Of :func:`score_submission`.
    card : Card
        Of the submission.
    frozen : path
        The frozen set with ``others``.
    name : str
        How tables call the submission.

    Returns
    -------
    table : pandas.DataFrame
        As :func:`multisource.evaluation.heads.heads_table` returns it.
    words : dict of str to str
        Test set to what it states for itself.
    """
    listed = _heads(Path(frozen, OTHERS, "heads.csv"))
    one = listed.drop_duplicates(["test", "method"])
    made_with = {row.test: row.operator.split(", ") for row in one.itertuples()}
    known: dict[str, dict[str, list[str]]] = {}
    for row in one.itertuples():
        known.setdefault(row.method, {})[row.test] = [n for n in row.given.split(", ") if n]
    known[name] = known_operators(card, made_with)
    others = read_metrics([Path(frozen, OTHERS, "metrics.parquet")])
    together = pd.concat([others[others["method"] != name], metrics], ignore_index=True)
    table = heads_table(together, made_with, known, between_listed(listed))
    return table, {test: str(described(frozen, test)["states"]) for test in made_with}


def write_scores(
    folder: str | os.PathLike[str], frozen: str | os.PathLike[str], *, name: str
) -> pd.DataFrame:
    """Check and score a submission, and write tables and a figure beside its estimates.

    Parameters
    ----------
    folder : path
        The submission; ``scores`` in it gets metrics.parquet, heads.csv, heads.md, heads.png and
        submissions.csv.
    frozen : path
        The frozen set with its truth and ``others``.
    name : str
        How tables call the submission.

    Returns
    -------
    pandas.DataFrame
        The table of all methods, of :func:`beside_others`.
    """
    card = check(folder, frozen)
    metrics = score_submission(folder, frozen, name=name)
    base = Path(folder, "scores")
    with atomic(base / "metrics.parquet") as part:
        metrics.to_parquet(part, index=False)
    write_cards(base / "submissions.csv", {name: card})
    table, words = beside_others(metrics, card, frozen, name=name)
    with atomic(base / "heads.csv") as part:
        table.to_csv(part, index=False)
    with atomic(base / "heads.md") as part:
        part.write_text(heads_markdown(table, words), encoding="utf-8")
    with atomic(base / "heads.png") as part:
        heads_figure(table).savefig(part, dpi=140)
    return table


def _operators(frozen: str | os.PathLike[str]) -> tuple[str, ...]:
    """Names of the operators of a frozen set: those in head.nc, and those of the study."""
    prefix = "leadfield_"
    names = [name for name in variable_names(Path(frozen, "head.nc")) if name.startswith(prefix)]
    found = [name.removeprefix(prefix) for name in names]
    listed = Path(frozen, OTHERS, "heads.csv")
    if listed.is_file():
        table = _heads(listed)
        found += [*table["operator"], *table["given"]]
    return tuple(sorted({one for one in found if one and ", " not in one}))


def _heads(path: Path) -> pd.DataFrame:
    with reading(path):
        return pd.read_csv(path).fillna({"given": ""})
