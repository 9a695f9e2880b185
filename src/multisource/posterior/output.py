"""What the posteriors of windows become in a file: variables along the windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multisource.certainty.levels import LEVELS
from multisource.posterior.room import MOST
from multisource.posterior.summary import Source, WindowPosterior

_MOVED = ("shift", "resize", "teleport", "birth", "death")


def as_variables(
    found: Sequence[WindowPosterior], disturbances: Sequence[str] = ()
) -> dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]]:
    """Return the variables of an estimates file.

    Parameters
    ----------
    found : sequence of WindowPosterior
        The posteriors of S windows.
    disturbances : sequence of str
        Names of what windows were tried to be disturbed by.

    Returns
    -------
    dict of str to tuple
        Name to dimensions, values and attributes:

        - ``presence (sample)``: probability that there is a source at all;
        - ``number_probability (sample, number)``: of 0, 1, ... sources;
        - ``source_...  (sample, source)``: probability, centre (a dipole), ``radius_mm (...,
          level)`` within which the centre lies in 50, 80 and 95 %, area_mm2 of the region of the
          centre, ``region (..., member)`` its dipoles, ``extent_mm (..., bound)`` and
          ``course_nam (..., bound, time)``, bound being the middle, the lower and the upper end;
          -1 or NaN where there are fewer sources;
        - ``boost``, ``scale``, ``sensor_noise``, ``widening``, ``trust``, ``log_evidence``,
          ``log_evidence_error``, ``agreement``, ``warned`` and ``accepted_...`` (sample);
        - ``disturbed (sample, disturbance)``: 1 for what was taken out of the window, the names in
          the attribute ``names``.
    """
    one = {
        "boost": ([w.boost for w in found], "mean boost"),
        "scale": ([w.scale for w in found], "mean scale of the EEG over the model's"),
        "sensor_noise": ([w.noise for w in found], "mean variance over the background's"),
        "trust": ([w.trust for w in found], "exponent of the likelihood"),
        "widening": ([w.widening for w in found], "mean variance of the topographies' errors"),
        "log_evidence": ([w.log_evidence[0] for w in found], "log evidence, whitened window"),
        "log_evidence_error": ([w.log_evidence[1] for w in found], "its standard error"),
        "agreement": ([w.agreement for w in found], "overlap of the chains' maps, 0 to 1"),
    }
    for move in _MOVED:
        rates = [w.acceptance[move] for w in found]
        one[f"accepted_{move}"] = rates, f"part of the moves '{move}' that were accepted"
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]] = {
        name: (("sample",), np.asarray(values, np.float64), {"long_name": text})
        for name, (values, text) in one.items()
    }
    warned = np.array([bool(w.warning) for w in found], np.int8)
    text = "1 where the chains did not agree or move"
    variables["warned"] = ("sample",), warned, {"long_name": text}
    number = np.array([w.number for w in found])
    text = "probability of each number of sources, from none"
    variables["number_probability"] = ("sample", "number"), number, {"long_name": text}
    text = "probability that there is a source"
    variables["presence"] = ("sample",), 1 - number[:, 0], {"long_name": text}
    if disturbances:
        taken = np.zeros((len(found), len(disturbances)), np.int8)
        for i, w in enumerate(found):
            taken[i, list(w.disturbed)] = 1
        about = {"long_name": "1 for what was taken out", "names": ", ".join(disturbances)}
        variables["disturbed"] = ("sample", "disturbance"), taken, about
    return variables | _of_sources(found)


def _of_sources(
    found: Sequence[WindowPosterior],
) -> dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]]:
    shape = len(found), MOST - 1
    every = [(i, k, s) for i, w in enumerate(found) for k, s in enumerate(w.sources)]
    members = max((len(s.region) for _, _, s in every), default=1)
    times = max((s.course.shape[1] for _, _, s in every), default=1)
    values = {
        "probability": np.full(shape, np.nan),
        "centre": np.full(shape, -1, np.int32),
        "radius_mm": np.full((*shape, len(LEVELS)), np.nan),
        "area_mm2": np.full(shape, np.nan),
        "extent_mm": np.full((*shape, 3), np.nan),
        "course_nam": np.full((*shape, 3, times), np.nan, np.float32),
        "region": np.full((*shape, members), -1, np.int32),
    }
    for i, k, source in every:
        _fill(values, i, k, source)
    further = {
        "radius_mm": ("level",),
        "extent_mm": ("bound",),
        "course_nam": ("bound", "time"),
        "region": ("member",),
    }
    return {
        f"source_{name}": (("sample", "source", *further.get(name, ())), value, {})
        for name, value in values.items()
    }


def _fill(values: dict[str, np.ndarray], i: int, k: int, source: Source) -> None:
    for name in ("probability", "centre", "radius_mm", "area_mm2", "extent_mm"):
        values[name][i, k] = getattr(source, name)
    values["course_nam"][i, k] = source.course
    values["region"][i, k, : len(source.region)] = source.region
