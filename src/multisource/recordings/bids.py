"""Recordings of a BIDS data set: which there are, and which tables belong to each.

Files are found by their names alone, since Snakemake asks in every job. What the tables say is read
where a recording is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from multisource.config.suggest import suggest
from multisource.errors import UserError, refuse

# EEG in BIDS: European data format, BioSemi, BrainVision, EEGLAB.
ENDINGS = (".edf", ".bdf", ".vhdr", ".set")
# Tables that change what a recording is: its events and channels, and whether it is continuous.
_TABLES = (("events", ".tsv"), ("channels", ".tsv"), ("eeg", ".json"))
DESCRIPTION = "dataset_description.json"
# Options that choose recordings, and the part of a file's name that each is about.
CHOICES = {"subjects": "sub", "sessions": "ses", "runs": "run"}


@dataclass(frozen=True)
class BidsFile:
    """One recording of a data set.

    Attributes
    ----------
    path : Path
        The file that is opened.
    labels : dict of str to str
        The parts of its name, such as sub: 01, task: rest.
    """

    path: Path
    labels: dict[str, str]


def labels_of(name: str) -> dict[str, str]:
    """Return the parts of a file's name in BIDS.

    Parameters
    ----------
    name : str
        Such as ``sub-01_task-rest_eeg.edf``.

    Returns
    -------
    dict of str to str
        Key to label, in the order of the name: sub: 01, task: rest.
    """
    parts = name.partition(".")[0].split("_")[:-1]
    return {key: label for key, dash, label in (part.partition("-") for part in parts) if dash}


def recordings_of(root: Path) -> list[BidsFile]:
    """List the EEG recordings of a data set.

    Parameters
    ----------
    root : Path
        Its top folder.

    Returns
    -------
    list of BidsFile
        By subject, session, task and the rest of the name; derivatives are not looked at.

    Raises
    ------
    UserError
        If it is no BIDS data set, holds no EEG, or has one recording in two formats.
    """
    if not (root / DESCRIPTION).is_file():
        above = next((one for one in root.absolute().parents if (one / DESCRIPTION).is_file()), "")
        hint = f"name its top folder, {above}" if above else "name the top folder of one"
        raise UserError(f"{root} has no {DESCRIPTION}, so that it is no BIDS data set; {hint}")
    found = [
        BidsFile(path, labels_of(path.name))
        for pattern in ("sub-*/eeg/*_eeg.*", "sub-*/ses-*/eeg/*_eeg.*")
        for path in root.glob(pattern)
        if path.suffix.lower() in ENDINGS
    ]
    if not found:
        kinds = {path.name for path in [*root.glob("sub-*/*/"), *root.glob("sub-*/ses-*/*/")]}
        kinds = {kind for kind in kinds if not kind.startswith("ses-")}
        others = {path.suffix for path in root.glob("sub-*/**/eeg/*_eeg.*")} - {".json"}
        held = f"; it holds {', '.join(sorted(kinds - {'eeg'}))}" if kinds - {"eeg"} else ""
        held += f"; its EEG is {', '.join(sorted(others))}" if others else ""
        raise UserError(f"{root} holds no EEG in {', '.join(ENDINGS)}{held}")
    found.sort(key=lambda one: (one.path.name.partition(".")[0], one.path.name))
    for _, same in groupby(found, key=lambda one: one.path.with_suffix("")):
        paths = [one.path for one in same]
        if len(paths) > 1:
            raise UserError(f"{paths[0]} and {paths[1].name} are the same recording; keep one")
    return found


def chosen_recordings(
    root: Path, task: str | None, choices: Mapping[str, Sequence[str | int] | None], *, key: str
) -> list[BidsFile]:
    """Choose recordings of a data set.

    Parameters
    ----------
    root : Path
        Its top folder.
    task : str or None
        The task; None where the data set has only one.
    choices : mapping
        Labels of subjects, sessions and runs, as :data:`CHOICES` calls them; None or missing: all.
    key : str
        How messages call the entry.

    Returns
    -------
    list of BidsFile
        In the order of :func:`recordings_of`.

    Raises
    ------
    UserError
        For a task, subject, session or run that is not there; it names those that are.
    """
    try:
        found = recordings_of(root)
    except UserError as error:
        raise UserError(f"{key}.bids: {error}") from None
    tasks = list(dict.fromkeys(one.labels.get("task", "") for one in found))
    if task is None and len(tasks) > 1:
        raise UserError(f"{key}: missing key 'task'; {root} has {', '.join(tasks)}")
    task = tasks[0] if task is None else task.removeprefix("task-")
    if task not in tasks:
        raise UserError(f"{key}.task: {task!r} is not in {root}: {suggest(task, tasks)}")
    found = [one for one in found if one.labels.get("task", "") == task]
    for option, part in CHOICES.items():
        wanted = choices.get(option)
        if wanted is not None:
            found = _with_labels(found, part, wanted, f"{key}.{option}")
    return found


def _with_labels(
    found: Sequence[BidsFile], part: str, wanted: Iterable[str | int], key: str
) -> list[BidsFile]:
    """Keep what has one of these labels; zeros before a number do not count."""
    known = list(dict.fromkeys(one.labels[part] for one in found if part in one.labels))
    meant: dict[str | int, set[str]] = {}
    for one in wanted:
        text = str(one).removeprefix(f"{part}-")
        number = isinstance(one, int) or part == "run"
        meant[one] = {
            label
            for label in known
            if label == text or (number and label.lstrip("0") == text.lstrip("0"))
        }
    named = ", ".join(known) or "no such label"
    refuse(
        f"{key}: no {part}-{str(one).removeprefix(f'{part}-')} with this task; there is {named}"
        for one, labels in meant.items()
        if not labels
    )
    kept = set().union(*meant.values())
    return [one for one in found if one.labels.get(part) in kept]


def tables_of(path: str | Path, root: str | Path) -> list[Path]:
    """Return the tables of a recording: a change of one of them changes the recording.

    By the principle of inheritance a table holds for all recordings below its folder whose labels
    its name does not contradict.

    Parameters
    ----------
    path : str or Path
        The recording.
    root : str or Path
        Top folder of the data set.

    Returns
    -------
    list of Path
        Its events, its channels and what its json says, the nearest first.
    """
    path, root = Path(path), Path(root)
    own = labels_of(path.name)
    found = []
    for folder in path.parents:
        for kind, ending in _TABLES:
            for one in sorted(folder.glob(f"*{kind}{ending}")):
                fits = all(own.get(part, v) == v for part, v in labels_of(one.name).items())
                if fits and one.stem.rpartition("_")[2] == kind:
                    found.append(one)
        if folder == root:
            return found
    return found
