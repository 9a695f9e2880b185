"""The recording's own names of the study's channels."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from multisource.errors import UserError, refuse

# The 10-20 system's names of before 1991.
_OLD_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}
# What programs write behind a name for a reference: some word, the ears, the mastoids.
_REFERENCES = r"(ref|vref|com|le|re|lm|av|ave|avg|avr|car|a1|a2|a1\+?a2|a12|m1|m2|m1\+?m2|m12)"


def match_channels(found: Sequence[str], wanted: Sequence[str], *, name: str) -> list[str]:
    """Find the recording's own names of channels.

    Case does not count, nor what amplifiers add ('EEG Fp1-REF', 'Fc5.', 'C3-A2'); T3, T4, T5, T6
    are T7, T8, P7, P8. A reference is any that is the same for all channels.

    Parameters
    ----------
    found : sequence of str
        Names that the recording has.
    wanted : sequence of str
        Names of the study's channels.
    name : str
        How messages call the recording.

    Returns
    -------
    list of str
        Names of the recording, in the order of ``wanted``.

    Raises
    ------
    UserError
        If a channel is missing, has several signals, or is recorded against another electrode than
        the others.
    """
    candidates = {one: _candidates(one, found, wanted) for one in wanted}
    missing = [one for one, own in candidates.items() if not own]
    if missing:
        raise UserError(
            f"{name}: it lacks the channel(s) {', '.join(missing)}; it has {', '.join(found[:80])}"
        )
    refuse(
        f"{name}: it has {len(own)} signals for {one}: {', '.join(own)}; rename or drop all but "
        "one of them"
        for one, own in candidates.items()
        if len(own) > 1
    )
    matched = [own[0] for own in candidates.values()]
    references: dict[str, list[str]] = {}
    for one, own in zip(wanted, matched, strict=True):
        reference = None if own.casefold() == one.casefold() else _split(own)[1]
        if reference is not None:
            references.setdefault(reference, []).append(own)
    if len(references) > 1:
        listed = " and ".join(own[0] for own in references.values())
        raise UserError(
            f"{name}: its channels are recorded against different electrodes, as {listed} are, "
            "which no average reference undoes; reference all of them to the same"
        )
    return matched


def _candidates(one: str, found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the names of a recording that mean a channel."""
    others = {other.casefold() for other in wanted if other != one}
    free = [own for own in found if own.casefold() not in others]
    rules: tuple[Callable[[str], str], ...] = (_plain, lambda own: _split(own)[0])
    for rule in rules:
        own = [own for own in free if own.casefold() == one.casefold() or rule(own) == _plain(one)]
        if own:
            return own
    return []


def _plain(channel: str) -> str:
    """'EEG C3-REF' to 'c3'."""
    plain = channel.strip().lower()
    plain = re.sub(rf"^eeg[ _]+|[-_ ]{_REFERENCES}$|\.+$", "", plain).strip()
    return _OLD_NAMES.get(plain, plain)


def _split(channel: str) -> tuple[str, str | None]:
    """'EEG C3-Cz' to ('c3', 'cz'); a number that a reader puts behind names is a reference too."""
    plain = re.sub(r"^eeg[ _]+|\.+$", "", channel.strip().lower()).strip()
    word = rf"(?P<own>.+)[-_ ](?P<other>{_REFERENCES})"
    parts = re.fullmatch(word, plain) or re.fullmatch(r"(?P<own>.+)-(?P<other>\w+)", plain)
    return (_plain(parts["own"]), parts["other"]) if parts else (_plain(channel), None)
