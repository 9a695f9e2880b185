"""What is found of a head beside what is usual, and the verdict that follows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from multisource.files import atomic, reading

FINE, UNUSUAL, CARE, BAD = "ok", "unusual", "care", "not usable"
USABLE, WITH_CARE, NOT_USABLE = "usable", "usable with care", "not usable"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What it is.
    value : str
        What was found, with its unit.
    expected : str
        What is usual; empty for what is only told.
    source : str
        Where that is from.
    flag : str
        ``FINE``, ``UNUSUAL`` (outside the literature, without weight in the verdict), ``CARE`` or
        ``BAD``; empty for what is only told.
    means : str
        What a value outside leads to.
    """

    name: str
    value: str
    expected: str = ""
    source: str = ""
    flag: str = ""
    means: str = ""

    def line(self) -> str:
        """Say it in one line.

        Returns
        -------
        str
            For the log.
        """
        usual = f" (usual: {self.expected}; {self.source})" if self.expected else ""
        tail = f": {self.means}" if self.flag in (UNUSUAL, CARE, BAD) and self.means else ""
        return f"{self.flag or 'told'}: {self.name} {self.value}{usual}{tail}"


def verdict(found: Iterable[Finding]) -> tuple[str, list[str]]:
    """Say whether a head is fit for use.

    Parameters
    ----------
    found : iterable of Finding
        What was found.

    Returns
    -------
    verdict : str
        ``NOT_USABLE`` if anything is flagged so, else ``WITH_CARE`` if anything asks for care.
    reasons : list of str
        A line for each of these.
    """
    found = list(found)
    for flag, word in ((BAD, NOT_USABLE), (CARE, WITH_CARE)):
        reasons = [f"{one.name}: {one.value}; {one.means}" for one in found if one.flag == flag]
        if reasons:
            more = [one for one in found if one.flag == CARE] if flag == BAD else []
            return word, reasons + [f"{one.name}: {one.value}; {one.means}" for one in more]
    return USABLE, []


def write_findings(path: str | os.PathLike[str], found: Iterable[Finding]) -> None:
    """Write a table of findings.

    Parameters
    ----------
    path : str or path-like
        The table (tsv): a row per finding, the attributes of :class:`Finding` as columns.
    found : iterable of Finding
        What was found.
    """
    table = pd.DataFrame([asdict(one) for one in found])
    with atomic(path) as part:
        table.to_csv(part, sep="\t", index=False)


def read_findings(path: str | os.PathLike[str]) -> list[Finding]:
    """Read what :func:`write_findings` wrote.

    Parameters
    ----------
    path : str or path-like
        The table (tsv).

    Returns
    -------
    list of Finding
        In its order.

    Raises
    ------
    UserError
        If it is missing or another table.
    """
    with reading(path):
        table = pd.read_csv(path, sep="\t", keep_default_na=False, dtype=str)
        return [Finding(**row) for row in table.to_dict("records")]
