"""What one change of a study's settings does to what the solvers find.

A deviation from the published tables is explained where a change reproduces it. Windows are
simulated and solved in memory: nothing of the study itself is changed.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from multisource.errors import UserError
from multisource.evaluation.metrics import evaluate
from multisource.inverse.kernel import apply_kernels
from multisource.inverse.registry import build_kernel, is_linear
from multisource.records import check_fields, checked_number, checked_text
from multisource.simulation.truth import SparseTruth
from multisource.yaml_files import read_mapping

if TYPE_CHECKING:
    import mne
    import xarray as xr

OPERATORS = ("bem", "fem")


@dataclass(frozen=True)
class Change:
    """One entry of an experiments file.

    Attributes
    ----------
    title : str
        What is changed, in words.
    simulation : mapping
        Settings of the simulation.
    inverse : mapping
        Options that every solver gets.
    solvers : mapping
        Solver -> options; if any, only these are run.
    operator : str
        The leadfield that the solvers are given: ``bem`` (the study's) or ``fem`` (the inverse
        crime).
    smooth_normals_mm : float
        The dipoles' orientations, simulated and given to the solvers, are averaged with Gaussian
        weights of this standard deviation, mm; 0 for those of the surface.
    """

    title: str
    simulation: Mapping[str, Any] = field(default_factory=dict)
    inverse: Mapping[str, Any] = field(default_factory=dict)
    solvers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    operator: str = "bem"
    smooth_normals_mm: float = 0.0

    def solver_settings(self, study: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """Return the settings of the solvers to run.

        Parameters
        ----------
        study : mapping
            Solver -> kind and options, of the study.

        Returns
        -------
        dict
            The same of the solvers to run, changed.

        Raises
        ------
        UserError
            If the study lacks a solver that the change names.
        """
        unknown = [name for name in self.solvers if name not in study]
        if unknown:
            raise UserError(
                f"experiment {self.title!r}: the study has no solver {unknown[0]!r}; "
                f"allowed: {', '.join(study)}"
            )
        return {
            name: {**study[name], **self.inverse, **self.solvers.get(name, {})}
            for name in self.solvers or study
        }


def read_changes(path: str | os.PathLike[str]) -> dict[str, Change]:
    """Read the entries of an experiments file.

    Parameters
    ----------
    path : str or path-like
        A YAML file.

    Returns
    -------
    dict of str to Change
        Name -> entry.

    Raises
    ------
    UserError
        If the file is no mapping in YAML, an entry has no title, or a key or value is unknown.
    """
    return {
        name: _change(f"{path}: experiment {name}", entry)
        for name, entry in read_mapping(path, "experiment").items()
    }


def _change(where: str, record: object) -> Change:
    sections = ("simulation", "inverse", "solvers")
    fields = check_fields(
        where, record, needed=["title"], allowed=list(Change.__dataclass_fields__)
    )
    for name in sections:
        section = fields.get(name, {})
        if not isinstance(section, dict):
            raise UserError(f"{where}, {name}: {section!r:.60}; give a mapping (key: value)")
    for name, options in fields.get("solvers", {}).items():
        if not isinstance(options, dict):
            line = f"{where}, solvers, {name}: {options!r:.60}; give its options, {{}} for none"
            raise UserError(line)
    operator = fields.get("operator", "bem")
    if operator not in OPERATORS:
        raise UserError(f"{where}: operator {operator!r}; allowed: {', '.join(OPERATORS)}")
    smooth = checked_number(
        f"{where}, smooth_normals_mm", fields.get("smooth_normals_mm", 0.0), 0, 100
    )
    title = checked_text(f"{where}, title", fields["title"])
    return Change(**{**fields, "title": title, "smooth_normals_mm": smooth})


def smoothed_normals(
    positions: np.ndarray, normals: np.ndarray, hemisphere: np.ndarray, sigma_mm: float
) -> np.ndarray:
    """Average the normals of dipoles over those around them in the same hemisphere.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    normals : ndarray of shape (N, 3)
        Unit vectors.
    hemisphere : ndarray of shape (N,)
        Number of each dipole's hemisphere.
    sigma_mm : float
        Standard deviation of the Gaussian weights, which are cut at three of them, mm.

    Returns
    -------
    ndarray of shape (N, 3)
        Unit vectors; for 0 mm the normals as they are.
    """
    if sigma_mm == 0:
        return normals
    result = np.empty_like(normals, float)
    for side in np.unique(hemisphere):
        part = np.flatnonzero(hemisphere == side)
        tree = KDTree(positions[part])
        near = tree.sparse_distance_matrix(tree, 3 * sigma_mm, output_type="coo_matrix").tocsr()
        near.data = np.exp(-0.5 * (near.data / sigma_mm) ** 2)
        result[part] = near @ normals[part]
    return result / np.linalg.norm(result, axis=1, keepdims=True)


def with_normals(forward: mne.Forward, normals: np.ndarray) -> mne.Forward:
    """Return a forward solution whose dipoles have other normals.

    Parameters
    ----------
    forward : mne.Forward
        Operator of free orientation; it is left as it is.
    normals : ndarray of shape (N, 3)
        Unit vectors in surface RAS.

    Returns
    -------
    mne.Forward
        A changed copy.
    """
    forward = copy.deepcopy(forward)
    first = 0
    for source in forward["src"]:
        part = normals[first : first + source["nuse"]]
        source["nn"][source["vertno"]] = part @ forward["mri_head_t"]["trans"][:3, :3].T
        first += source["nuse"]
    return forward


def score_solvers(
    windows: xr.Dataset,
    forward: mne.Forward,
    positions: np.ndarray,
    solvers: Mapping[str, Mapping[str, Any]],
    *,
    snr: float,
    close_radius_mm: float = 20.0,
) -> pd.DataFrame:
    """Compute the metrics of every linear solver on simulated windows.

    Parameters
    ----------
    windows : xarray.Dataset
        Samples as ``simulation.samples.simulate_samples`` makes them.
    forward : mne.Forward
        What the solvers are given.
    positions : ndarray of shape (N, 3)
        Of its dipoles, mm.
    solvers : mapping
        Solver -> kind and options; an option snr goes before ``snr``. A solver that is no kernel
        takes hours and is left out.
    snr : float
        Amplitude signal-to-noise ratio.
    close_radius_mm : float
        As for ``metrics.evaluate``.

    Returns
    -------
    pandas.DataFrame
        One row per solver and window, with a column ``method``.
    """
    truth, eeg = SparseTruth.from_dataset(windows), windows["eeg"].values
    linear = {name: options for name, options in solvers.items() if is_linear(options["kind"])}
    kernels = [
        build_kernel(forward=forward, **{"snr": snr, **settings}) for settings in linear.values()
    ]
    frames = []
    for name, maps in zip(linear, apply_kernels(kernels, eeg), strict=True):
        metrics = evaluate(maps, truth, positions, close_radius_mm=close_radius_mm)
        metrics.insert(0, "method", name)
        frames.append(metrics)
    return pd.concat(frames, ignore_index=True)
