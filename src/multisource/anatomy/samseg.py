"""SAMSEG in its own environment: a T1 becomes a label volume of the whole head.

SAMSEG (Puonti, Iglesias and Van Leemput, NeuroImage 143, 2016; PyPI ``samseg``) needs numpy 1, so
it runs as a program of another environment (``envs/samseg.sh`` makes it). About ten CPU minutes
and 6 GB for a 1 mm T1.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import cast

import nibabel
import numpy as np
from nibabel.processing import resample_from_to
from nibabel.spatialimages import SpatialImage

from multisource.anatomy.scan import T1, read_scan
from multisource.errors import UserError
from multisource.files import atomic
from multisource.progress import progress

MEMORY_GB = 6
_STAGES = ("registration", "fit, 2 mm atlas", "fit, 1 mm atlas", "labels")


def segment_t1(t1: str | Path, labels: str | Path, *, python: str | Path, threads: int = 2) -> None:
    """Check a T1, segment it, and write the label volume.

    Parameters
    ----------
    t1 : str or Path
        T1 of the whole head, NIfTI or MGZ.
    labels : str or Path
        Label volume to write (FreeSurfer's numbers, scanner RAS mm). The full output of SAMSEG
        goes to the same name with suffix ``.log``.
    python : str or Path
        Interpreter of the environment that has SAMSEG.
    threads : int
        Threads that SAMSEG may use.

    Raises
    ------
    UserError
        For a file that is no volume, a missing environment, or a run that fails.
    """
    scan = read_scan(t1)
    check_environment(python)
    labels = Path(labels)
    labels.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=labels.parent, prefix=".samseg-") as folder:
        # SAMSEG reads paths relative to here: ITK cannot open some that hold the word "recon".
        _write_scan(at_one_mm(scan), Path(folder, "t1.nii"))
        command = [str(Path(python).absolute()), "-u", "-m", "samseg.cli.run_samseg"]
        command += ["-i", "t1.nii", "-o", "out", "--threads", str(threads)]
        log = labels.with_name(labels.name.split(".")[0] + ".log")
        run_samseg(command, Path(folder), log, name=str(t1))
        segmentation = Path(folder, "out", "seg.mgz")
        if not segmentation.is_file():
            raise UserError(f"{t1}: SAMSEG wrote no segmentation; see {log}")
        image = cast(SpatialImage, nibabel.load(segmentation))
        data = np.asarray(image.dataobj).astype(np.int16)
        with atomic(labels) as part:
            nibabel.save(nibabel.Nifti1Image(data, image.affine), part)


def check_environment(python: str | Path) -> None:
    """Check that an interpreter has SAMSEG.

    Parameters
    ----------
    python : str or Path
        The interpreter.

    Raises
    ------
    UserError
        When it does not exist or has no package ``samseg``.
    """
    remedy = f"make it with: bash envs/samseg.sh {Path(python).parent.parent}"
    if not Path(python).is_file():
        raise UserError(f"SAMSEG's environment: {python} does not exist; {remedy}")
    find = "import importlib.util as u, sys; sys.exit(u.find_spec('samseg') is None)"
    if subprocess.run([str(python), "-c", find], env=_environment()).returncode:
        raise UserError(f"SAMSEG's environment: {python} has no package samseg; {remedy}")


def run_samseg(command: list[str], folder: Path, log: Path, *, name: str) -> None:
    """Run a SAMSEG command line, its stages as progress; the program ends with us.

    Parameters
    ----------
    command : list of str
        The command line.
    folder : Path
        Folder that it runs in.
    log : Path
        File that takes all its output.
    name : str
        What is segmented, for messages.

    Raises
    ------
    UserError
        When it fails, with the last line of output.
    """
    started, last, stage = time.monotonic(), "", 0
    with (
        open(log, "w", encoding="utf-8", buffering=1) as file,  # to be followed by lines
        progress(f"SAMSEG: {_STAGES[0]}", total=len(_STAGES), unit="stage") as bar,
        subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        try:
            assert process.stdout is not None  # a pipe, by the line above
            for line in process.stdout:
                file.write(line)
                last = line.strip() or last
                if line.startswith("iterationNumber:"):
                    bar.set_postfix_str(f"iteration {int(line.split(':')[1]) + 1}")
                reached = _stage(line, stage)
                if reached != stage:
                    bar.update(reached - stage)
                    bar.set_description(f"SAMSEG: {_STAGES[min(reached, len(_STAGES) - 1)]}")
                    stage = reached
        except BaseException:
            process.terminate()
            raise
        code = process.wait()
        if not code:
            bar.update(len(_STAGES) - stage)
    if code in (-9, 137):
        raise UserError(
            f"{name}: SAMSEG was killed; it needs about {MEMORY_GB} GB of memory, see {log}"
        )
    if code:
        raise UserError(f"{name}: SAMSEG failed (exit status {code}: {last[:160]}); see {log}")
    print(f"SAMSEG: {time.monotonic() - started:.0f} s")


def _stage(line: str, stage: int) -> int:
    """Stage that a line of SAMSEG's output opens, or the one it is in."""
    if "atlas registration complete" in line:
        return max(stage, 1)
    if "Read mesh collection" in line and "atlas_level2" in line:
        return max(stage, 2)
    if line.startswith("Writing") or "run_samseg complete" in line:
        return max(stage, 3)
    return stage


def _environment() -> dict[str, str]:
    # Our own packages (and their numpy 2) must not reach SAMSEG's interpreter.
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {key: value for key, value in os.environ.items() if key not in hidden}


def at_one_mm(scan: T1) -> T1:
    """Resample a T1 to cubic voxels of 1 mm, which SAMSEG's atlas and the labels have.

    Parameters
    ----------
    scan : T1
        The volume.

    Returns
    -------
    T1
        The same where its voxels are within a tenth of that; else by cubic splines.
    """
    if (np.abs(scan.voxel_mm - 1) < 0.1).all():
        return scan
    axes = scan.affine.copy()
    axes[:3, :3] /= scan.voxel_mm
    shape = np.ceil(scan.voxel_mm * scan.data.shape).astype(int)
    # The middle of the first voxel stays half a voxel from the volume's corner.
    axes[:3, 3] += axes[:3, :3] @ (0.5 - 0.5 * scan.voxel_mm)
    image = nibabel.Nifti1Image(scan.data, scan.affine)
    low, high = scan.data.min(), scan.data.max()
    found = resample_from_to(image, (tuple(shape), axes), order=3, cval=float(low))
    return T1(np.clip(np.asarray(found.dataobj, np.float32), low, high), axes)


def _write_scan(scan: T1, path: Path) -> None:
    image = nibabel.Nifti1Image(scan.data, scan.affine)
    image.set_sform(scan.affine, code=1)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
