"""A plain scalar of YAML, as the value that is meant; what is ambiguous is refused."""

from __future__ import annotations

import math
import re

_EMPTY = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_YES_NO = re.compile(r"(yes|no|on|off)", re.I)
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_HEXADECIMAL = re.compile(r"[-+]?0x[0-9a-fA-F_]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_REAL = re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?")

MOST_DIGITS = 300


def plain_value(text: str) -> str | int | float | bool | None:
    """Return the value of a scalar that stands without quotes.

    Parameters
    ----------
    text : str
        The scalar.

    Returns
    -------
    str, int, float, bool or None
        What is meant.

    Raises
    ------
    ValueError
        If YAML would make something else of it than a reader does; the message says what to write.
    """
    if _EMPTY.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return bool(_TRUE.fullmatch(text))
    if _YES_NO.fullmatch(text):
        raise ValueError(
            f"{text}: a truth value to some readers of YAML, a word to others; "
            f'write true or false, or quote it: "{text}"'
        )
    if _DATE.fullmatch(text):
        raise ValueError(f'{text}: a date to YAML; quote it: "{text}"')
    if _BASE_60.fullmatch(text):
        raise ValueError(f'{text}: a number of base 60 to YAML; quote it: "{text}"')
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text}: not a finite number; write one")
    if len(text) <= MOST_DIGITS:
        return _number(text)
    if _WHOLE.fullmatch(text) or _REAL.fullmatch(text):
        raise ValueError(f"{text[:20]}...: a number of {len(text)} digits; write fewer")
    return text


def _number(text: str) -> str | int | float:
    if _WHOLE.fullmatch(text):
        return int(text.replace("_", ""))
    if _HEXADECIMAL.fullmatch(text):
        return int(text.replace("_", ""), 16)
    if _LEADING_ZERO.fullmatch(text):
        plain = text.replace("_", "").lstrip("+-0") or "0"
        raise ValueError(
            f"{text}: a number of base 8 to YAML; "
            f'write it without the leading zero, {plain}, or quote it: "{text}"'
        )
    if _REAL.fullmatch(text):
        value = float(text.replace("_", ""))
        if not math.isfinite(value):
            raise ValueError(f"{text}: not a finite number; write one")
        return value
    return text
