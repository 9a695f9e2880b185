"""Several recordings side by side: what each method says of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from multisource.parcellation.dipoles import COLUMNS as ATLAS_COLUMNS
from multisource.parcellation.dipoles import MNI
from multisource.recordings.moments import STRONGEST

_MOMENT = ("moment", "from_s", "to_s")
NOTHING = "nothing"
_PLACE = ("hemisphere", *MNI, *ATLAS_COLUMNS.values())


def first_moments(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the moments that a recording is told by at a glance.

    Parameters
    ----------
    table : pandas.DataFrame
        Of one recording: :func:`multisource.recordings.peaks.peak_table` or
        :func:`multisource.recordings.sources.named_table`.

    Returns
    -------
    pandas.DataFrame
        Of each method the rows of the chosen moments, or of the strongest alone, and of the mean.
    """
    first = table.groupby("method")["from_s"].transform("first") == table["from_s"]
    return table[(table["moment"] != STRONGEST) | first]


def summary_table(
    peaks: Mapping[str, pd.DataFrame], sources: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Put the first answer of every method to every recording into one table.

    Parameters
    ----------
    peaks : mapping of str to pandas.DataFrame
        Recording to its peaks.
    sources : mapping of str to pandas.DataFrame
        Recording to its named sources.

    Returns
    -------
    pandas.DataFrame
        One row per recording, method and moment: the EEG's rms, the probability that there is any
        source, the most probable named source (probability and credible regions), and place and
        regions: of this source, or else of the peak of the map; answer says which, or nothing
        where the map is empty.
    """
    rows: list[dict[str, object]] = []
    for name, table in peaks.items():
        named, told_of = first_moments(sources[name]), first_moments(table)
        strength = dict(zip(_moments(told_of), told_of["eeg_rms_uv"], strict=True))
        for (method, *moment), part in told_of.groupby(["method", *_MOMENT], sort=False):
            peak = part.iloc[0]
            told = named[_is(named, method, moment)]
            is_named = len(told) and not pd.isna(told["source"].iloc[0])
            answer = told.iloc[0] if is_named else peak
            rows.append(
                {
                    "recording": name,
                    "method": method,
                    **dict(zip(_MOMENT, moment, strict=True)),
                    "eeg_rms_uv": peak["eeg_rms_uv"],
                    "presence": told["presence"].iloc[0] if len(told) else float("nan"),
                    "answer": "source" if is_named else "peak",
                    "probability": answer["probability"] if is_named else float("nan"),
                    **{column: answer[column] for column in _PLACE},
                    "regions": answer["regions"],
                    "off_cortex": peak["off_cortex"],
                }
            )
        # A network that shows no more than chance has an empty map, and no peak.
        for (method, *moment), part in named.groupby(["method", *_MOMENT], sort=False):
            if not _is(told_of, method, moment).any():
                rows.append(
                    {
                        "recording": name,
                        "method": method,
                        **dict(zip(_MOMENT, moment, strict=True)),
                        "eeg_rms_uv": strength.get(tuple(moment), float("nan")),
                        "presence": part["presence"].iloc[0],
                        "answer": NOTHING,
                    }
                )
    return pd.DataFrame(rows)


def _moments(table: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(zip(*(table[column] for column in _MOMENT), strict=True))


def _is(table: pd.DataFrame, method: object, moment: Sequence[object]) -> pd.Series:
    """Whether each row is of a method and moment."""
    same = table["method"] == method
    for column, value in zip(_MOMENT, moment, strict=True):
        same &= table[column] == value
    return same
