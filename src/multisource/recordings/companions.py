"""The files that belong to a recording: a change of one of them changes the recording."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from multisource.recordings.brainvision import named_files

# Endings of the files of one stem, by the ending of the file that is opened.
_BESIDE = {
    ".set": (".fdt",),
    ".eeg": (".pnt", ".21e", ".log"),  # Nihon Kohden
    ".data": (".head",),  # Nicolet
    ".cdt": (".cdt.dpa", ".cdt.dpo", ".cdt.cef", ".cdt.ceo"),  # Curry 8
    ".dat": (".dap", ".rs3", ".cef", ".ceo"),  # Curry 7
    ".dap": (".dat", ".rs3", ".cef", ".ceo"),
    ".lay": (".dat",),  # Persyst
}
_FILE = re.compile(rb"^\s*File\s*=\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)


def companions(path: str | Path) -> list[Path]:
    """Return the files of a recording that are there.

    Nothing of the EEG is read, but for EEGLAB's files that name another file of samples.

    Parameters
    ----------
    path : str or Path
        The file that is opened.

    Returns
    -------
    list of Path
        This file, then those that it cannot be read without or that hold its events.
    """
    path = Path(path)
    found = [path, *_beside(path), *_named(path), *_parts(path)]
    return [one for one in dict.fromkeys(found) if one == path or one.is_file()]


def _beside(path: Path) -> Iterator[Path]:
    endings = _BESIDE.get(path.suffix.lower(), ())
    stem = path.name[: -len(path.suffix)].lower()
    names = {stem + ending for ending in endings}
    if endings and path.parent.is_dir():
        yield from sorted(one for one in path.parent.iterdir() if one.name.lower() in names)


def _named(path: Path) -> Iterator[Path]:
    """Yield what headers of BrainVision and Persyst, and EEGLAB's .set, name."""
    ending = path.suffix.lower()
    if not path.is_file():
        return
    if ending in (".vhdr", ".ahdr"):
        yield from named_files(path)
    elif ending == ".lay":
        # Persyst writes the path of the computer that recorded.
        for name in _FILE.findall(path.read_bytes()):
            yield path.parent / re.split(r"[\\/]", name.decode("utf-8", "replace"))[-1]
    elif ending == ".set" and not path.with_suffix(".fdt").is_file():
        others = {one.name: one for one in path.parent.glob("*.fdt")}
        if others:
            yield from _eeglab_samples(path, others)


def _eeglab_samples(path: Path, others: dict[str, Path]) -> Iterator[Path]:
    from scipy.io import loadmat

    try:
        held = loadmat(path, simplify_cells=True)
    except (NotImplementedError, ValueError):  # HDF5 or no MATLAB file: MNE says so
        return
    data = held.get("EEG", held).get("data")
    if isinstance(data, str) and data in others:
        yield others[data]


def _parts(path: Path) -> Iterator[Path]:
    """Yield the parts that MNE splits a large FIF into: -1, -2 ..., or split-02, split-03 ..."""
    if path.suffix.lower() != ".fif":
        return
    first = re.search(r"split-(0*1)(?=_)", path.name)
    for number in range(1, 1000):
        name = f"{path.stem}-{number}.fif"
        if first:
            digits = f"{number + 1:0{len(first[1])}d}"
            name = f"{path.name[: first.start(1)]}{digits}{path.name[first.end(1) :]}"
        if not (path.parent / name).is_file():
            return
        yield path.parent / name
