"""The one exception that users are meant to read."""

from __future__ import annotations

from collections.abc import Iterable


class UserError(ValueError):
    """Bad input: each line of the message names the file or key, the value, and the fix."""


class MissingPackage(UserError):
    """A package that need not be installed is asked for and missing.

    Parameters
    ----------
    kind : str
        What needs it, as the configuration calls it.
    *packages : str
        Names to install.
    """

    def __init__(self, kind: str, *packages: str) -> None:
        self.packages = packages
        plural = "packages" if len(packages) > 1 else "package"
        super().__init__(
            f"kind: {kind} needs the {plural} {' and '.join(packages)}, not installed here; "
            f"pip install {' '.join(packages)}"
        )


def refuse(mistakes: Iterable[str]) -> None:
    """Raise UserError with a line for each mistake, unless there is none.

    Parameters
    ----------
    mistakes : iterable of str
        One line each.

    Raises
    ------
    UserError
        If there is a mistake.
    """
    lines = list(mistakes)
    if lines:
        raise UserError("\n".join(lines))
