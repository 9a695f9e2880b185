"""Records in a file that users write, field by field: each mistake in one line that names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from multisource.config.suggest import suggest
from multisource.errors import UserError


def check_fields(
    where: str, record: object, *, needed: Iterable[str], allowed: Iterable[str] = ()
) -> dict[str, Any]:
    """Return a record; refuse one that lacks a field or has an unknown one.

    Parameters
    ----------
    where : str
        File and record, as messages call it.
    record : object
        What was read.
    needed : iterable of str
        Fields that must be there.
    allowed : iterable of str
        Further fields that may be.

    Returns
    -------
    dict of str to Any
        The record.

    Raises
    ------
    UserError
        If it is no mapping, a field is missing, or one is unknown.
    """
    needed = list(needed)
    if not isinstance(record, Mapping):
        raise UserError(f"{where}: {_shown(record)}; give {', '.join(needed) or 'name: value'}")
    known = dict.fromkeys([*needed, *allowed])
    for key in record:
        if key not in known:
            raise UserError(f"{where}: unknown key {key!r}: {suggest(str(key), known)}")
    for key in needed:
        if key not in record:
            raise UserError(f"{where}: missing key {key!r}")
    return dict(record)


def checked_number(
    where: str, value: object, low: float, high: float, *, above: bool = False
) -> float:
    """Return a number within bounds.

    Parameters
    ----------
    where : str
        File, record and field, as messages call it.
    value : object
        What was read.
    low : float
        Least value.
    high : float
        Largest value.
    above : bool
        The value must be more than ``low``.

    Returns
    -------
    float
        The number.

    Raises
    ------
    UserError
        If it is no finite number, or beyond the bounds.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Not a number compares as false.
        if (low < value if above else low <= value) and value <= high:
            return float(value)
    bound = f"above {low:g}, at most {high:g}" if above else f"of {low:g} to {high:g}"
    raise UserError(f"{where}: {_shown(value)}; give a number {bound}")


def checked_numbers(
    where: str, value: object, low: float, high: float, *, count: int | None = None
) -> list[float]:
    """Return a list of numbers within bounds.

    Parameters
    ----------
    where : str
        File, record and field, as messages call it.
    value : object
        What was read.
    low : float
        Least value of each.
    high : float
        Largest value of each.
    count : int, optional
        How many there must be; one at least where it is not given.

    Returns
    -------
    list of float
        The numbers.

    Raises
    ------
    UserError
        If it is no list of so many finite numbers within the bounds.
    """
    length = f"{count}" if count else "one or more"
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise UserError(f"{where}: {_shown(value)}; give a list of {length} numbers")
    if count and len(value) != count:
        raise UserError(f"{where}: {_shown(value)}; give {count} numbers")
    return [checked_number(f"{where}, number {i}", x, low, high) for i, x in enumerate(value, 1)]


def checked_text(where: str, value: object) -> str:
    """Return text.

    Parameters
    ----------
    where : str
        File, record and field, as messages call it.
    value : object
        What was read.

    Returns
    -------
    str
        The text, of one line.

    Raises
    ------
    UserError
        If it is no text, or empty.
    """
    if not isinstance(value, str) or not value.strip():
        hint = f'; quote it: "{value}"' if isinstance(value, int | float) else ""
        raise UserError(f"{where}: {_shown(value)}; give text{hint}")
    return " ".join(value.split())


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) < 80 else text[:77] + "..."
