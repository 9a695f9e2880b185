"""Leadfields as MNE forward solutions, and back as plain arrays.

Our gain matrices have columns along the surface RAS axes of the MRI frame; MNE's forward
solutions live in the head frame of the electrodes' landmarks, in metres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike

import mne
import numpy as np
from mne.transforms import apply_trans, invert_transform

from multisource.anatomy.electrodes import Electrodes
from multisource.anatomy.landmarks import LANDMARKS
from multisource.channels.names import check_names
from multisource.errors import UserError
from multisource.files import atomic, reading

_FREE, _HEAD = 2, 4  # FIFF constants: free orientation, head coordinate frame
_SAME_MM = 0.01  # dipoles of two operators that are nearer than this are the same


@dataclass(frozen=True, eq=False)
class Leadfield:
    """Gain of E electrodes and N dipoles, average reference.

    Attributes
    ----------
    channels : list of str
        Names of the electrodes.
    free : ndarray of shape (E, 3N)
        Gain in V/(Am); columns x, y, z of dipole 0, of dipole 1, ... in surface RAS.
    positions : ndarray of shape (N, 3)
        Dipoles, mm, surface RAS.
    normals : ndarray of shape (N, 3)
        Unit normals of the cortex, surface RAS.
    """

    channels: list[str]
    free: np.ndarray
    positions: np.ndarray
    normals: np.ndarray

    def of_channels(self, channels: Sequence[str]) -> Leadfield:
        """Return the gain of some of the electrodes, in their own average reference.

        Parameters
        ----------
        channels : sequence of str
            Names of the electrodes, all of them in ``self.channels``.

        Returns
        -------
        Leadfield
            Its rows are in the order of ``channels``; itself where these are all it has.
        """
        if list(channels) == self.channels:
            return self
        free = self.free[[self.channels.index(name) for name in channels]]
        return replace(self, channels=list(channels), free=free - free.mean(axis=0))

    @property
    def fixed(self) -> np.ndarray:
        """Gain (E, N) in V/(Am) of dipoles along the normals."""
        return fixed_gain(self.free, self.normals)


def fixed_gain(free: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Project a free-orientation gain on unit normals.

    Parameters
    ----------
    free : ndarray of shape (E, 3N)
        Gain; columns x, y, z of each dipole.
    normals : ndarray of shape (N, 3)
        Unit normals.

    Returns
    -------
    ndarray of shape (E, N)
        Gain of dipoles along the normals, in the unit of ``free``.
    """
    return np.einsum("enk,nk->en", free.reshape(len(free), -1, 3), normals)


def make_forward(
    gain: np.ndarray,
    electrodes: Electrodes,
    source_space: mne.SourceSpaces,
    fiducials: Mapping[str, np.ndarray],
) -> mne.Forward:
    """Wrap a gain as a free-orientation EEG forward solution, as MNE would have computed it.

    Parameters
    ----------
    gain : ndarray of shape (E, 3N)
        Gain in V/(Am); columns along surface RAS axes, rows in the order of ``electrodes``.
    electrodes : Electrodes
        Names and positions (E, 3) mm.
    source_space : mne.SourceSpaces
        N used vertices, in the MRI frame.
    fiducials : mapping of str to ndarray
        Landmarks lpa, nasion and rpa (3,), mm in surface RAS; they define MNE's head frame.

    Returns
    -------
    mne.Forward
        The forward solution, in the head frame and metres.

    Raises
    ------
    UserError
        If the shapes disagree, a value is not finite, or a landmark is missing.
    """
    gain = np.asarray(gain, float)
    count = sum(int(s["nuse"]) for s in source_space)
    if gain.shape != (len(electrodes), 3 * count):
        raise UserError(
            f"gain has shape {gain.shape}; {len(electrodes)} electrodes and {count} dipoles "
            f"need ({len(electrodes)}, {3 * count})"
        )
    if not np.isfinite(gain).all():
        raise UserError(f"gain holds {np.sum(~np.isfinite(gain))} values that are not finite")
    info = electrode_info(electrodes, fiducials)
    mri_to_head = mri_head_transform(fiducials)
    rotation = mri_to_head["trans"][:3, :3]
    data = np.einsum("enk,jk->enj", gain.reshape(len(gain), count, 3), rotation)
    data = np.ascontiguousarray(data.reshape(gain.shape))
    sources = _in_head_frame(source_space, mri_to_head)
    measurement = mne.Info(
        chs=info["chs"],
        ch_names=info["ch_names"],
        nchan=info["nchan"],
        comps=[],
        bads=[],
        dev_head_t=info["dev_head_t"],
        kit_system_id=None,
        mri_file="",
        mri_id=dict(machid=np.zeros(2, np.int32), version=0, secs=0, usecs=0),
        meas_file="",
        meas_id=None,
        working_dir="",
        command_line="",
        mri_head_t=mri_to_head,
    )
    sol = dict(
        data=data,
        nrow=data.shape[0],
        ncol=data.shape[1],
        row_names=list(electrodes.names),
        col_names=[],
    )
    return mne.Forward(
        sol=sol,
        sol_grad=None,
        source_ori=_FREE,
        coord_frame=_HEAD,
        nsource=count,
        nchan=len(electrodes),
        src=sources,
        source_rr=np.concatenate([s["rr"][s["vertno"]] for s in sources]),
        source_nn=np.tile(np.eye(3), (count, 1)),
        surf_ori=False,
        info=measurement,
        mri_head_t=mri_to_head,
        _orig_source_ori=_FREE,
        _orig_sol=data.copy(),
        _orig_sol_grad=None,
    )


def electrode_info(
    electrodes: Electrodes,
    fiducials: Mapping[str, np.ndarray],
    *,
    sampling_rate: float = 250.0,
) -> mne.Info:
    """Return the measurement info of EEG electrodes; its montage carries the landmarks.

    Parameters
    ----------
    electrodes : Electrodes
        Names and positions (E, 3) mm.
    fiducials : mapping of str to ndarray
        Landmarks lpa, nasion and rpa (3,), mm in surface RAS.
    sampling_rate : float, optional
        Samples per second, Hz.

    Returns
    -------
    mne.Info
        One EEG channel per electrode.

    Raises
    ------
    UserError
        If a landmark is missing or a channel is named twice.
    """
    names = list(electrodes.names)
    check_names(names, names, source="electrodes")
    montage = mne.channels.make_dig_montage(
        ch_pos=dict(zip(names, np.asarray(electrodes.positions) * 1e-3, strict=True)),
        coord_frame="mri",
        **_landmarks(fiducials),
    )
    return mne.create_info(names, sampling_rate, "eeg").set_montage(montage)


def mri_head_transform(fiducials: Mapping[str, np.ndarray]) -> mne.Transform:
    """Return the transform from surface RAS to MNE's head frame.

    Parameters
    ----------
    fiducials : mapping of str to ndarray
        Landmarks lpa, nasion and rpa (3,), mm in surface RAS.

    Returns
    -------
    mne.Transform
        From MRI to head, in metres.

    Raises
    ------
    UserError
        If a landmark is missing.
    """
    montage = mne.channels.make_dig_montage(coord_frame="mri", **_landmarks(fiducials))
    return mne.channels.compute_native_head_t(montage)


def write_forward(forward: mne.Forward, path: str | PathLike[str]) -> None:
    """Write a forward solution atomically; FIF holds the gain in single precision.

    Parameters
    ----------
    forward : mne.Forward
        What is written.
    path : str or path-like
        File; MNE wants a name that ends in ``-fwd.fif``.
    """
    with atomic(path) as part:
        mne.write_forward_solution(part, forward, overwrite=True, verbose="error")


def read_leadfield(path: str | PathLike[str]) -> Leadfield:
    """Read a free-orientation forward solution as arrays.

    Parameters
    ----------
    path : str or path-like
        A forward solution, ``*-fwd.fif``.

    Returns
    -------
    Leadfield
        Its arrays, in surface RAS and mm.

    Raises
    ------
    UserError
        If the file is missing or damaged, or the solution has fixed or surface orientation.
    """
    with reading(path):
        return leadfield_of(mne.read_forward_solution(path, verbose="error"))


def read_leadfields(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
) -> list[Leadfield]:
    """Read forward solutions of the same electrodes and dipoles.

    Parameters
    ----------
    paths : path-like or sequence of path-like
        One or several forward solutions.

    Returns
    -------
    list of Leadfield
        Their arrays, in the same order.

    Raises
    ------
    UserError
        If one is of other channels or dipoles than the first.
    """
    files = [paths] if isinstance(paths, str | PathLike) else list(paths)
    found = [read_leadfield(file) for file in files]
    first = found[0]
    for file, other in zip(files, found, strict=True):
        same = other.channels == first.channels and other.positions.shape == first.positions.shape
        if not same or np.abs(other.positions - first.positions).max() > _SAME_MM:
            raise UserError(
                f"{file}: of other channels or dipoles than {files[0]}; compute it again"
            )
    return found


def leadfield_of(forward: mne.Forward) -> Leadfield:
    """Return the arrays of a free-orientation forward solution, back in surface RAS and mm.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution, in MNE's head frame.

    Returns
    -------
    Leadfield
        Its channels, gain, positions and normals.

    Raises
    ------
    UserError
        If the solution has fixed or surface orientation: its columns have lost an axis or their
        frame.
    """
    if forward["source_ori"] != _FREE or forward["surf_ori"]:
        raise UserError("forward solution must have free orientation along the head axes")
    head_to_mri = invert_transform(forward["mri_head_t"])
    rotation = head_to_mri["trans"][:3, :3]
    data = forward["sol"]["data"]
    free = np.einsum("enk,jk->enj", data.reshape(len(data), -1, 3), rotation)
    normals = np.concatenate([s["nn"][s["vertno"]] for s in forward["src"]]) @ rotation.T
    return Leadfield(
        channels=list(forward["sol"]["row_names"]),
        free=np.ascontiguousarray(free.reshape(data.shape)),
        positions=apply_trans(head_to_mri, forward["source_rr"]) * 1e3,
        normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
    )


def electrodes_of(forward: mne.Forward) -> np.ndarray:
    """Return where the electrodes of a forward solution are.

    Parameters
    ----------
    forward : mne.Forward
        The forward solution, in MNE's head frame.

    Returns
    -------
    ndarray of shape (E, 3)
        Surface RAS, mm, in the order of the gain's rows.
    """
    place = {c["ch_name"]: c["loc"][:3] for c in forward["info"]["chs"]}
    there = np.array([place[name] for name in forward["sol"]["row_names"]], float)
    moved: np.ndarray = apply_trans(invert_transform(forward["mri_head_t"]), there) * 1e3
    return moved


def _in_head_frame(source_space: mne.SourceSpaces, mri_to_head: mne.Transform) -> mne.SourceSpaces:
    copy = source_space.copy()
    for part in copy:
        mne.transform_surface_to(part, "head", mri_to_head)
    for key in ("working_dir", "command_line"):
        copy.info.pop(key, None)
    return copy


def _landmarks(fiducials: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    try:
        return {name: np.asarray(fiducials[name], float) * 1e-3 for name in LANDMARKS}
    except KeyError as error:
        raise UserError(
            f"landmark {error.args[0]} is missing; give {', '.join(LANDMARKS)}"
        ) from None
