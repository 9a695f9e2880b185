"""recon-all and the watershed shells on a T1, where FreeSurfer is installed and licensed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from multisource.anatomy.contract import HeadInputs, InputFile
from multisource.anatomy.freesurfer_files import files_of_head, further_files, subject_folder
from multisource.errors import UserError, refuse


def freesurfer_inputs(
    results: str,
    find: Callable[[str, str], str],
    *,
    probe: bool,
    subject: str | None = None,
    t1: InputFile | None = None,
) -> HeadInputs:
    """Return a finished subject, or the one that the rule reconstruct_t1 makes from a T1.

    Parameters
    ----------
    results : str
        Folder of the head's results.
    find : callable
        ``find(option, name)`` returns the path of a file that the option names.
    probe : bool
        Whether to look at folders and programs.
    subject : str, optional
        A finished subject directory, or the name of one in ``SUBJECTS_DIR``.
    t1 : path, optional
        A T1 to reconstruct where ``subject`` is None.

    Returns
    -------
    HeadInputs
        See :class:`~multisource.anatomy.contract.HeadPreparation`.

    Raises
    ------
    UserError
        If neither is named, or what is named or needed is missing.
    """
    if subject and t1:
        raise UserError(
            f"anatomy.freesurfer.subject: {subject!r}, and t1: {str(t1)!r} is given too: the head "
            "is made from one of them; write null for the other"
        )
    if subject:
        subject = subject_folder(subject)
        if probe:
            from multisource.anatomy.freesurfer_subject import check_subject

            try:
                check_subject(Path(subject))
            except UserError as error:
                lines = str(error).splitlines()
                refuse(f"anatomy.freesurfer.subject: {line}" for line in lines)
        return HeadInputs(
            {"subject": subject}, files_of_head(subject), further=further_files(subject)
        )
    if not t1:
        raise UserError(
            "anatomy.freesurfer.t1: null; name the T1 of the head (NIfTI or MGZ), or give a "
            "finished anatomy.freesurfer.subject"
        )
    scan = find("t1", str(t1))
    if probe:
        check_freesurfer()
    made = {"subject": f"{results}/freesurfer/subject"}
    return HeadInputs(made, (f"{results}/freesurfer/done",), scan)


def check_freesurfer(environment: Mapping[str, str] = os.environ) -> Path:
    """Return FREESURFER_HOME; quick enough to call before any job runs.

    Parameters
    ----------
    environment : mapping of str to str
        The environment variables.

    Returns
    -------
    Path
        FreeSurfer's folder.

    Raises
    ------
    UserError
        If the variable, the program or the licence is missing.
    """
    instead = "give anatomy.freesurfer.subject a finished subject, or use provider samseg"
    home = environment.get("FREESURFER_HOME", "")
    if not home:
        raise UserError(
            f"anatomy.provider freesurfer: FREESURFER_HOME is not set; install FreeSurfer and "
            f"source its SetUpFreeSurfer.sh, or {instead}"
        )
    folder = Path(home)
    if not (folder / "bin" / "recon-all").is_file():
        raise UserError(
            f"anatomy.provider freesurfer: {folder} holds no bin/recon-all; "
            f"set FREESURFER_HOME to FreeSurfer's folder, or {instead}"
        )
    named = environment.get("FS_LICENSE")
    licences = [Path(named)] if named else [folder / "license.txt", folder / ".license"]
    if not any(path.is_file() for path in licences):
        raise UserError(
            f"anatomy.provider freesurfer: no licence at {licences[0]}; get one from "
            f"surfer.nmr.mgh.harvard.edu/registration.html, or {instead}"
        )
    return folder


def reconstruct(t1: str | Path, subject: str | Path, *, threads: int = 2) -> None:
    """Run recon-all and mne watershed_bem on a T1, which takes hours.

    A started reconstruction is taken up again.

    Parameters
    ----------
    t1 : path
        The scan, NIfTI or MGZ.
    subject : path
        The folder to make.
    threads : int
        Threads of recon-all.

    Raises
    ------
    UserError
        For a bad T1, a missing FreeSurfer, or a program that fails.
    """
    from multisource.anatomy.t1 import read_t1

    home = check_freesurfer()
    read_t1(t1)
    subject = Path(subject).absolute()
    subject.parent.mkdir(parents=True, exist_ok=True)
    command = [str(home / "bin" / "recon-all"), "-sd", str(subject.parent), "-s", subject.name]
    if (subject / "mri" / "orig" / "001.mgz").is_file():
        # recon-all refuses to run beside the mark of a run that was killed.
        for mark in (subject / "scripts").glob("IsRunning*"):
            mark.unlink()
    else:
        shutil.rmtree(subject, ignore_errors=True)
        command += ["-i", str(Path(t1).absolute())]
    _run([*command, "-all", "-threads", str(threads)], home, subject)
    import mne

    os.environ["PATH"] = os.pathsep.join([str(home / "bin"), os.environ["PATH"]])
    try:
        mne.bem.make_watershed_bem(
            subject.name, subject.parent, overwrite=True, copy=True, show=False, verbose="error"
        )
    except (RuntimeError, subprocess.CalledProcessError) as error:
        raise UserError(f"{subject}: watershed shells failed ({error})") from None


def _run(command: list[str], home: Path, subject: Path) -> None:
    environment = os.environ | {"FREESURFER_HOME": str(home)}
    environment["PATH"] = os.pathsep.join([str(home / "bin"), environment["PATH"]])
    code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
    if code:
        raise UserError(
            f"{subject}: recon-all ended with exit status {code}; "
            f"see {subject / 'scripts' / 'recon-all.log'}"
        )
