"""Damaged FIF files that would be read without end.

A FIF file is a chain of parts, each of which says where the next one begins. MNE-Python follows the
chain wherever it leads; where damage turns it into a circle, for ever.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

from multisource.errors import UserError

_HEAD = struct.Struct(">4i")  # kind, type, size of what follows, where the next part begins


def check_chain(path: str | Path) -> None:
    """Refuse a FIF file whose parts point in a circle; files of other formats pass.

    Parameters
    ----------
    path : str or Path
        The file; it is read from part to part, not whole, unless it is compressed.

    Raises
    ------
    UserError
        If a part is met twice.
    """
    if not str(path).endswith((".fif", ".fif.gz")):
        return
    opened = gzip.open if str(path).endswith(".gz") else open
    place, met = 0, set[int]()
    try:
        with opened(path, "rb") as file:
            while place >= 0:
                if place in met:
                    raise UserError(
                        f"{path}: damaged: its parts point in a circle at byte {place}; copy the "
                        "file again"
                    )
                met.add(place)
                file.seek(place)
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size:
                    return
                _, _, size, following = _HEAD.unpack(head)
                place = place + _HEAD.size + size if following == 0 else following
    except (OSError, EOFError):  # what cannot be read at all, its reader tells
        return
