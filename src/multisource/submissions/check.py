"""Is a submission complete, and for these windows? Each mistake is named in a line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multisource.config.suggest import suggest
from multisource.errors import UserError, refuse

_DIMENSIONS = ("sample", "dipole")


@dataclass(frozen=True)
class Expected:
    """The windows that a file of estimates is for.

    Attributes
    ----------
    windows : int
        How many (S).
    dipoles : int
        Size of a map (N).
    identity : str
        What the windows are known by (:func:`multisource.submissions.frozen.identity_of`).
    """

    windows: int
    dipoles: int
    identity: str


def check_submission(folder: str | os.PathLike[str], expected: Mapping[str, Expected]) -> None:
    """Refuse a submission that cannot be scored.

    Parameters
    ----------
    folder : path
        With a file ``<test set>.nc`` of maps for each test set.
    expected : mapping of str to Expected
        Test set to its windows.

    Raises
    ------
    UserError
        With a line for each mistake.
    """
    base = Path(folder)
    if not base.is_dir():
        raise UserError(f"{base}: no folder; name the one that holds the estimates")

    def mistakes() -> Iterator[str]:
        for path in sorted(base.glob("*.nc")):
            if path.stem not in expected:
                yield f"{path}: no test set of this name: {suggest(path.stem, expected)}"
        for name, wanted in expected.items():
            try:
                read_maps(base / f"{name}.nc", wanted)
            except UserError as error:
                yield str(error)

    refuse(mistakes())


def read_maps(
    path: str | os.PathLike[str], expected: Expected
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read the maps of a submission on one test set.

    Parameters
    ----------
    path : path
        NetCDF, of any kind that xarray opens: ``estimate (sample, dipole)``, and of a method that
        tells probabilities ``coefficient`` besides; the attribute ``identity`` of the windows.
    expected : Expected
        The windows that it must be for.

    Returns
    -------
    maps : ndarray of shape (S, N)
        Estimates, float32.
    coefficients : ndarray of shape (S, N) or None
        Expected coefficients l, float32.

    Raises
    ------
    UserError
        Naming the file and what is wrong with it.
    """
    import xarray as xr

    if not Path(path).is_file():
        raise UserError(f"{path}: missing; write a map for each of its {expected.windows} windows")
    try:
        with xr.open_dataset(path, decode_times=False) as opened:
            data = opened.load()
    except Exception as error:  # every engine reports damage by exceptions of its own
        told = " ".join(str(error).split())
        raise UserError(
            f"{path}: no NetCDF file that xarray opens ({type(error).__name__}: {told:.100}); "
            "write it again"
        ) from error
    refuse(f"{path}: {line}" for line in _mistakes(data, expected))
    coefficients = np.asarray(data["coefficient"], np.float32) if "coefficient" in data else None
    return np.asarray(data["estimate"], np.float32), coefficients


def _mistakes(data, expected: Expected) -> Iterator[str]:  # type: ignore[no-untyped-def]
    if "estimate" not in data:
        held = ", ".join(map(str, data.data_vars)) or "nothing"
        yield f"no variable 'estimate' (it holds {held}); call the maps so"
        return
    said = data.attrs.get("identity")
    if said is None:
        yield "no attribute 'identity'; copy it from the file of the windows"
    elif said != expected.identity:
        yield (
            f"identity {said!r}; the windows here are {expected.identity!r}: estimates of other "
            "windows, or of another version of the set; solve these"
        )
    shape = (expected.windows, expected.dipoles)
    for name in ("estimate", "coefficient"):
        if name not in data:
            continue
        values = data[name]
        if values.shape != shape:
            yield f"{name}: shape {values.shape}; write (sample, dipole) = {shape}"
        elif tuple(values.dims) != _DIMENSIONS:
            yield f"{name}: dimensions {tuple(values.dims)}; call them {_DIMENSIONS}"
        elif values.dtype.kind not in "fiu":
            yield f"{name}: holds {values.dtype}; write numbers"
        elif not np.isfinite(wrong := np.asarray(values, float)).all():
            window = int(np.argmax(~np.isfinite(wrong).all(axis=1)))
            yield f"{name}: not finite in window {window}; write numbers"
        elif np.min(wrong) < 0:
            window = int(np.argmax((wrong < 0).any(axis=1)))
            yield f"{name}: below 0 in window {window}; write how active, not a signed current"
    if "sample" in data.coords and data["estimate"].shape == shape:
        order = np.asarray(data["sample"])
        if not np.array_equal(order, np.arange(len(order))):
            yield f"sample: {list(order[:3])} ...; write the windows in their order, 0, 1, 2 ..."
