"""Compiled code that is older than a module it was made from.

Numba compiles a function again when the file of that function has changed, but not when the file of
a function that it calls has. Where compiled functions call each other across the modules of a
folder, the code of all has to go when one of them changes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


def forget_stale(folder: Path) -> None:
    """Remove Numba's index of the modules of a folder unless all are as they were.

    Parameters
    ----------
    folder : Path
        The folder of the modules.
    """
    content = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        content.update(f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    known = folder / "__pycache__" / "compiled.sha256"
    try:
        if known.is_file() and known.read_text() == content.hexdigest():
            return
        known.parent.mkdir(exist_ok=True)
        for index in known.parent.glob("*.nbi"):
            index.unlink(missing_ok=True)
        known.write_text(content.hexdigest())
    except OSError:
        pass  # The folder is not ours to change.
