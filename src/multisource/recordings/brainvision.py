"""BrainVision's headers and markers in any encoding.

MNE-Python reads the markers as UTF-8, and takes UTF-16 for another kind of file; older recorders
write the code page of their Windows.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CODEPAGE = re.compile(r"^Codepage=(.*)$", re.MULTILINE | re.IGNORECASE)
_FILE = re.compile(r"^(DataFile|MarkerFile)=(.*)$", re.MULTILINE | re.IGNORECASE)


def read_text(path: str | Path) -> str:
    """Read a header or markers.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    str
        Its text, decoded as its first bytes or its code page say, else as UTF-8 or Latin-1.
    """
    data = Path(path).read_bytes()
    told = [encoding for mark, encoding in _MARKS.items() if data.startswith(mark)]
    codepage = _CODEPAGE.search(data[:2000].decode("ascii", "ignore"))
    if codepage:
        name = codepage[1].strip()
        told.append("cp1252" if name == "ANSI" else name)
    for encoding in (*told, "utf-8"):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")


def is_plain(path: str | Path) -> bool:
    """Say whether MNE-Python reads a text as it is.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    bool
        True for UTF-8.
    """
    data = Path(path).read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def named_files(path: str | Path) -> list[Path]:
    """Return the files that a header names.

    Parameters
    ----------
    path : str or Path
        The header.

    Returns
    -------
    list of Path
        Samples and markers, in the header's folder.
    """
    return [_named(Path(path), found[2]) for found in _FILE.finditer(read_text(path))]


def _named(path: Path, name: str) -> Path:
    return path.parent / name.strip().replace("$b", path.stem)


def write_plain(path: str | Path, folder: str | Path) -> Path:
    """Write header and markers anew as UTF-8.

    Parameters
    ----------
    path : str or Path
        The header.
    folder : str or Path
        Where the copies go.

    Returns
    -------
    Path
        The copy of the header, which names the samples where they are.
    """
    path, folder = Path(path).absolute(), Path(folder)

    def placed(found: re.Match[str]) -> str:
        file = _named(path, found[2])
        if found[1].lower() == "markerfile" and file.is_file():
            _write(folder / file.name, read_text(file))
            file = folder / file.name
        return f"{found[1]}={file}"

    _write(folder / path.name, _FILE.sub(placed, read_text(path)))
    return folder / path.name


def _write(path: Path, text: str) -> None:
    path.write_text(_CODEPAGE.sub("Codepage=UTF-8", text), encoding="utf-8")
