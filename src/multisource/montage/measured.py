"""Electrode positions as a file gives them, before they are laid on a head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from multisource.channels.names import check_names, nearest_names
from multisource.errors import refuse


@dataclass(frozen=True)
class Measured:
    """Positions in the frame of their file.

    Attributes
    ----------
    source : str
        How messages call the file or montage.
    points : dict of str to ndarray of shape (3,)
        Electrode to position, mm.
    frame : str, optional
        The coordinate system that the file states, as :mod:`multisource.montage.frames` knows it;
        None for a file that states none.
    landmarks : dict of str to ndarray of shape (3,)
        "lpa", "nasion", "rpa", mm: all three or none.
    head_shape : ndarray of shape (n, 3)
        Further points of the scalp, mm.
    doubtful : bool
        Whether the statement of the frame is a reader's, not the file's own.
    nowhere : sequence of str
        Electrodes that the file names without a position.
    broken : dict of str to str
        Electrodes with an unusable position, and what is wrong with it.
    """

    source: str
    points: dict[str, np.ndarray]
    frame: str | None = None
    landmarks: dict[str, np.ndarray] = field(default_factory=dict)
    head_shape: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    doubtful: bool = False
    nowhere: Sequence[str] = ()
    broken: dict[str, str] = field(default_factory=dict)

    def of(self, names: Sequence[str]) -> np.ndarray:
        """Return the positions of the study's channels.

        Parameters
        ----------
        names : sequence of str
            E names; case and old names do not count.

        Returns
        -------
        ndarray of shape (E, 3)
            In mm, in the file's frame.

        Raises
        ------
        UserError
            With a line for each channel that is unknown, named twice, or has no position, half of
            one, or several.
        """
        known = [*self.points, *self.broken, *self.nowhere]
        check_names(names, known, source=self.source)
        matched = nearest_names(known, names)
        refuse(line for name, own in matched.items() for line in self._mistakes(name, own))
        return np.array([self.points[matched[name][0]] for name in names])

    def _mistakes(self, name: str, own: Sequence[str]) -> Iterator[str]:
        if len(own) > 1:
            several = " and ".join(map(repr, own))
            yield f"{self.source}: {several} may both be the channel {name}; keep one of them"
        elif own[0] in self.broken:
            yield self.broken[own[0]]
        elif own[0] not in self.points:
            yield (
                f"{self.source}: channel {name!r} has no position; give it, or leave the channel "
                "out of electrodes.channels"
            )
