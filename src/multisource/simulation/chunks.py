"""Chunks of simulated samples as netCDF-4 files (h5netcdf), readable by xarray alone.

Dimensions: sample, channel, time, patch, boundary (sample + 1), active (all samples together).
The active dipoles of sample s are ``truth_dipole[truth_offset[s]:truth_offset[s + 1]]``, their
coefficients l beside them. Every variable carries a Fletcher-32 checksum, so that a damaged file
fails when read instead of giving wrong numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import multisource
from multisource.errors import UserError
from multisource.files import atomic
from multisource.netcdf import read_arrays
from multisource.simulation.truth import SparseTruth

# Most steps need the arrays only, and read them in less time than this import takes.
if TYPE_CHECKING:
    import xarray as xr

VARIABLES = (
    "eeg",
    "truth_offset",
    "truth_dipole",
    "truth_coefficient",
    "centre",
    "extent_mm",
)
TRUTH = ("truth_offset", "truth_dipole", "truth_coefficient", "centre")
_COMPRESSED = ("truth_offset", "truth_dipole", "truth_coefficient", "centre", "extent_mm")


def write_chunk(path: str | Path, data: xr.Dataset, *, chunk: int = 0) -> None:
    """Write samples atomically with checksums, the chunk's number and a hash of the config.

    Parameters
    ----------
    path : str or Path
        The netCDF-4 file to write.
    data : xarray.Dataset
        Samples, as ``dataset.labelled`` returns them.
    chunk : int
        Number of the chunk in its split.
    """
    data = data.assign_attrs(
        chunk=chunk,
        config_hash=hashlib.sha256(data.attrs["config"].encode()).hexdigest()[:16],
        version=multisource.__version__,
    )
    encoding: dict[Hashable, dict[str, Any]] = {}
    for name in data.data_vars:
        # A variable without elements cannot be chunked, nor does it need a checksum.
        encoding[name] = {"fletcher32": True} if data[name].size else {}
        if name in _COMPRESSED and data[name].size:
            encoding[name] |= {"zlib": True, "complevel": 4, "shuffle": True}
        encoding[name]["_FillValue"] = None
    n = data.sizes["sample"]
    encoding["eeg"]["chunksizes"] = (min(n, 64), data.sizes["channel"], data.sizes["time"])
    with atomic(path) as part:
        data.to_netcdf(part, engine="h5netcdf", encoding=encoding)


def read_chunk(path: str | Path) -> xr.Dataset:
    """Read one chunk, whole into memory.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    xarray.Dataset
        Its samples.

    Raises
    ------
    UserError
        Naming the file, if it is missing, damaged, truncated or no chunk.
    """
    import xarray as xr

    with _damage_named(path), xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    _check_complete(path, VARIABLES, list(map(str, data.variables)))
    with _misfit_named(path):
        SparseTruth.from_dataset(data)
    return data


def read_chunks(paths: Sequence[str | Path], channels: Sequence[str] | None = None) -> xr.Dataset:
    """Read chunks of one split, joined along the samples in the order given.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.
    channels : sequence of str, optional
        Names of channels of theirs: the EEG is of these, in their own average reference.

    Returns
    -------
    xarray.Dataset
        The samples of all of them.

    Raises
    ------
    UserError
        If there is no chunk, one cannot be read, or they differ in channels, times, seed, split,
        number of dipoles or the config that made them.
    """
    import xarray as xr

    parts = [read_chunk(path) for path in paths]
    if channels is not None:
        parts = [_of_channels(part, channels) for part in parts]
    _check_one_split(paths, [part.attrs for part in parts])
    first = parts[0]
    for path, part in zip(paths, parts, strict=True):
        if not part["channel"].equals(first["channel"]) or not part["time"].equals(first["time"]):
            raise UserError(f"{path}: its channels or times differ from those of {paths[0]}")
    if len(parts) == 1:
        return first
    joined = SparseTruth.joined([SparseTruth.from_dataset(part) for part in parts]).variables()
    for name in map(str, first.data_vars):
        if name in joined:
            continue
        joined[name] = (
            first[name].dims,
            np.concatenate([part[name].values for part in parts]),
            first[name].attrs,
        )
    coords: dict[Hashable, Any] = {name: first[name] for name in first.coords if name != "sample"}
    coords["sample"] = np.concatenate([part["sample"].values for part in parts])
    attrs = {name: value for name, value in first.attrs.items() if name != "chunk"}
    return xr.Dataset(joined, coords=coords, attrs=attrs)


def _of_channels(data: xr.Dataset, channels: Sequence[str]) -> xr.Dataset:
    chosen = data.sel(channel=list(channels))
    return chosen.assign(eeg=chosen["eeg"] - chosen["eeg"].mean("channel"))


@dataclass(frozen=True)
class Recorded:
    """Windows of EEG without their truth.

    Attributes
    ----------
    eeg : ndarray of float32, shape (S, E, T)
        EEG, V.
    channels : list of str
        Names of the E channels.
    time : ndarray of shape (T,)
        Of the samples of a window, s.
    """

    eeg: np.ndarray
    channels: list[str]
    time: np.ndarray

    @property
    def sfreq(self) -> float:
        """Sampling rate, Hz."""
        return 1 / float(self.time[1] - self.time[0])

    def of_channels(self, channels: Sequence[str]) -> Recorded:
        """Return the EEG of some of the channels, in their own average reference.

        Parameters
        ----------
        channels : sequence of str
            Names, all of them in ``self.channels``.

        Returns
        -------
        Recorded
            The channels are in the order asked for.
        """
        eeg = self.eeg[:, [self.channels.index(name) for name in channels]]
        return Recorded(eeg - eeg.mean(axis=1, keepdims=True), list(channels), self.time)


def read_eeg(paths: Sequence[str | Path]) -> Recorded:
    """Read the EEG of chunks of one split, and nothing else of them.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.

    Returns
    -------
    Recorded
        The windows of all of them, in their order.

    Raises
    ------
    UserError
        As for :func:`read_chunks`.
    """
    parts = _read_parts(paths, ("eeg", "channel", "time"))
    first = parts[0]
    for path, part in zip(paths, parts, strict=True):
        if any(not np.array_equal(part[name], first[name]) for name in ("channel", "time")):
            raise UserError(f"{path}: its channels or times differ from those of {paths[0]}")
        _check_signal(path, part["eeg"])
    eeg = np.concatenate([part["eeg"] for part in parts])
    return Recorded(eeg, [str(name) for name in first["channel"]], first["time"])


def read_truth(paths: Sequence[str | Path]) -> SparseTruth:
    """Read the truth of chunks of one split, and nothing else of them.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.

    Returns
    -------
    SparseTruth
        The truth of all their windows, in their order.

    Raises
    ------
    UserError
        As for :func:`read_chunks`.
    """
    truths = []
    for path, part in zip(paths, _read_parts(paths, TRUTH), strict=True):
        with _misfit_named(path):
            arrays = {name.removeprefix("truth_"): part[name] for name in TRUTH}
            truths.append(SparseTruth(**arrays, n_dipoles=int(part["n_dipoles"])))
    return SparseTruth.joined(truths)


def read_extents(paths: Sequence[str | Path]) -> np.ndarray:
    """Read the extents of the patches of chunks of one split, and nothing else of them.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.

    Returns
    -------
    ndarray of shape (S, P)
        Diameters, mm; 0 where a window has fewer patches.

    Raises
    ------
    UserError
        As for :func:`read_chunks`.
    """
    return np.concatenate([part["extent_mm"] for part in _read_parts(paths, ("extent_mm",))])


def _read_parts(paths: Sequence[str | Path], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return these variables of each file, and the number of dipoles."""
    parts, attributes = [], []
    for path in paths:
        with _damage_named(path):
            found, said = read_arrays(path, *names)
        _check_complete(path, names, found)
        parts.append(found | {"n_dipoles": said.get("n_dipoles", 0)})
        attributes.append(said)
    _check_one_split(paths, attributes)
    return parts


def _check_signal(path: str | Path, eeg: np.ndarray) -> None:
    """Refuse windows that no method can say anything about, and would be scored all the same."""
    for wrong, kind in (
        (~np.isfinite(eeg).all(axis=(1, 2)), "numbers that are not finite"),
        (~eeg.any(axis=(1, 2)), "nothing but zeros"),
    ):
        if wrong.any():
            raise UserError(
                f"{path}: window {int(np.argmax(wrong))} holds {kind}: no EEG; remove the file and "
                "run again, or change what makes its windows so (simulation.bad_channels)"
            )


@contextmanager
def _damage_named(path: str | Path) -> Iterator[None]:
    if not Path(path).is_file():
        raise UserError(f"{path}: the file does not exist")
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # HDF5 reports damage by many exception types
        raise UserError(
            f"{path}: the file is damaged or truncated ({type(error).__name__}); remove it and "
            "run again"
        ) from error


@contextmanager
def _misfit_named(path: str | Path) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(
            f"{path}: the truth does not fit its samples ({error}); remove the file, run again"
        ) from error


def _check_complete(path: str | Path, needed: Sequence[str], found: Container[str]) -> None:
    missing = [name for name in needed if name not in found]
    if missing:
        raise UserError(f"{path}: no chunk of samples, it lacks {', '.join(missing)}")


def _check_one_split(paths: Sequence[str | Path], attributes: Sequence[Mapping[Any, Any]]) -> None:
    if not attributes:
        raise UserError("no chunk to read")
    first = attributes[0]
    for path, part in zip(paths, attributes, strict=True):
        for name in ("config_hash", "seed", "split", "n_dipoles"):
            if part.get(name) != first.get(name):
                raise UserError(
                    f"{path}: its {name} is {part.get(name)}, that of {paths[0]} is "
                    f"{first.get(name)}; remove the older and run again"
                )
