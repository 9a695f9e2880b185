"""Calls duneuropy on a folder of arrays; run as a script by the interpreter that can import it.

It needs numpy and duneuropy only, not this package: DUNEuro may be built for another Python. The
folder holds request.json and the arrays that ``duneuro.py`` wrote; the answer is result.npy and
projected.npy, or error.txt.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

PROGRESS = "multisource progress"
MODULE = "multisource module"
_PR_SET_PDEATHSIG = 1  # Linux


def main(folder: Path) -> None:
    """Do what the folder's request says, and leave the answer in the folder.

    Parameters
    ----------
    folder : Path
        Holds request.json and the arrays it speaks of.
    """
    import duneuropy

    print(f"{MODULE} {build(duneuropy)}", flush=True)
    request = json.loads((folder / "request.json").read_text())
    grid = {
        "nodes": np.load(folder / "nodes.npy"),
        "elements": np.load(folder / "elements.npy"),
    }
    tensors = {
        "labels": np.load(folder / "labels.npy"),
        "conductivities": request["conductivities"],
    }
    driver = duneuropy.MEEGDriver3d(
        {**request["driver"], "volume_conductor": {"grid": grid, "tensors": tensors}}
    )
    task = {"transfer": transfer, "apply": apply}[request["task"]]
    result, projected = task(duneuropy, driver, request, folder)
    np.save(folder / "result.npy", result)
    np.save(folder / "projected.npy", projected)


def end_with_parent() -> None:
    """Let the operating system end this process with the one that has started it.

    DUNEuro computes for minutes without a look at anything else. On Linux; elsewhere nothing is
    done.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def build(module: ModuleType) -> str:
    """Say which build of a module this is: DUNEuro has no version number.

    Parameters
    ----------
    module : module
        The module.

    Returns
    -------
    str
        Its file and the start of the file's SHA-256.
    """
    path = Path(str(module.__file__))
    return f"{path}, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"


def set_electrodes(
    duneuropy: ModuleType, driver: Any, points: np.ndarray, options: dict[str, Any]
) -> np.ndarray:
    """Give the driver its electrodes; return where it projected them.

    Parameters
    ----------
    duneuropy : module
        The module duneuropy.
    driver : duneuropy.MEEGDriver3d
        The driver.
    points : ndarray of shape (K, 3)
        Electrodes, mm.
    options : dict
        Options of DUNEuro for electrodes.

    Returns
    -------
    ndarray of shape (K, 3)
        Projected electrodes, mm.
    """
    driver.setElectrodes([duneuropy.FieldVector3D(point) for point in points], options)
    return np.array([np.array(point) for point in driver.getProjectedElectrodes()])


def transfer(
    duneuropy: ModuleType, driver: Any, request: dict[str, Any], folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the transfer matrix of weighted points, current out at the first point.

    Some rows are held at a time.

    Parameters
    ----------
    duneuropy : module
        The module duneuropy.
    driver : duneuropy.MEEGDriver3d
        The driver.
    request : dict
        ``rows`` (points at a time), and the options ``electrodes`` and ``solve`` of DUNEuro.
    folder : Path
        Holds points.npy (K, 3), mm, and weights.npy (E, K).

    Returns
    -------
    matrix : ndarray of shape (E, n)
        Transfer matrix, V/A.
    projected : ndarray of shape (K, 3)
        Where DUNEuro projected the points, mm.
    """
    points = np.load(folder / "points.npy")
    weights = np.load(folder / "weights.npy")
    total: Any = 0.0
    projected, step = points.copy(), max(request["rows"], 1)
    for start in range(1, len(points), step):
        part = slice(start, min(start + step, len(points)))
        chosen = np.concatenate([points[:1], points[part]])
        placed = set_electrodes(duneuropy, driver, chosen, request["electrodes"])
        projected[0], projected[part] = placed[0], placed[1:]
        matrix, _ = driver.computeEEGTransferMatrix(request["solve"])
        # Row 0 is the reference and zero.
        total = total + weights[:, part] @ np.asarray(matrix)[1:]
        del matrix
        print(f"{PROGRESS} {part.stop - 1} {len(points) - 1}", flush=True)
    return total, projected


def apply(
    duneuropy: ModuleType, driver: Any, request: dict[str, Any], folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the potentials of dipoles by a transfer matrix.

    Parameters
    ----------
    duneuropy : module
        The module duneuropy.
    driver : duneuropy.MEEGDriver3d
        The driver.
    request : dict
        ``source_models``, ``batch`` (dipoles at a time), and the options ``electrodes`` and
        ``solve`` of DUNEuro.
    folder : Path
        Holds points.npy (K, 3), transfer.npy (E, n), dipoles.npy (D, 6), position and moment, and
        choice.npy (D,), the number of each dipole's source model.

    Returns
    -------
    gain : ndarray of shape (E, D)
        Potentials.
    projected : ndarray of shape (K, 3)
        Where DUNEuro projected the points, mm.
    """
    projected = set_electrodes(
        duneuropy, driver, np.load(folder / "points.npy"), request["electrodes"]
    )
    matrix = np.ascontiguousarray(np.load(folder / "transfer.npy"), np.float64)
    dipoles, choice = np.load(folder / "dipoles.npy"), np.load(folder / "choice.npy")
    gain, done = np.empty((len(matrix), len(dipoles))), 0
    for number, model in enumerate(request["source_models"]):
        columns = np.flatnonzero(choice == number)
        for start in range(0, len(columns), request["batch"]):
            part = columns[start : start + request["batch"]]
            batch = [duneuropy.Dipole3d(dipole) for dipole in dipoles[part]]
            rows, _ = driver.applyEEGTransfer(
                matrix, batch, {**request["solve"], "source_model": model}
            )
            gain[:, part] = np.array(rows).T
            done += len(part)
            print(f"{PROGRESS} {done} {len(dipoles)}", flush=True)
    return gain, projected


if __name__ == "__main__":
    place = Path(sys.argv[1])
    end_with_parent()
    try:
        main(place)
    except Exception as error:
        (place / "error.txt").write_text(f"{type(error).__name__}: {error}")
        raise
