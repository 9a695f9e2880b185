"""When each data record of an EDF+ or BDF+ file was recorded, and what is noted in it.

MNE-Python puts the records of an interrupted file (EDF+D) one after the other, but leaves the times
of its annotations as they are: everything after a gap is then off by the gap. The annotation signal
of each record says when the record begins (https://www.edfplus.info/specs/edfplus.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from multisource.errors import UserError
from multisource.recordings.marks import Mark

_NUMBER = re.compile(rb"[+-]?\d+(\.\d*)?$")


@dataclass(frozen=True)
class EdfRecords:
    """The data records of a file.

    Attributes
    ----------
    starts_s : ndarray of shape (R,)
        When each begins, from the first one, s.
    length_s : float
        How long each is, s.
    marks : list of Mark
        What is noted, in order of the onsets, from the first record.
    """

    starts_s: np.ndarray
    length_s: float
    marks: list[Mark]


def read_edf_records(path: str | Path) -> EdfRecords | None:
    """Read the times of the records of an EDF+ or BDF+ file.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    EdfRecords or None
        None for a file without annotation signals: EDF and BDF proper.

    Raises
    ------
    UserError
        If a record does not say when it begins.
    """
    with Path(path).open("rb") as file:
        header = file.read(256)
        width = 3 if header[:1] == b"\xff" else 2
        length_s = float(header[244:252])
        signals = int(header[252:256])
        fields = file.read(256 * signals)
    labels = [fields[16 * k : 16 * k + 16].strip() for k in range(signals)]
    # 16 + 80 + 8 + 8 + 8 + 8 + 8 + 80 bytes of other fields stand before the samples per record.
    samples = [int(fields[216 * signals + 8 * k :][:8]) for k in range(signals)]
    ends = width * np.cumsum([0, *samples])
    noted = [
        k for k, label in enumerate(labels) if label in (b"EDF Annotations", b"BDF Annotations")
    ]
    if not noted or length_s <= 0:
        return None
    body = np.memmap(path, np.uint8, "r", offset=int(header[184:192]))
    count = len(body) // int(ends[-1])
    records = body[: count * ends[-1]].reshape(count, -1)
    starts = np.empty(count)
    marks: list[Mark] = []
    for number, record in enumerate(records):
        for signal in noted:
            lists = list(_lists(record[ends[signal] : ends[signal + 1]].tobytes()))
            if signal == noted[0]:
                # The first list of the first signal begins with an empty text: the time-keeper.
                if not lists or lists[0][2][:1] != [""]:
                    raise UserError(
                        f"{path}: data record {number + 1} does not say when it begins, as EDF+ "
                        "asks; save the recording anew, as EDF or FIF"
                    )
                starts[number] = lists[0][0]
            marks += [
                _mark(onset, duration, text) for onset, duration, texts in lists for text in texts
            ]
    found = [replace(one, onset_s=one.onset_s - starts[0]) for one in marks if one.text]
    return EdfRecords(starts - starts[0], length_s, sorted(found, key=lambda one: one.onset_s))


def _lists(signal: bytes) -> Iterator[tuple[float, float, list[str]]]:
    """Yield onset, duration and texts of each time-stamped annotations list."""
    for one in signal.split(b"\0"):
        time, *texts = one.split(b"\x14")
        onset, _, duration = time.partition(b"\x15")
        if _NUMBER.match(onset):
            # Behind the last separator there is nothing.
            words = [_decoded(text) for text in texts[:-1]]
            yield float(onset), float(duration) if _NUMBER.match(duration) else 0.0, words


def _mark(onset: float, duration: float, text: str) -> Mark:
    text, _, channel = text.partition("@@")
    return Mark(onset, duration, text, (channel,) if channel else ())


def _decoded(text: bytes) -> str:
    """EDF+ asks for UTF-8; older programs write Latin-1."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
