"""Compiled code that is older than a module it was made from.

Numba compiles a function again when the file of that function has changed, but not when the file of
a function that it calls has. Where compiled functions call each other across the modules of a
folder, the code of all has to go when one of them changes.
"""

from __future__ import annotations

from pathlib import Path


def forget_stale(folder: Path) -> None:
    """Remove Numba's index of the modules of a folder that are older than any of its modules.

    Parameters
    ----------
    folder : Path
        The folder of the modules.
    """
    newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
    for index in (folder / "__pycache__").glob("*.nbi"):
        try:
            if index.stat().st_mtime < newest:
                index.unlink(missing_ok=True)
        except OSError:
            # Another job was faster, or the folder is not ours; then it is not ours to change.
            continue
