"""recon-all and the watershed shells on a T1, where FreeSurfer is installed and licensed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from multisource.errors import UserError


def check_freesurfer(environment: Mapping[str, str] = os.environ) -> Path:
    """Return FREESURFER_HOME; quick enough to call before any job runs.

    Raises UserError when the variable, the program or the licence is missing.
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
    """Run recon-all and mne watershed_bem on a T1; ``subject`` is the folder to make.

    Takes hours. A started reconstruction is taken up again.
    Raises UserError for a bad T1, a missing FreeSurfer, or a program that fails.
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
