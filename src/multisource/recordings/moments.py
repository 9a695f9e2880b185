"""The moments of a recording that tables and figures tell of: chosen, strongest, or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multisource.errors import UserError

MOMENTS = 3
STRONGEST, CHOSEN, MEAN = "strongest", "chosen", "mean"
# A latency in s, or a span from one to another.
Chosen = float | Sequence[float]


@dataclass(frozen=True)
class Moment:
    """A window of a recording, or several whose maps are averaged.

    Attributes
    ----------
    kind : str
        STRONGEST (a local maximum of the EEG's power), CHOSEN (by the user) or MEAN (of all).
    from_s, to_s : float
        Begin of the first and end of the last window, s.
    windows : ndarray of int
        Which of the M windows of the recording.
    rms_v : float
        Root mean square of the EEG in them, V.
    """

    kind: str
    from_s: float
    to_s: float
    windows: np.ndarray
    rms_v: float

    def of(self, values: np.ndarray) -> np.ndarray:
        """Average values over the windows.

        Parameters
        ----------
        values : ndarray of shape (M, ...)
            A value or an array of each window.

        Returns
        -------
        ndarray of shape (...)
            Their mean.
        """
        return values[self.windows].mean(axis=0)

    @property
    def title(self) -> str:
        """The moment in words."""
        span = f"{self.from_s:g} to {self.to_s:g} s"
        if self.kind == MEAN:
            return f"mean of all {len(self.windows)} windows, {span}"
        if len(self.windows) > 1:
            return f"mean of {len(self.windows)} windows, {span}"
        return f"{span}, the strongest" if self.kind == STRONGEST else span


def choose_moments(
    times: np.ndarray,
    strength: np.ndarray,
    *,
    window_s: float,
    chosen: Sequence[Chosen] | None = None,
    at_rest: bool = False,
    name: str = "",
) -> list[Moment]:
    """Choose the moments that are told of.

    Parameters
    ----------
    times : ndarray of shape (M,)
        When each window starts, s, ascending.
    strength : ndarray of shape (M,)
        Root mean square of the EEG in each, V.
    window_s : float
        Length of a window, s.
    chosen : sequence of float or of two float, optional
        What the user asks for: of a latency the window whose middle is the nearest, of a span all
        whose middles lie in it. None: the three strongest that lie apart.
    at_rest : bool
        Whether the recording knows no events, so that the mean of all windows is told of too.
    name : str
        Of the recording, for messages.

    Returns
    -------
    list of Moment
        The chosen ones as they stand, or the strongest first; the mean last.

    Raises
    ------
    UserError
        If there is no window at a chosen moment.
    """
    middles = times + window_s / 2
    picked: list[tuple[str, np.ndarray]] = []
    for one in chosen or ():
        picked.append((CHOSEN, windows_at(one, middles, window_s, f"recordings.{name}.moments_s")))
    if not chosen:
        apart = strongest_moments(times, strength, apart_s=window_s)
        picked += [(STRONGEST, np.array([index])) for index in apart]
    if at_rest and len(times) > 1:
        picked.append((MEAN, np.arange(len(times))))
    return [
        Moment(
            kind,
            float(times[windows[0]]),
            float(times[windows[-1]] + window_s),
            windows,
            float(np.sqrt(np.square(strength[windows]).mean())),
        )
        for kind, windows in picked
    ]


def windows_at(chosen: Chosen, middles: np.ndarray, window_s: float, key: str) -> np.ndarray:
    """Find the windows of a latency or a span.

    Parameters
    ----------
    chosen : float or sequence of float
        Of a latency the window whose middle is the nearest, of a span those whose middles lie in
        it; s.
    middles : ndarray of shape (M,)
        The middle of each window, s.
    window_s : float
        Length of a window, s.
    key : str
        How messages call the option.

    Returns
    -------
    ndarray of int
        Their numbers.

    Raises
    ------
    UserError
        If there is none.
    """
    if isinstance(chosen, int | float):
        nearest = int(np.abs(middles - chosen).argmin())
        found = [nearest] if abs(middles[nearest] - chosen) <= window_s / 2 + 1e-9 else []
    else:
        low, high = chosen
        found = np.flatnonzero((middles >= low - 1e-9) & (middles <= high + 1e-9)).tolist()
    if not len(found):
        raise UserError(
            f"{key}: {chosen!r}: no window has its middle there; the middles "
            f"go from {middles[0]:g} to {middles[-1]:g} s"
        )
    return np.asarray(found)


def strongest_moments(
    times: np.ndarray, strength: np.ndarray, *, apart_s: float, most: int = MOMENTS
) -> list[int]:
    """Find the moments of the highest local maxima.

    Parameters
    ----------
    times : ndarray of shape (M,)
        Moments in s, ascending.
    strength : ndarray of shape (M,)
        Whose maxima are sought.
    apart_s : float
        Least distance of two chosen moments, s.
    most : int
        How many are chosen at most.

    Returns
    -------
    list of int
        Indices of the moments, the strongest first.
    """
    left, right = np.r_[-np.inf, strength[:-1]], np.r_[strength[1:], -np.inf]
    chosen: list[int] = []
    for index in np.argsort(-strength, kind="stable"):
        is_peak = strength[index] >= left[index] and strength[index] >= right[index]
        if is_peak and all(abs(times[index] - times[k]) >= apart_s - 1e-9 for k in chosen):
            chosen.append(int(index))
        if len(chosen) == most:
            break
    return chosen
