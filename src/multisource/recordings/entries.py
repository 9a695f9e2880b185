"""What stands under ``recordings``: files, and data sets that stand for several files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from multisource.errors import UserError
from multisource.recordings.bids import BidsFile, chosen_recordings
from multisource.recordings.settings import common_settings


@dataclass(frozen=True)
class Recording:
    """One recording of the study.

    Attributes
    ----------
    name : str
        The name of its folder in the results.
    entry : str
        The name of its entry in the configuration.
    settings : dict
        Its settings, as :func:`multisource.recordings.settings.recording_settings` reads them.
    labels : dict of str to str
        Parts of its file's name in BIDS; none of a file that was named.
    """

    name: str
    entry: str
    settings: dict[str, Any]
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """Whose recording it is: by BIDS, or a person of its own."""
        return f"sub-{self.labels['sub']}" if "sub" in self.labels else self.name


def all_recordings(
    entries: Mapping[str, Mapping[str, Any]], find: Callable[[str, str], Path]
) -> list[Recording]:
    """List the recordings of a configuration; an entry with a data set stands for several.

    Parameters
    ----------
    entries : mapping
        ``recordings`` of the configuration.
    find : callable
        find(key, name) returns the folder that a key names, or raises UserError.

    Returns
    -------
    list of Recording
        In the order of the entries, those of a data set by subject, session and run.

    Raises
    ------
    UserError
        If a data set is not as its entry says, or two recordings have one name.
    """
    found: list[Recording] = []
    for entry, settings in entries.items():
        if "bids" not in settings:
            found.append(Recording(entry, entry, dict(settings)))
        else:
            found += _of_data_set(entry, settings, find)
    by_name: dict[str, Recording] = {}
    for one in found:
        other = by_name.setdefault(one.name, one)
        if other is not one:
            raise UserError(
                f"recordings.{one.entry}: it makes a recording {one.name!r}, which is the name of "
                f"another one ({other.settings['file']}); call the entry otherwise"
            )
    return [_with_partner(one, found, by_name) for one in found]


def _of_data_set(
    entry: str, settings: Mapping[str, Any], find: Callable[[str, str], Path]
) -> Iterator[Recording]:
    key = f"recordings.{entry}"
    root = find(f"{key}.bids", str(settings["bids"]))
    common = common_settings(settings)
    for one in chosen_recordings(root, settings.get("task"), settings, key=key):
        own = {**common, "file": str(one.path), "bids": str(root)}
        yield Recording(_name(entry, one), entry, own, one.labels)


def _name(entry: str, one: BidsFile) -> str:
    """Such as rest_sub01_ses2_run1: the task is what the entry is about."""
    labels = [f"{key}{label}" for key, label in one.labels.items() if key != "task"]
    return "_".join([entry, *(re.sub(r"[^A-Za-z0-9]", "", label) for label in labels)])


def _with_partner(
    one: Recording, found: Sequence[Recording], by_name: Mapping[str, Recording]
) -> Recording:
    """Name the one recording that another is to rise above, where it names a data set."""
    other = one.settings.get("against")
    if other is None or other in by_name:
        return one
    key = f"recordings.{one.entry}.against"
    partners = [candidate for candidate in found if candidate.entry == other]
    if not partners:
        return one  # a name of nothing, which the check of names tells of
    if not one.labels:
        names = ", ".join(candidate.name for candidate in partners[:12])
        raise UserError(f"{key}: {other!r} is a data set of several recordings; name one: {names}")
    for part in ("sub", "ses", "run", "acq"):
        label = one.labels.get(part)
        same = [candidate for candidate in partners if candidate.labels.get(part) == label]
        if part == "sub" and not same:
            raise UserError(
                f"{key}: {other!r} has no recording of sub-{label}; name the subjects that both "
                "have in subjects"
            )
        # Runs of different tasks are often counted through: then the only one is meant.
        partners = same or partners
    if len(partners) > 1:
        names = ", ".join(candidate.name for candidate in partners[:12])
        raise UserError(
            f"{key}: {other!r} has {len(partners)} recordings for {one.name}: {names}; choose one "
            "by sessions or runs"
        )
    return replace(one, settings={**one.settings, "against": partners[0].name})
