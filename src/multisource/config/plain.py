"""What YAML makes of a file, as the plain values that JSON has.

YAML gives more than text, numbers, lists and mappings: dates, true for ``yes``, keys that are
numbers. What a person meant as text is refused with how to write it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from multisource.config.found import Found

YES_NO = "YAML reads yes, no, on and off as true and false: quote what is meant as text"


def plain_values(value: Any, found: Found, place: tuple[str, ...] = ()) -> Any:
    """Return a copy made of dict, list, str, int, float, bool and None only.

    Parameters
    ----------
    value : Any
        A configuration, or a part of one.
    found : Found
        Gets the mistakes; None stands at their places in the copy.
    place : tuple of str
        Keys from the top to ``value``.

    Returns
    -------
    Any
        The copy.
    """
    where = ".".join(place) or "top level"
    if isinstance(value, Mapping):
        copy = {}
        for key, part in value.items():
            if isinstance(key, str):
                copy[key] = plain_values(part, found, (*place, key))
            else:
                hint = YES_NO if isinstance(key, bool) else f'quote it: "{key}"'
                found.add((*place, str(key)), f"{where}: the key {key!r} is no text; {hint}")
        return copy
    if isinstance(value, list | tuple):
        return [plain_values(part, found, (*place, str(i))) for i, part in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        found.add(place, f"{where}: {value}: not a finite number; write one")
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    if hasattr(value, "isoformat"):
        found.add(place, f'{where}: {value}: YAML reads this as a date; quote it: "{value}"')
    else:
        kind = type(value).__name__
        found.add(place, f"{where}: {value!r:.80}: {kind} is no text, number, list or mapping")
    return None
