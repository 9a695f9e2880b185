"""Several heads in one study: what each of them changes, and data sets that stand for many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from multisource.config.head import TEMPLATE
from multisource.config.study import merged
from multisource.config.suggest import suggest
from multisource.errors import UserError
from multisource.recordings.bids import DESCRIPTION, labels_of

# The folder in results/ of what is told of all heads together.
TOGETHER = "heads"
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# In any text of a head's settings, also those that all heads share: its label.
PLACE = "{head}"
_OF_DATA_SETS = ("bids", "subjects", "labels")
_T1S = ("sub-*/anat/*_T1w.nii*", "sub-*/ses-*/anat/*_T1w.nii*")

Find = Callable[[str, str], Path]


def heads_of(config: Mapping[str, Any], find: Find) -> dict[str, dict[str, Any]]:
    """Return the configuration of each head of a study over several.

    Parameters
    ----------
    config : mapping
        The merged configuration. What an entry of ``heads`` states goes before the rest; ``{head}``
        in a text stands for the head's label. An entry with ``bids`` stands for the subjects of a
        data set, whose T1s go through the provider samseg unless the entry says otherwise.
    find : callable
        find(key, name) returns the folder that a key names, or raises UserError.

    Returns
    -------
    dict of str to dict
        Label to configuration, without ``heads``; none where the configuration names none.

    Raises
    ------
    UserError
        For ``head`` beside ``heads``, an entry that is no mapping, a label that two heads have, and
        a data set that is not as its entry says.
    """
    entries = config.get("heads") or {}
    if not isinstance(entries, Mapping):
        raise UserError("heads: needs a mapping: a label, and what its head has of its own")
    label = config.get("head", TEMPLATE)
    if entries and label != TEMPLATE:
        raise UserError(
            f"head: {label!r} stands beside heads: name it there, or take one of both out"
        )
    shared = {key: value for key, value in config.items() if key != "heads"}
    found: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}
    for entry, given in entries.items():
        key = f"heads.{entry}"
        if not isinstance(given or {}, Mapping):
            raise UserError(f"{key}: {given!r} needs a mapping: what this head has of its own")
        own = dict(given or {})
        if "heads" in own or "head" in own:
            raise UserError(f"{key}: a head has its label here; take head and heads out of it")
        choices = {name: own.pop(name) for name in _OF_DATA_SETS if name in own}
        if "bids" in choices:
            of_subjects = dict(_subjects(key, choices, own, find))
        elif choices:
            raise UserError(f"{key}.{next(iter(choices))}: of a data set; bids names its folder")
        else:
            of_subjects = {str(entry): own}
        for label, changes in of_subjects.items():
            _check_label(key, label, names)
            whole = merged(shared, changes)
            found[label] = _filled(whole, label) | {"head": label}
    return found


def step_name(label: str) -> str:
    """Return what the names of a head's steps begin with.

    Parameters
    ----------
    label : str
        The head.

    Returns
    -------
    str
        Its label in letters, digits and underscores.
    """
    return re.sub(r"\W", "_", f"{label}_")


def _check_label(key: str, label: str, names: dict[str, str]) -> None:
    if not LABEL.fullmatch(label):
        raise UserError(f"{key}: {label!r} is no label of a head: letters, digits, _ and -")
    if label == TOGETHER:
        raise UserError(f"{key}: results/{label} is the folder of all heads; call it otherwise")
    steps = step_name(label).lower()
    if steps in names:
        raise UserError(
            f"{key}: the steps of {label!r} would be named as those of {names[steps]!r}, another "
            "head; call one otherwise"
        )
    names[steps] = label


def _subjects(
    key: str, choices: Mapping[str, Any], own: Mapping[str, Any], find: Find
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield label and settings of each subject of a data set."""
    root = find(f"{key}.bids", str(choices["bids"]))
    if not (root / DESCRIPTION).is_file():
        raise UserError(f"{key}.bids: {root} has no {DESCRIPTION}, so that it is no BIDS data set")
    known = sorted(path.name for path in root.glob("sub-*") if path.is_dir())
    wanted = choices.get("subjects")
    if wanted is not None and not isinstance(wanted, list):
        raise UserError(f"{key}.subjects: {wanted!r} needs a list of labels")
    subjects = known if wanted is None else [_subject(key, one, known) for one in wanted]
    if not subjects:
        raise UserError(f"{key}.bids: {root} has no folder sub-<label>")
    provider = (own.get("anatomy") or {}).get("provider", "samseg")
    for subject in subjects:
        changes = dict(own)
        if provider == "samseg":
            t1 = _t1(f"{key}.labels", root, subject, choices.get("labels") or {})
            samseg = {"provider": provider, "samseg": {"t1": str(t1)}}
            changes["anatomy"] = merged(samseg, own.get("anatomy") or {})
        yield subject, changes


def _subject(key: str, wanted: object, known: list[str]) -> str:
    """Return the folder's name of a subject; zeros before a number do not count."""
    text = str(wanted).removeprefix("sub-")
    for name in known:
        label = name.removeprefix("sub-")
        if label == text or (isinstance(wanted, int) and label.lstrip("0") == text.lstrip("0")):
            return name
    raise UserError(f"{key}.subjects: {wanted!r} is not there: {suggest(f'sub-{text}', known)}")


def _t1(key: str, root: Path, subject: str, labels: Mapping[str, object]) -> Path:
    """Return the one T1 of a subject that has the labels."""
    if not isinstance(labels, Mapping):
        raise UserError(f"{key}: needs a mapping, such as {{ses: 1, run: 1}}")
    all_of_it = sorted(
        path
        for pattern in _T1S
        for path in root.glob(pattern.replace("sub-*", subject))
        if path.name.endswith((".nii", ".nii.gz"))
    )
    found = [path for path in all_of_it if _has(labels_of(path.name), labels)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in all_of_it) or "none"
    if not found:
        raise UserError(f"{key}: {root / subject} has no T1 with these labels; its T1s: {names}")
    own = [f"{part}: {label}" for part, label in labels_of(found[0].name).items() if part != "sub"]
    raise UserError(
        f"{key}: {subject} has {len(found)} T1s: {names}; say which, such as "
        f"labels: {{{', '.join(own)}}}"
    )


def _has(own: Mapping[str, str], labels: Mapping[str, object]) -> bool:
    return all(
        own.get(part, "").lstrip("0") == str(label).removeprefix(f"{part}-").lstrip("0")
        for part, label in labels.items()
    )


def _filled(value: Any, label: str) -> Any:
    """Put the label in the place of ``{head}`` in all texts."""
    if isinstance(value, Mapping):
        return {key: _filled(one, label) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, label) for one in value]
    return value.replace(PLACE, label) if isinstance(value, str) else value
