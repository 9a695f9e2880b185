"""Names of channels as amplifiers, programs and people write them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from difflib import get_close_matches

from multisource.errors import UserError, refuse

# The 10-20 system's names of before 1991.
_OLD_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}
# What programs write behind a name for a reference: some word, the ears, the mastoids.
_REFERENCES = r"(ref|vref|com|le|re|lm|av|ave|avg|avr|car|a1|a2|a1\+?a2|a12|m1|m2|m1\+?m2|m12)"


def plain_name(channel: str) -> str:
    """Reduce a name to what it means: 'EEG C3-REF' to 'c3'.

    Parameters
    ----------
    channel : str
        As it is written.

    Returns
    -------
    str
        In lower case, without what amplifiers add; T3, T4, T5 and T6 as t7, t8, p7 and p8.
    """
    plain = channel.strip().lower()
    plain = re.sub(rf"^eeg[ _]+|[-_ ]{_REFERENCES}$|\.+$", "", plain).strip()
    return _OLD_NAMES.get(plain, plain)


def split_reference(channel: str) -> tuple[str, str | None]:
    """Split a name from the reference behind it: 'EEG C3-Cz' into 'c3' and 'cz'.

    Parameters
    ----------
    channel : str
        As it is written.

    Returns
    -------
    name : str
        As :func:`plain_name` reduces it.
    reference : str or None
        None if there is none; a number that a reader puts behind names is one too.
    """
    plain = re.sub(r"^eeg[ _]+|\.+$", "", channel.strip().lower()).strip()
    word = rf"(?P<own>.+)[-_ ](?P<other>{_REFERENCES})"
    parts = re.fullmatch(word, plain) or re.fullmatch(r"(?P<own>.+)-(?P<other>\w+)", plain)
    return (plain_name(parts["own"]), parts["other"]) if parts else (plain_name(channel), None)


def find_names(found: Sequence[str], wanted: Sequence[str]) -> dict[str, list[str]]:
    """Find all names that mean channels.

    Parameters
    ----------
    found : sequence of str
        Names as a file has them.
    wanted : sequence of str
        Names of the study's channels.

    Returns
    -------
    dict of str to list of str
        For each wanted name those that mean it, whatever their case and what amplifiers add, but
        for what is another wanted name itself; if there are none, those with any reference.
    """
    asked = {one.casefold() for one in wanted}
    by_case, by_plain, by_split = (defaultdict(list) for _ in range(3))
    for own in found:
        by_case[own.casefold()].append(own)
        if own.casefold() not in asked:
            by_plain[plain_name(own)].append(own)
            by_split[split_reference(own)[0]].append(own)
    order = {own: place for place, own in enumerate(found)}
    return {
        one: sorted(by_case[one.casefold()] + by_plain[plain_name(one)], key=order.__getitem__)
        or by_split[plain_name(one)]
        for one in wanted
    }


def nearest_names(found: Sequence[str], wanted: Sequence[str]) -> dict[str, list[str]]:
    """Find the names that mean channels, the same name before others that mean it too.

    Parameters
    ----------
    found, wanted : sequence of str
        As for :func:`find_names`.

    Returns
    -------
    dict of str to list of str
        For each wanted name the same one alone, if it is there; else those that differ in case
        alone; else all that mean it.
    """
    nearest = {}
    for one, own in find_names(found, wanted).items():
        same = [name for name in own if name == one]
        nearest[one] = same or [n for n in own if n.casefold() == one.casefold()] or own
    return nearest


def check_names(names: Sequence[str], known: Sequence[str], *, source: str) -> None:
    """Refuse channel names that are repeated or unknown.

    Parameters
    ----------
    names : sequence of str
        Channel names.
    known : sequence of str
        Names that exist; case and old names do not count.
    source : str
        What the error names as their origin.

    Raises
    ------
    UserError
        With a line for each such channel, with the closest known name if there is one.
    """
    if not names:
        raise UserError(f"{source}: no channel is named; give at least one")
    twice = sorted({name for name in names if list(names).count(name) > 1})
    matched = nearest_names(known, names)
    same: dict[str, list[str]] = {}
    for name, own in matched.items():
        for one in own[:1]:
            same.setdefault(one, []).append(name)
    refuse(
        [
            *(f"{source}: channel {name!r} is named twice; name it once" for name in twice),
            *(
                f"{source}: channel {name!r} is unknown{did_you_mean(name, known)}"
                for name, own in matched.items()
                if not own
            ),
            *(
                f"{source}: channels {' and '.join(map(repr, all_))} are one; name it once"
                for all_ in same.values()
                if len(all_) > 1
            ),
        ]
    )


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Suggest the known name that a wrong one is most like.

    Parameters
    ----------
    name : str
        The wrong one.
    known : sequence of str
        Names that exist.

    Returns
    -------
    str
        The end of a message; empty if nothing is like it.
    """
    by_lower = {k.lower(): k for k in known}
    close = get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
