"""The recording's own names of the study's channels."""

from __future__ import annotations

from collections.abc import Sequence

from multisource.channels.names import find_names, split_reference
from multisource.errors import UserError, refuse


def match_channels(
    found: Sequence[str], wanted: Sequence[str], *, name: str, spared: bool = False
) -> list[str]:
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
    spared : bool, optional
        Whether a recording may do without some channels, as the message on missing ones then says.

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
    candidates = find_names(found, wanted)
    missing = [one for one, own in candidates.items() if not own]
    if missing:
        raise UserError(
            f"{name}: it lacks the channel(s) {', '.join(missing)}; it has {', '.join(found[:80])}"
            + (f"; localise it without them by leave_out: [{', '.join(missing)}]" if spared else "")
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
        reference = None if own.casefold() == one.casefold() else split_reference(own)[1]
        if reference is not None:
            references.setdefault(reference, []).append(own)
    if len(references) > 1:
        listed = " and ".join(own[0] for own in references.values())
        raise UserError(
            f"{name}: its channels are recorded against different electrodes, as {listed} are, "
            "which no average reference undoes; reference all of them to the same"
        )
    return matched
