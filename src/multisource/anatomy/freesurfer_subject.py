"""The files of a FreeSurfer subject: looked at before any job and before any compute."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from multisource.anatomy.freesurfer_files import ATLASES, SEGMENTATIONS
from multisource.anatomy.head import CORTEX, SHELLS
from multisource.errors import UserError, refuse
from multisource.links import dead_link

SIDES = {"lh": "left", "rh": "right"}
_KINDS = ("white", "pial", "sphere")
_REGISTERED = "sphere.reg"
_MAGIC = b"\xff\xff\xfe"  # of a FreeSurfer surface of triangles
_LONGEST_NOTE = 10_000


def check_subject(subject: Path) -> None:
    """Refuse a subject directory that lacks a file; quick, before any compute.

    Parameters
    ----------
    subject : path
        Subject directory (surf/, mri/, bem/).

    Raises
    ------
    UserError
        Naming what is missing or cut off, a line for each: surfaces, shells, a segmentation, and
        what one hemisphere has and the other lacks.
    """
    if not subject.is_dir():
        raise UserError(
            dead_link(subject) or f"{subject}: no such subject directory{_elsewhere(subject)}"
        )
    if not (subject / "surf").is_dir():
        inside = sorted(path.parent.name for path in subject.glob("*/surf"))
        hint = f"; name one of the subjects in it: {', '.join(inside[:5])}" if inside else ""
        raise UserError(f"{subject}: no FreeSurfer subject: it has no folder surf{hint}")
    mistakes = [*_hemispheres(subject), *_halves(subject)]
    for name in SHELLS:
        try:
            shell_file(subject, name)
        except UserError as error:
            mistakes.append(str(error))
    try:
        segmentation_file(subject)
    except UserError as error:
        mistakes.append(str(error))
    refuse(mistakes)


def _elsewhere(subject: Path) -> str:
    """Where else a subject was looked for, or could have been."""
    if subject.is_absolute():
        return ""
    folder = os.environ.get("SUBJECTS_DIR", "")
    return f", nor in SUBJECTS_DIR ({folder})" if folder else ", and SUBJECTS_DIR is not set"


def segmentation_file(subject: Path) -> Path:
    """Find the volume of labels that tells deep grey matter and the hindbrain.

    Parameters
    ----------
    subject : path
        Subject directory (surf/, mri/, bem/).

    Returns
    -------
    Path
        mri/aseg.mgz, or else another that holds the same labels.

    Raises
    ------
    UserError
        When there is none.
    """
    choices = [subject / "mri" / name for name in SEGMENTATIONS]
    for path in choices:
        if path.is_file():
            return path
    dead = next(filter(None, map(dead_link, choices)), None)
    raise UserError(dead or f"{choices[0]}: missing; let recon-all finish")


def shell_file(subject: Path, name: str) -> Path:
    """Find the file of a BEM shell.

    Parameters
    ----------
    subject : path
        Subject directory (surf/, mri/, bem/).
    name : str
        Name of the shell.

    Returns
    -------
    Path
        bem/<name>.surf or what mne watershed_bem leaves.

    Raises
    ------
    UserError
        When there is none.
    """
    choices = [subject / "bem" / f"{name}.surf"]
    choices += sorted((subject / "bem" / "watershed").glob(f"*_{name}_surface"))
    for path in choices:
        if path.is_file():
            return path
    for path in choices:
        if line := dead_link(path):
            raise UserError(line)
    raise UserError(
        f"{choices[0]}: missing; make it with: mne watershed_bem -s {subject.name} "
        f"-d {subject.parent}"
    )


def both_or_none(paths: dict[str, Path]) -> bool:
    """Say whether a subject has a file of both hemispheres.

    Parameters
    ----------
    paths : dict of str to Path
        The files of lh and rh.

    Returns
    -------
    bool
        True with both, False with none.

    Raises
    ------
    UserError
        With one: the template's would stand in for the other.
    """
    there = [path for path in paths.values() if path.is_file()]
    if len(there) == 1:
        gone = next(path for path in paths.values() if path != there[0])
        raise UserError(
            dead_link(gone)
            or f"{gone}: missing, but {there[0].name} is there; let recon-all finish"
        )
    return bool(there)


def _halves(subject: Path) -> Iterator[str]:
    """Say what only one hemisphere has."""
    names = [("surf", _REGISTERED), *(("label", f"{atlas}.annot") for atlas in ATLASES)]
    for folder, name in names:
        try:
            both_or_none({side: subject / folder / f"{side}.{name}" for side in SIDES})
        except UserError as error:
            yield str(error)


def _hemispheres(subject: Path) -> Iterator[str]:
    """Say what is wrong with the surfaces of the hemispheres."""
    for side, words in SIDES.items():
        paths = [subject / "surf" / name for name in CORTEX if name.startswith(side)]
        if not any(path.is_file() or path.is_symlink() for path in paths):
            yield (
                f"{subject / 'surf'}: no surface of the {words} hemisphere ({side}.white, "
                f"{side}.pial, {side}.sphere); let recon-all finish for both"
            )
            continue
        counts = {}
        for path in paths:
            if not path.is_file():
                yield dead_link(path) or f"{path}: missing; let recon-all finish"
            elif (count := _vertices(path)) is None:
                yield f"{path}: damaged or no FreeSurfer surface; let recon-all write it again"
            else:
                counts[path.name] = count
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            yield (
                f"{subject / 'surf'}: {told} vertices; the surfaces of a hemisphere must be of one "
                "run of recon-all"
            )


def _vertices(path: Path) -> int | None:
    """Vertices of a surface by its header; None where the file is another, or cut off."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(3) != _MAGIC:
            return None
        for _ in range(2):  # who wrote it, and a line that is mostly empty
            file.readline(_LONGEST_NOTE)
        numbers = file.read(8)
        start = file.tell()
    if len(numbers) < 8:
        return None
    vertices, triangles = np.frombuffer(numbers, ">i4")
    whole = start + 12 * (int(vertices) + int(triangles))
    return int(vertices) if vertices > 0 and triangles > 0 and size >= whole else None
