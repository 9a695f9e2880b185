"""Some of the channels of a cap, as evenly over the head as its electrodes allow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from multisource.channels.subset import FEWEST
from multisource.errors import UserError
from multisource.montage.standard import standard_montage

_EVERY_NAME = "colin27_1005"  # MNE-Python's montage of the 10-05 system


def spread_channels(channels: Sequence[str], count: int, montage: str = _EVERY_NAME) -> list[str]:
    """Choose channels one after the other, each as far as can be from those before it.

    Parameters
    ----------
    channels : sequence of str
        Names of the study's channels.
    count : int
        How many are chosen.
    montage : str
        The study's montage, if it is one of MNE-Python's; the 10-05 system for another.

    Returns
    -------
    list of str
        Names, in the study's order. Of two counts the smaller is a part of the larger.

    Raises
    ------
    UserError
        If there are fewer channels, fewer than four are asked for, or the place of one is unknown.
    """
    if not FEWEST <= count <= len(channels):
        raise UserError(f"{count} channels; give {FEWEST} to {len(channels)}, the study's")
    try:
        made = standard_montage(montage)
    except UserError:  # a file
        made = standard_montage(_EVERY_NAME)
    places = {name.lower(): place for name, place in made.points.items()}
    unknown = [name for name in channels if name.lower() not in places]
    if unknown:
        raise UserError(
            f"where channel {unknown[0]} is stands in no montage ({made.source}); a curve of "
            "channels needs names of the 10-05 system or of one of MNE-Python's montages"
        )
    positions = np.array([places[name.lower()] for name in channels])
    positions /= np.linalg.norm(positions, axis=1, keepdims=True)
    chosen = [int(np.argmax(positions[:, 2]))]
    gap = np.linalg.norm(positions - positions[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.linalg.norm(positions - positions[chosen[-1]], axis=1))
    return [channels[number] for number in sorted(chosen)]
