"""What was done to a recording and what was left out of it, counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import pandas as pd

COLUMNS = ("step", "what", "seconds_lost", "epochs_lost", "channels")


@dataclass(frozen=True)
class Entry:
    """One step of reading a recording.

    Attributes
    ----------
    step : str
        Its name, a word or two.
    what : str
        What it did, for people.
    seconds_lost : float
        Of the recording, left out by it, s.
    epochs_lost : int
        Epochs left out by it.
    channels : tuple of str
        The study's channels that it changed.
    """

    step: str
    what: str
    seconds_lost: float = 0.0
    epochs_lost: int = 0
    channels: tuple[str, ...] = ()


@dataclass
class Account:
    """The steps of reading a recording, in their order.

    Attributes
    ----------
    entries : list of Entry
        The steps.
    """

    entries: list[Entry] = field(default_factory=list)

    def add(
        self,
        step: str,
        what: str,
        *,
        seconds_lost: float = 0.0,
        epochs_lost: int = 0,
        channels: Sequence[str] = (),
    ) -> None:
        """Add a step.

        Parameters
        ----------
        step : str
            Its name, a word or two.
        what : str
            What it did, for people.
        seconds_lost : float
            Of the recording, left out by it, s.
        epochs_lost : int
            Epochs left out by it.
        channels : sequence of str
            The study's channels that it changed.
        """
        lost = round(float(seconds_lost), 6)
        self.entries.append(Entry(step, what, lost, int(epochs_lost), tuple(channels)))

    @property
    def seconds_lost(self) -> float:
        """What all steps leave out of the recording, s."""
        return round(sum(one.seconds_lost for one in self.entries), 6)

    @property
    def epochs_lost(self) -> int:
        """How many epochs all steps leave out."""
        return sum(one.epochs_lost for one in self.entries)

    def lines(self) -> list[str]:
        """Return the steps for a log.

        Returns
        -------
        list of str
            A line each.
        """
        return [f"{one.step}: {one.what}" for one in self.entries]

    def table(self) -> pd.DataFrame:
        """Return the steps as a table.

        Returns
        -------
        pandas.DataFrame
            The columns of ``COLUMNS``, a row each.
        """
        rows = [{**asdict(one), "channels": ", ".join(one.channels)} for one in self.entries]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def to_json(self) -> str:
        """Return the steps as text that a file can hold.

        Returns
        -------
        str
            JSON, a list of objects with the fields of :class:`Entry`.
        """
        return json.dumps([asdict(one) for one in self.entries])


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Say how many there are of something.

    Parameters
    ----------
    count : int
        How many.
    singular : str
        What one is called.
    plural : str, optional
        What several are called; by default with an s.

    Returns
    -------
    str
        Say '1 epoch' or '3 epochs'.
    """
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
