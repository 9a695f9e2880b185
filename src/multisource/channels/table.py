"""Small tables with a heading, as spreadsheets and people write them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from multisource.errors import UserError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_table(path: str | Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a table.

    Columns are separated by tabs, semicolons, commas or blanks, whichever the heading has first in
    this order. The text is UTF-8, UTF-16 or else Latin-1.

    Parameters
    ----------
    path : str or Path
        The file.
    columns : sequence of str
        Columns that it must have; their case does not count.

    Returns
    -------
    list of dict of str to str
        Column to value for each line, without blanks round it; columns that are asked for have
        the name that was asked for. What a short line lacks is empty.

    Raises
    ------
    UserError
        If the file is missing, no text, or lacks a column, or a line has more values than the
        heading.
    """
    path = Path(path)
    text = _text(path).replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line.strip("\t ;,")]
    if not lines:
        raise UserError(f"{path}: the table is empty; give it the columns {', '.join(columns)}")
    separator = next((mark for mark in "\t;," if mark in lines[0]), None)
    if separator is None:
        rows = [line.split() for line in lines]
    else:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    asked = {column.lower(): column for column in columns}
    heading = [name.strip() for name in rows[0]]
    heading = [asked.get(name.lower(), name) for name in heading]
    missing = [name for name in columns if name not in heading]
    if missing:
        raise UserError(
            f"{path}: column {missing[0]!r} is missing; the first line must name the columns "
            f"{', '.join(columns)}, separated by tabs"
        )
    twice = [name for name in columns if heading.count(name) > 1]
    if twice:
        raise UserError(f"{path}: column {twice[0]!r} comes twice; keep one")
    for row in rows[1:]:
        if any(value.strip() for value in row[len(heading) :]):
            mark = {"\t": "tabs", None: "blanks"}.get(separator, repr(separator))
            raise UserError(
                f"{path}: the line {row[0].strip()!r} has {len(row)} values for {len(heading)} "
                f"columns, as separated by {mark}; write decimals with a point and separate "
                "columns by tabs"
            )
    return [
        dict(zip(heading, [v.strip() for v in row] + [""] * len(heading), strict=False))
        for row in rows[1:]
    ]


def _text(path: Path) -> str:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is None and b"\0" in data[:200]:
        # In UTF-16 without a mark every second byte of Latin letters is zero.
        halves = data[:200][0::2].count(0), data[:200][1::2].count(0)
        encoding = "utf-16-le" if halves[1] > halves[0] else "utf-16-be"
    for name in [encoding] if encoding else ["utf-8", "latin-1"]:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UserError(f"{path}: not a table but bytes of another kind; save it as text in UTF-8")


def number(text: str) -> float:
    """Read a number with a decimal point or a decimal comma.

    Parameters
    ----------
    text : str
        What a table has. A comma is the decimal one if it is the only mark.

    Returns
    -------
    float
        Its value.

    Raises
    ------
    ValueError
        If it is no number.
    """
    if "_" in text:
        raise ValueError(f"no number: {text!r}")
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return float(text)
