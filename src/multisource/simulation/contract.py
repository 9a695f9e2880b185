"""What a disturbance is: the contract of the registry's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

# The Snakefile reads the registry in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    import numpy as np


class Event(NamedTuple):
    """One event of a disturbance: the potential is the pattern times the course.

    Attributes
    ----------
    pattern : ndarray of shape (E,)
        Potential at the electrodes, in any unit: it is average-referenced and scaled to 1 at the
        most affected channel.
    course : ndarray of shape (T,)
        Time course; 1 stands for the size that the configuration gives.
    """

    pattern: np.ndarray
    course: np.ndarray


class Disturbance(Protocol):
    """A function that draws one event of a disturbance.

    Whether a window has one, and how large it is, is drawn before, by the chance and the sizes of
    the configuration.
    """

    def __call__(
        self,
        electrodes: np.ndarray,
        times: np.ndarray,
        generator: np.random.Generator,
        *,
        window_s: float,
    ) -> Event:
        """Draw one event.

        Parameters
        ----------
        electrodes : ndarray of shape (E, 3)
            Electrodes, mm, surface RAS: x to the right, y to the front, z up.
        times : ndarray of shape (T,)
            Times, s, 0 at the start of the window that has the event. Of a random sample they are
            those of the window; of a continuous recording those of all of it, before the window
            and after it, so that an event may outlast its window.
        generator : numpy.random.Generator
            Random numbers that belong to this event alone.
        window_s : float
            Length of a window, s.

        Returns
        -------
        Event
            Pattern and course.
        """
        ...
