"""A finished study in Python: its networks and solvers applied to EEG in memory."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.certainty.certainty import Sources
from multisource.certainty.variables import as_variables
from multisource.channels.subset import kept_channels, subset_name
from multisource.errors import UserError
from multisource.evaluation.sources import VARIABLES
from multisource.parcellation.dipoles import read_dipoles
from multisource.recordings.answers import ask_network
from multisource.recordings.dipole_moments import second_moments
from multisource.recordings.measuring import measure_ordinary
from multisource.recordings.ordinary import Ordinary
from multisource.recordings.parcels import parcel_table
from multisource.recordings.peaks import peak_table
from multisource.recordings.settings import OPTIONS, recording_settings
from multisource.recordings.solved import ask_solver
from multisource.recordings.sources import named_table
from multisource.recordings.stc import source_estimate
from multisource.recordings.stretches import Stretches, read_stretches, stretches_of
from multisource.recordings.windows import (
    cut_windows,
    moments,
    over_epochs,
    strength,
    told_moments,
    window_length,
)

if TYPE_CHECKING:
    import mne
    import xarray as xr

    from multisource.network.answers import TrainedNetwork

RECORD = "study.json"
_NAME = "recording"
# Options that name what EEG in memory has not: its file, another recording of the configuration.
_OF_FILES = {"file", "against", "bids"}


@dataclass(frozen=True)
class Localised:
    """What one method says of a recording.

    Attributes
    ----------
    method : str
        Its name in the study.
    stc : mne.SourceEstimate
        A map per window, at its middle; each times the EEG's rms over its largest.
    sources : pandas.DataFrame
        The sources that it names at the moments that are told of, as in ``sources.tsv``; empty for
        a method that names none.
    peaks : pandas.DataFrame
        The strongest clusters, as in ``peaks.tsv``.
    parcels : pandas.DataFrame
        Time courses of the regions, as in ``parcels.tsv``.
    presence : float
        Probability that there is any source at the first of these moments, the strongest window
        unless others are chosen; NaN for a method that cannot tell.
    maps : ndarray of float32, shape (S, N)
        A map per window and epoch, as in ``<method>.nc``.
    windows : xarray.Dataset
        The EEG that was localised.
    account : pandas.DataFrame
        What was done to the recording before, and what was left out.
    """

    method: str
    stc: mne.SourceEstimate
    sources: pd.DataFrame
    peaks: pd.DataFrame
    parcels: pd.DataFrame
    presence: float
    maps: np.ndarray
    windows: xr.Dataset
    account: pd.DataFrame


class Study:
    """A finished study.

    Parameters
    ----------
    results : str or path-like
        Folder of the head's results, such as ``results/fsaverage``.

    Raises
    ------
    UserError
        If it holds no finished study.
    """

    def __init__(self, results: str | os.PathLike[str]) -> None:
        self.results = Path(results)
        try:
            self._record = json.loads((self.results / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self.results / RECORD}: missing or damaged ({error}); give the folder of a "
                "head's results, such as results/fsaverage, of a study that has been run"
            ) from error

    @property
    def channels(self) -> list[str]:
        """The channels that a recording must have."""
        return list(self._record["channels"])

    @property
    def sfreq(self) -> float:
        """Sampling rate of the windows, Hz."""
        return float(self._record["sfreq"])

    @property
    def window_s(self) -> float:
        """Length of a window, s."""
        return float(self._record["window_s"])

    @property
    def methods(self) -> list[str]:
        """Networks and solvers that can be applied, the default one first."""
        return [*self._record["networks"], *self._record["solvers"]]

    def localise(
        self,
        recording: mne.io.BaseRaw | mne.BaseEpochs | mne.Evoked | str | os.PathLike[str],
        method: str | None = None,
        **settings: Any,
    ) -> Localised:
        """Localise EEG by one method, as the workflow does.

        Parameters
        ----------
        recording : mne.io.BaseRaw, mne.BaseEpochs, mne.Evoked or path
            The EEG, which is left as it is, or a file of it.
        method : str, optional
            One of :attr:`methods`; None: the first.
        **settings : object
            Options of a recording in the configuration, all but ``file``, ``bids`` and
            ``against``:
            ``events``, ``tmin_s``, ``baseline_s``, ``bad_channels``, ``moments_s`` and the others.

        Returns
        -------
        Localised
            The same numbers as in the workflow's files of this recording.

        Raises
        ------
        UserError
            For an unknown method or option, or EEG that the workflow would refuse.
        """
        method = method or self.methods[0]
        if method not in self.methods:
            raise UserError(f"method {method!r} is unknown; use one of {', '.join(self.methods)}")
        unknown = sorted(set(settings) - set(OPTIONS) | set(settings) & _OF_FILES)
        if unknown:
            known = ", ".join(option for option in OPTIONS if option not in _OF_FILES)
            raise UserError(f"option {unknown[0]!r} is unknown; use one of {known}")
        found, data = self._windows(recording, settings)
        ordinary = measure_ordinary(
            found, sfreq=self.sfreq, window_s=self.window_s, seed=self._record["seed"]
        )
        maps, said = self._apply(method, data, ordinary)
        (times, which), power, window_s = moments(data), strength(data), window_length(data)
        told = told_moments(data, recording_settings({"file": _NAME, **settings}).moments_s)
        averaged = {method: over_epochs(maps, which)}
        named = {method: said} if said is not None else {}
        sources = named_table(named, which, told, self._dipoles, self._regions)
        return Localised(
            method=method,
            stc=source_estimate(
                averaged[method],
                times,
                power,
                self._sources,
                step_s=float(data.attrs["step_s"]),
                window_s=window_s,
            ),
            sources=sources,
            peaks=peak_table(
                averaged,
                told,
                self._dipoles,
                self._regions,
                second_moments(data, told),
                self._operator.of_channels(data["channel"].values).fixed,
            ),
            parcels=parcel_table(averaged, times, power, self._regions, window_s=window_s),
            presence=float(sources["presence"].iloc[0]) if len(sources) else float("nan"),
            maps=maps,
            windows=data,
            account=found.account.table(),
        )

    def _windows(self, recording: Any, settings: dict[str, Any]) -> tuple[Stretches, xr.Dataset]:
        """The EEG of a recording, and its windows."""
        import mne

        chosen = recording_settings({"file": _NAME, **settings})
        rate, length = self.sfreq, self.window_s
        channels = kept_channels(self.channels, chosen.leave_out, name=_NAME)
        positions = None
        if chosen.needs_electrodes:
            placed = read_electrodes(self.results / "anatomy/electrodes.tsv")
            positions = placed.chosen(channels).positions
        if isinstance(recording, str | os.PathLike):
            found = read_stretches(
                Path(recording),
                channels,
                chosen,
                sfreq=rate,
                shortest_s=length,
                positions=positions,
            )
        elif isinstance(recording, mne.io.BaseRaw | mne.BaseEpochs | mne.Evoked):
            contents = recording.copy()
            found = stretches_of(
                [contents] if isinstance(contents, mne.Evoked) else contents,
                channels,
                chosen,
                sfreq=rate,
                shortest_s=length,
                positions=positions,
                name=_NAME,
            )
        else:
            raise UserError(
                f"recording: a {type(recording).__name__}; give a Raw, Epochs or Evoked of "
                "MNE-Python, or the name of a file"
            )
        data = cut_windows(found, channels, chosen, name=_NAME, sfreq=rate, window_s=length)
        return found, data

    def _apply(
        self, method: str, data: xr.Dataset, ordinary: Ordinary
    ) -> tuple[np.ndarray, Sources | None]:
        """Maps (S, N) and named sources of a method, in the precision of the workflow's files."""
        eeg, single = data["eeg"].values, np.float32
        channels = [str(name) for name in data["channel"].values]
        if method in self._record["networks"]:
            answers = ask_network(self._network(method, channels), eeg, channels, ordinary)
            variables = {} if answers.sources is None else as_variables(answers.sources)
            maps = answers.maps
        else:
            record = self._record["solvers"][method]
            proposing = record.get("proposal")
            estimates = ask_solver(
                eeg,
                self.sfreq,
                ordinary,
                channels=channels,
                forward=self.results / "leadfield" / f"{record['forward']}-fwd.fif",
                study=self._solver_study(record["study"]),
                network=self._network(proposing, channels) if proposing else None,
                **record["solver"],
            )
            maps, variables = estimates.maps, dict(estimates.variables)
        said = None
        if set(VARIABLES) <= set(variables):
            said = Sources(*(np.asarray(variables[name][1]) for name in VARIABLES))
        return np.asarray(maps, single), said

    def _network(self, name: str, channels: list[str]) -> TrainedNetwork:
        """A network of the study, that of these channels."""
        from multisource.network.answers import TrainedNetwork

        subset = subset_name(channels, self.channels)
        folder = self.results / "network" / (f"{name}-{subset}" if subset else name)
        if not folder.is_dir():
            raise UserError(
                f"leave_out: no network of these {len(channels)} channels has been trained; "
                "run the workflow once with a recording that leaves the same ones out"
            )
        return TrainedNetwork(
            folder / "weights.safetensors",
            folder / "settings.json",
            folder / "certainty.json",
            self._dipoles.positions,
        )

    def _solver_study(self, record: dict[str, Any] | None) -> Any:
        """How the study's sources behave, for a solver that asks for it."""
        if record is None:
            return None
        from multisource.inverse.contract import Study as SourcesOfStudy

        # Files are named from the folder of the study, which holds results/<head>.
        models = self.results.parents[1] / record["ar_models"]
        return SourcesOfStudy(
            simulation=record["simulation"],
            seed=record["seed"],
            ar_models=str(models),
            sources=str(self.results / "leadfield/sources.tsv"),
        )

    @cached_property
    def _sources(self) -> mne.SourceSpaces:
        import mne

        return mne.read_source_spaces(self.results / "leadfield/sources-src.fif", verbose="error")

    @cached_property
    def _operator(self) -> Any:
        from multisource.leadfield.forward import read_leadfield

        return read_leadfield(self.results / "leadfield/bem-fwd.fif")

    @cached_property
    def _dipoles(self) -> Any:
        return source_geometry(self._sources, load_head(self.results / "anatomy").surfaces)

    @cached_property
    def _regions(self) -> Any:
        return read_dipoles(self.results / "leadfield/regions.tsv")
