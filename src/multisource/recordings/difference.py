"""The difference of two averages: what one condition evokes and the other does not."""

from __future__ import annotations

from dataclasses import replace

from multisource.errors import UserError
from multisource.recordings.account import counted
from multisource.recordings.stretches import Stretches


def difference(one: Stretches, other: Stretches, *, name: str, against: str) -> Stretches:
    """Subtract an average from another.

    Parameters
    ----------
    one : Stretches
        An average.
    other : Stretches
        The average that is subtracted.
    name, against : str
        How messages call the two recordings.

    Returns
    -------
    Stretches
        The difference wave. What was read of ``other`` stays with it, for its noise.

    Raises
    ------
    UserError
        If one of them is no average, or they do not last the same.
    """
    key = f"recordings.{name}.against"
    if not (one.is_average and other.is_average):
        which = against if one.is_average else name
        raise UserError(
            f"{key}: recordings.{which} is no average and the other one is; average both (a "
            "difference of what they evoke) or neither (a contrast of power)"
        )
    begins = [found.starts_s[0] for found in (one, other)]
    samples = [found.parts[0].shape[1] for found in (one, other)]
    if samples[0] != samples[1] or abs(begins[0] - begins[1]) > 1e-3:
        raise UserError(
            f"{key}: recordings.{name} has {samples[0]} samples from {begins[0]:g} s on, "
            f"recordings.{against} {samples[1]} from {begins[1]:g} s on; give both the same "
            "tmin_s and tmax_s"
        )
    one.account.add(
        "difference", f"minus recordings.{against}, {counted(other.averaged, 'epoch')} averaged"
    )
    return replace(one, parts=[one.parts[0] - other.parts[0]], minus=other)
