"""Files that are no longer what their step wrote: damaged, changed by hand, or gone.

Each step records its outputs with a checksum (:mod:`multisource.versions`), and refuses inputs
that have another one: a flipped bit on a disk, a copy that was cut off. ``python -m
multisource.damage results/<head>`` looks at all files of a study.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from multisource.errors import refuse
from multisource.versions import read_records

_BLOCK = 1 << 22  # bytes
_CLOCK_S = 120  # clocks of several machines differ by less


def check_inputs(paths: Iterable[str], folder: str | os.PathLike[str]) -> None:
    """Refuse files that are not what their steps wrote.

    Parameters
    ----------
    paths : iterable of str
        Files, as named from the study's folder; those that no step has recorded pass.
    folder : str or path-like
        ``results/<head>``, where the records are.

    Raises
    ------
    UserError
        With one line for each such file.
    """
    paths = list(paths)
    made = _recorded(folder)
    refuse(
        f"{path}: damaged or changed since step {made[path][0]} wrote it; delete it, and run the "
        "same command again"
        for path in dict.fromkeys(paths)
        if path in made and os.path.isfile(path) and fingerprint(path) != made[path][1]
    )


def fingerprint(path: str | os.PathLike[str]) -> str:
    """Return the size and the CRC-32 of a file.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    str
        Both, such as ``1024-0a1b2c3d``.
    """
    size = checksum = 0
    with open(path, "rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            size += len(block)
            checksum = zlib.crc32(block, checksum)
    return f"{size}-{checksum:08x}"


def fingerprints(paths: Iterable[str]) -> dict[str, str]:
    """Return the fingerprints of those paths that are files.

    Parameters
    ----------
    paths : iterable of str
        Outputs of a step.

    Returns
    -------
    dict of str to str
        Path -> fingerprint.
    """
    return {path: fingerprint(path) for path in paths if os.path.isfile(path)}


def find_damage(folder: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Look at all files that the steps of a study have recorded.

    Parameters
    ----------
    folder : str or path-like
        ``results/<head>``.

    Returns
    -------
    dict of str to list of str
        ``missing`` and ``damaged`` -> files.
    """
    found: dict[str, list[str]] = {"missing": [], "damaged": []}
    for path, (_, written) in _recorded(folder).items():
        if not os.path.exists(path):
            found["missing"].append(path)
        elif os.path.isfile(path) and fingerprint(path) != written:
            found["damaged"].append(path)
    return found


def note(folder: str | os.PathLike[str]) -> str:
    """Return one line about files of finished steps that are gone.

    Parameters
    ----------
    folder : str or path-like
        ``results/<head>``.

    Returns
    -------
    str
        The line; empty if there are none.
    """
    missing = [path for path in _recorded(folder) if not os.path.exists(path)]
    if not missing:
        return ""
    shown = ", ".join(missing[:2]) + (", ..." if len(missing) > 2 else "")
    return (
        f"Files of finished steps are gone ({len(missing)}: {shown}). What needs them makes them "
        "again; 'make restore' does in any case."
    )


def clock_note(folder: str | os.PathLike[str], *, now: float | None = None) -> str:
    """Return one line if the clock is behind the files of a study.

    Parameters
    ----------
    folder : str or path-like
        ``results/<head>``.
    now : float, optional
        Seconds since the epoch; the clock's by default.

    Returns
    -------
    str
        The line; empty if the clock is ahead of all records, as it should be.
    """
    now = time.time() if now is None else now
    newest = max((p.stat().st_mtime for p in Path(folder, "versions").rglob("*.json")), default=now)
    if newest <= now + _CLOCK_S:
        return ""
    return (
        f"The clock is {newest - now:.0f} s behind the files in {folder}: was it set back? Set it "
        "right. Until then a file that you change looks older than what was made from it, and "
        "its change is not seen."
    )


def _recorded(folder: str | os.PathLike[str]) -> Mapping[str, tuple[str, str]]:
    """Return {file: (rule, fingerprint)} of all steps."""
    return {
        path: (record.rule, written)
        for record in read_records(Path(folder))
        for path, written in record.checksums.items()
    }


def main() -> None:
    """List files of finished steps that are missing or damaged; the exit code says if any are."""
    parser = argparse.ArgumentParser(prog="python -m multisource.damage", description=main.__doc__)
    parser.add_argument("folder", nargs="*", help="results of a head: results/<head>")
    parser.add_argument(
        "--remove", action="store_true", help="remove damaged files, and print nothing but names"
    )
    arguments = parser.parse_args()
    count = 0
    for folder in arguments.folder:
        for kind, paths in find_damage(folder).items():
            for path in paths:
                count += 1
                if arguments.remove:
                    Path(path).unlink(missing_ok=True)
                print(path if arguments.remove else f"{kind}: {path}")
    sys.exit(bool(count) and not arguments.remove)


if __name__ == "__main__":
    main()
