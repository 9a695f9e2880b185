"""The one exception that users are meant to read."""

from __future__ import annotations

from collections.abc import Iterable


class UserError(ValueError):
    """Bad input: each line of the message names the file or key, the value, and the fix."""


def refuse(mistakes: Iterable[str]) -> None:
    """Raise UserError with a line for each mistake, unless there is none.

    Parameters
    ----------
    mistakes : iterable of str
        One line each.

    Raises
    ------
    UserError
        If there is a mistake.
    """
    lines = list(mistakes)
    if lines:
        raise UserError("\n".join(lines))
