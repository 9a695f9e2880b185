"""What a head provider is: the contracts of the registries' entries."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

# The Snakefile reads the registries in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    from multisource.anatomy.head import Head

# An option annotated so names a file of the user's. It is looked for in the folder of the study,
# refused before any job where it does not exist, and a newer one makes the head again.
InputFile: TypeAlias = str | os.PathLike[str]


class HeadProvider(Protocol):
    """A function that makes a head. Everything it takes is an option, keyword-only."""

    def __call__(self) -> Head:
        """Build the head.

        Returns
        -------
        Head
            Nested surfaces and tissue labels in FreeSurfer surface RAS (mm), three landmarks and
            an affine to MNI152. ``head.validate`` refuses one that no leadfield can be computed
            on.

        Raises
        ------
        UserError
            For an option out of range or a file that cannot be read.
        """
        ...


@dataclass(frozen=True)
class HeadInputs:
    """What a head is made from.

    Attributes
    ----------
    arguments : mapping
        Arguments of the provider's function.
    files : tuple of str
        Files that the head waits for, and that make it again when they change.
    t1 : str or None
        A T1-weighted scan that is checked first, and that the rules in ``segmentation.smk`` start
        from.
    further : tuple of str
        Files that only regions, the folder for viewers and the page of the head read.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    t1: str | None = None
    further: tuple[str, ...] = ()


class HeadPreparation(Protocol):
    """A function that says what a provider's head is made from, where files are not all.

    It is for providers whose input other rules prepare: a segmentation, a reconstruction. Its own
    keyword-only arguments are options of the configuration beside those of the provider.
    """

    def __call__(self, results: str, find: Callable[[str, str], str], *, probe: bool) -> HeadInputs:
        """Return arguments and inputs of the head; every job calls it: nothing heavy.

        Parameters
        ----------
        results : str
            Folder of the head's results.
        find : callable
            find(option, name) returns the path of a file that the option names, or raises
            UserError.
        probe : bool
            Whether to look at folders and programs. A job need not do so again.

        Raises
        ------
        UserError
            For what is missing.
        """
        ...
