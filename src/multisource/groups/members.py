"""Who is in a group of recordings, and who is compared with whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multisource.config.suggest import suggest
from multisource.errors import UserError
from multisource.recordings.entries import Recording

# Signs of n differences can be turned in 2^(n - 1) ways that differ, so that five people give p =
# .0625 at best: no difference of theirs, however clear, would ever be told.
FEWEST = 6


@dataclass(frozen=True)
class Group:
    """Recordings that are averaged over people.

    Attributes
    ----------
    name : str
        Its name in the configuration.
    members : dict of str to list of str
        Person to the names of this person's recordings.
    others : dict of str to list of str
        The same people in the group that it is compared with; none without one.
    against : str or None
        The name of that group.
    moment_s : float, sequence of float or None
        The latency or span that is looked at; None: all windows, from the event on.
    method : str
        The network or solver whose maps are averaged.
    """

    name: str
    members: dict[str, list[str]]
    others: dict[str, list[str]]
    against: str | None
    moment_s: float | Sequence[float] | None
    method: str

    @property
    def recordings(self) -> list[str]:
        """All recordings that are read, each once."""
        read = [*self.members.values(), *self.others.values()]
        return list(dict.fromkeys(name for names in read for name in names))


def all_groups(
    groups: Mapping[str, Mapping[str, Any]],
    recordings: Sequence[Recording],
    methods: Sequence[str],
) -> list[Group]:
    """List the groups of a configuration.

    Parameters
    ----------
    groups : mapping
        ``groups`` of the configuration.
    recordings : sequence of Recording
        All recordings of the study.
    methods : sequence of str
        Networks and solvers that localise recordings; the first is the default.

    Returns
    -------
    list of Group
        In the order of the configuration.

    Raises
    ------
    UserError
        For unknown names, too few people, or people who do not pair.
    """
    found = []
    for name, settings in groups.items():
        key = f"groups.{name}"
        members = _members(settings["recordings"], recordings, key)
        against = settings.get("against")
        others: dict[str, list[str]] = {}
        if against is not None:
            known = [one for one in groups if one != name]
            if against not in known:
                raise UserError(
                    f"{key}.against: {against!r} is no other group: {suggest(against, known)}"
                )
            others = _members(groups[against]["recordings"], recordings, f"groups.{against}")
            others = _paired(members, others, f"{key}.against", against)
        if len(members) < FEWEST:
            raise UserError(
                f"{key}.recordings: {len(members)} people; a test over people needs {FEWEST} at "
                "least, since fewer can never reach p < .05, however clear they are"
            )
        method = settings.get("method") or methods[0]
        if method not in methods:
            raise UserError(f"{key}.method: {method!r}: {suggest(method, methods)}")
        found.append(Group(name, members, others, against, settings.get("moment_s"), method))
    return found


def _members(
    names: Sequence[str], recordings: Sequence[Recording], key: str
) -> dict[str, list[str]]:
    """Recordings of each person; a data set's entry stands for all of its recordings."""
    members: dict[str, list[str]] = {}
    for name in names:
        meant = [one for one in recordings if name in (one.name, one.entry)]
        if not meant:
            known = dict.fromkeys([one.entry for one in recordings])
            raise UserError(f"{key}.recordings: {name!r} is no recording: {suggest(name, known)}")
        for one in meant:
            members.setdefault(one.subject, []).append(one.name)
    return members


def _paired(
    members: Mapping[str, Sequence[str]], others: dict[str, list[str]], key: str, against: str
) -> dict[str, list[str]]:
    """The same people in another group; single files are paired in the order of both lists."""
    by_bids = any(person.startswith("sub-") for person in [*members, *others])
    if not by_bids and len(members) == len(others):
        return dict(zip(members, others.values(), strict=True))
    lacking = [person for person in members if person not in others]
    if lacking:
        raise UserError(
            f"{key}: {against!r} has no recording of {', '.join(lacking[:12])}; a comparison pairs "
            "the recordings of each person"
        )
    return {person: others[person] for person in members}
