"""The landmarks of a head, whose places every head and every measured montage gives."""

from __future__ import annotations

LANDMARKS = ("lpa", "nasion", "rpa")
# What people call the landmarks.
_LANDMARKS = {
    "nasion": ("nas", "nasion", "nz", "fidnz", "fidnas", "naz", "n"),
    "lpa": ("lpa", "fidt9", "fidlpa", "lhj", "pal", "leftear", "l"),
    "rpa": ("rpa", "fidt10", "fidrpa", "rhj", "par", "rightear", "r"),
}


def landmark(name: str) -> str | None:
    """Tell which landmark a name means.

    Parameters
    ----------
    name : str
        As a file has it: NAS, Nz, FidT9, LPA.

    Returns
    -------
    str or None
        "lpa", "nasion", "rpa", or None for anything else.
    """
    plain = name.strip().lower().replace("-", "").replace("_", "").replace(" ", "")
    return next((key for key, names in _LANDMARKS.items() if plain in names), None)
