"""Mistakes found in a configuration, by the place that each is at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Place = tuple[str, ...]


@dataclass
class Found:
    """Mistakes, and the places that later checks must not read.

    Attributes
    ----------
    lines : list of str
        A line for each mistake.
    places : set of tuple of str
        Where the values are that cannot be trusted, as keys from the top.
    """

    lines: list[str] = field(default_factory=list)
    places: set[Place] = field(default_factory=set)

    def add(self, place: Iterable[object], line: str) -> None:
        """Add a mistake, unless one is known at this place or above it.

        Parameters
        ----------
        place : iterable
            Keys from the top.
        line : str
            What is wrong, in one line; what cannot be printed is written as Python would.
        """
        keys = tuple(map(str, place))
        if not any(keys[: len(known)] == known for known in self.places):
            self.lines.append("".join(c if c.isprintable() else repr(c)[1:-1] for c in line))
            self.places.add(keys)

    def sound(self, *keys: str) -> bool:
        """Say whether places are free of known mistakes.

        Parameters
        ----------
        *keys : str
            Dotted keys from the top.

        Returns
        -------
        bool
            False if a mistake is known at one of the keys, above it or below.
        """
        for key in keys:
            place = tuple(key.split("."))
            for known in self.places:
                shorter = min(len(place), len(known))
                if place[:shorter] == known[:shorter]:
                    return False
        return True
