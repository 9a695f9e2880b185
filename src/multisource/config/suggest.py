"""Did you mean ...?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_LIST = 12  # a network has dozens of options: their list would bury the hint


def suggest(name: str, allowed: Iterable[str]) -> str:
    """Return what may be written in place of a name.

    Parameters
    ----------
    name : str
        What was written.
    allowed : iterable of str
        What may be.

    Returns
    -------
    str
        The closest one, and all if they are few.
    """
    allowed = sorted(allowed)
    close = difflib.get_close_matches(name, allowed, n=1)
    if close and len(allowed) > LONGEST_LIST:
        return f"did you mean {close[0]!r}?"
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}allowed: {', '.join(allowed)}"
