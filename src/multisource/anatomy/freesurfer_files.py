"""Where a FreeSurfer subject is, and which of its files are read; light, since every job asks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SEGMENTATIONS = ("aseg.mgz", "aparc+aseg.mgz", "wmparc.mgz")  # in mri; the first that is there
ATLASES = ("aparc", "aparc.a2009s")
SCANS = ("T1.mgz", "nu.mgz", "orig.mgz")  # in mri; the first that is there
_OF_THE_HEAD = (
    "surf/[lr]h.white",
    "surf/[lr]h.pial",
    "surf/[lr]h.sphere",
    "mri/transforms/talairach.xfm",
    "bem/*_sk*.surf",
    "bem/watershed/*_sk*_surface",
    "bem/*-fiducials.fif",
)
_OF_REGIONS = (
    *(f"label/[lr]h.{atlas}.annot" for atlas in ATLASES),
    "surf/[lr]h.sphere.reg",
    "surf/[lr]h.inflated",
    "surf/[lr]h.curv",
    "surf/[lr]h.sulc",
)


def subject_folder(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Find the directory of a subject.

    Parameters
    ----------
    name : str
        A path, with ``~`` for the user's home; or the name of a subject in the folder that the
        variable ``SUBJECTS_DIR`` names, where the working folder has no such one.
    environment : mapping of str to str
        The environment variables.

    Returns
    -------
    str
        The directory, whether it exists or not.
    """
    name = os.path.expanduser(name)
    subjects = environment.get("SUBJECTS_DIR", "")
    if subjects and not os.path.lexists(name):  # an absolute name stays what it is
        among = os.path.join(os.path.expanduser(subjects), name)
        if os.path.lexists(among):
            return among
    return name


def files_of_head(subject: str | os.PathLike[str]) -> tuple[str, ...]:
    """List the files of a subject that its surfaces and tissues are made from.

    Parameters
    ----------
    subject : path
        Subject directory.

    Returns
    -------
    tuple of str
        Those that are there.
    """
    return (*_found(subject, _OF_THE_HEAD), *_first(subject, SEGMENTATIONS))


def further_files(subject: str | os.PathLike[str]) -> tuple[str, ...]:
    """List the files of a subject that regions, viewers and the page of the head take over.

    Parameters
    ----------
    subject : path
        Subject directory.

    Returns
    -------
    tuple of str
        Those that are there.
    """
    return (*_found(subject, _OF_REGIONS), *_first(subject, SCANS))


def _found(subject: str | os.PathLike[str], patterns: tuple[str, ...]) -> list[str]:
    return [str(path) for pattern in patterns for path in sorted(Path(subject).glob(pattern))]


def _first(subject: str | os.PathLike[str], names: tuple[str, ...]) -> list[str]:
    paths = (Path(subject, "mri", name) for name in names)
    return [str(path) for path in paths if path.is_file()][:1]
