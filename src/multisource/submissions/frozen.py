"""A frozen benchmark set: windows as files for others to solve, the truth kept apart.

The files hold nothing that a new release of this package would change, so that the same windows
give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multisource.errors import UserError, refuse
from multisource.files import atomic, reading
from multisource.leadfield.forward import Leadfield
from multisource.netcdf import Variable, read_arrays, write_arrays
from multisource.simulation.chunks import read_eeg, read_truth
from multisource.simulation.truth import SparseTruth

VALIDATION = "validation"  # the one set whose truth stands beside its windows
CHECKSUMS = "SHA256SUMS"
_ROWS = 50  # windows that are stored, and read, together
README = """multisource frozen benchmark set, version {version}

windows/<test set>.nc  EEG of {windows} windows at most (sample, channel, time), V, average
                       reference, and which channels are bad where that is told;
                       windows/validation.nc has the truth too: choose your settings on it
head.nc                the leadfields that methods may be given or learn from, places of dipoles
                       and electrodes
sources.tsv            the dipoles, in the order of every map
truth/<test set>.nc    the truth of the test sets, for scoring only
others/                metrics of the methods of the study on the same windows
SHA256SUMS             checksums of all but others/ and this text: sha256sum -c SHA256SUMS

docs/benchmark.md of multisource says how to make, check and score a submission.
"""


def write_set(
    folder: str | os.PathLike[str],
    name: str,
    chunks: Sequence[str | Path],
    *,
    windows: int,
    version: str,
    states: str = "",
) -> None:
    """Write the first windows of a test set: the EEG, and its truth kept apart.

    Parameters
    ----------
    folder : path
        The frozen set: ``windows/<name>.nc`` and ``truth/<name>.nc`` below it are written; of the
        set ``validation`` one file with both.
    name : str
        Of the test set.
    chunks : sequence of path
        Chunks of the set, as simulated.
    windows : int
        How many windows are taken; all if there are fewer.
    version : str
        Of the frozen set, kept in each file.
    states : str
        What the set states for itself of the simulation's settings, in words.
    """
    recorded, truth = read_eeg(chunks), read_truth(chunks)
    count = min(windows, len(truth))
    eeg, truth = recorded.eeg[:count], truth.first(count)
    attributes = {
        "title": "multisource frozen benchmark set",
        "version": version,
        "set": name,
        "states": states,
        "identity": identity_of(chunks, windows),
        "n_dipoles": truth.n_dipoles,
    }
    seen: dict[str, Variable] = {
        "eeg": (("sample", "channel", "time"), eeg, {"units": "V"}),
        "sample": (("sample",), np.arange(count), {}),
        "channel": (("channel",), np.array(recorded.channels), {}),
        "time": (("time",), recorded.time, {"units": "s"}),
    }
    hidden: dict[str, Variable] = {
        key: (dimensions, np.asarray(values), {})
        for key, (dimensions, values) in truth.variables().items()
    }
    base = Path(folder)
    if name == VALIDATION:
        seen |= hidden
    else:
        write_arrays(base / f"truth/{name}.nc", hidden, attributes)
    write_arrays(base / f"windows/{name}.nc", seen, attributes, rows=min(_ROWS, count))


def identity_of(chunks: Sequence[str | Path], windows: int) -> str:
    """Return what the first windows of a set are known by, whichever machine has made them.

    Parameters
    ----------
    chunks : sequence of path
        Chunks of the set, as simulated.
    windows : int
        How many windows.

    Returns
    -------
    str
        16 hexadecimal digits of a hash of seed, settings and true dipoles. It holds no number that
        another processor would round otherwise.
    """
    _, said = read_arrays(chunks[0])
    truth = read_truth(chunks)
    truth = truth.first(min(windows, len(truth)))
    hashed = hashlib.sha256()
    made = [said.get(key) for key in ("seed", "split", "config_hash", "n_dipoles")]
    hashed.update(json.dumps([*map(str, made), len(truth)]).encode())
    for numbers in (truth.offset, truth.dipole, truth.centre):
        hashed.update(np.ascontiguousarray(numbers, "<i8").tobytes())
    return hashed.hexdigest()[:16]


def write_head(
    path: str | os.PathLike[str],
    leadfields: Mapping[str, Leadfield],
    electrodes: np.ndarray,
    medial_wall: np.ndarray,
    *,
    version: str,
) -> None:
    """Write the leadfields that methods may be given, as plain arrays.

    Parameters
    ----------
    path : path
        The output (NetCDF).
    leadfields : mapping of str to Leadfield
        By the names that operators have in the configuration.
    electrodes : ndarray of shape (E, 3)
        Places of the channels, mm, surface RAS.
    medial_wall : ndarray of bool, shape (N,)
        Where there is no cortex.
    version : str
        Of the frozen set.
    """
    first = next(iter(leadfields.values()))
    axes = ("dipole", "axis")
    variables: dict[str, Variable] = {
        f"leadfield_{name}": (
            ("channel", *axes),
            one.free.reshape(len(one.channels), -1, 3).astype(np.float32),
            {
                "units": "V/(A m)",
                "long_name": "potential of a dipole along x, y, z, average reference",
            },
        )
        for name, one in leadfields.items()
    }
    variables |= {
        "position": (axes, first.positions.astype(np.float32), {"units": "mm"}),
        "normal": (axes, first.normals.astype(np.float32), {"long_name": "of the cortex"}),
        "electrode": (("channel", "axis"), electrodes.astype(np.float32), {"units": "mm"}),
        "medial_wall": (("dipole",), medial_wall.astype(np.int8), {"long_name": "1: no cortex"}),
        "channel": (("channel",), np.array(first.channels), {}),
        "axis": (("axis",), np.array(["x", "y", "z"]), {"long_name": "right, front, up"}),
    }
    write_arrays(path, variables, {"version": version})


def write_checksums(folder: str | os.PathLike[str], files: Iterable[str]) -> None:
    """Write the SHA-256 of files of a frozen set, in the form that ``sha256sum -c`` reads.

    Parameters
    ----------
    folder : path
        The frozen set; ``SHA256SUMS`` in it is written.
    files : iterable of str
        Names below it.
    """
    base = Path(folder)
    lines = [f"{sha256(base / name)}  {name}\n" for name in sorted(files)]
    with atomic(base / CHECKSUMS) as part:
        part.write_text("".join(lines), encoding="utf-8")


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_checksums(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read a list of checksums.

    Parameters
    ----------
    path : path
        As :func:`write_checksums` writes it.

    Returns
    -------
    dict of str to str
        File to its SHA-256.

    Raises
    ------
    UserError
        If the file is missing or no such list.
    """
    with reading(path):
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        return {name: digits for digits, name in (line.split("  ", 1) for line in lines)}


def check_checksums(
    folder: str | os.PathLike[str], listed: Mapping[str, str], *, hidden: bool = True
) -> None:
    """Refuse a frozen set whose files are missing or not those that are listed.

    Parameters
    ----------
    folder : path
        The frozen set.
    listed : mapping of str to str
        File to its SHA-256.
    hidden : bool
        Whether the truth must be there; one who only solves the windows may do without.

    Raises
    ------
    UserError
        With a line for each such file.
    """
    mistakes = []
    for name, digits in listed.items():
        path = Path(folder, name)
        if not path.is_file():
            if hidden or not name.startswith("truth/"):
                mistakes.append(f"{path}: missing; copy the frozen set again")
        elif sha256(path) != digits:
            mistakes.append(f"{path}: not the file that is listed (SHA-256); copy it again")
    refuse(mistakes)


def sets_of(folder: str | os.PathLike[str]) -> list[str]:
    """Return the test sets of a frozen set.

    Parameters
    ----------
    folder : path
        The frozen set.

    Returns
    -------
    list of str
        Names of the files in ``windows``, ``validation`` last.

    Raises
    ------
    UserError
        If there is none.
    """
    names = sorted(path.stem for path in Path(folder, "windows").glob("*.nc"))
    if VALIDATION not in names:
        raise UserError(
            f"{folder}: no frozen set (no windows/{VALIDATION}.nc); name the folder that "
            "holds windows/ and truth/"
        )
    return [*(name for name in names if name != VALIDATION), VALIDATION]


def truth_file(folder: str | os.PathLike[str], name: str) -> Path:
    """Return the file with the truth of a test set.

    Parameters
    ----------
    folder : path
        The frozen set.
    name : str
        A test set of it.

    Returns
    -------
    Path
        Below ``truth``; of ``validation`` its windows.
    """
    return Path(folder, "windows" if name == VALIDATION else "truth", f"{name}.nc")


def described(folder: str | os.PathLike[str], name: str) -> dict[str, Any]:
    """Return what a file of windows says of itself.

    Parameters
    ----------
    folder : path
        The frozen set.
    name : str
        A test set of it.

    Returns
    -------
    dict
        Its attributes, and ``windows``, their number.
    """
    path = Path(folder, "windows", f"{name}.nc")
    found, said = read_arrays(path, "sample")
    if "identity" not in said or "sample" not in found:
        raise UserError(f"{path}: not a file of frozen windows; copy the frozen set again")
    return said | {"windows": len(found["sample"])}


def hidden_truth(folder: str | os.PathLike[str], name: str) -> SparseTruth:
    """Read the truth of a test set.

    Parameters
    ----------
    folder : path
        The frozen set.
    name : str
        A test set of it.

    Returns
    -------
    SparseTruth
        Of its windows.

    Raises
    ------
    UserError
        If the truth has not been copied with the windows.
    """
    path = truth_file(folder, name)
    if not path.is_file():
        raise UserError(f"{path}: missing; scoring needs the truth, which is kept apart")
    return read_truth([path])
