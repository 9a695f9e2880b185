"""Text files in the encodings that editors write, and the YAML or JSON in them."""

from __future__ import annotations

import codecs
import json
import math
import os
from pathlib import Path
from typing import Any, NoReturn

from strict_yaml.builder import load_text
from strict_yaml.mistake import YamlMistake

LARGEST_FILE = 100_000_000  # bytes
# Of two marks that begin alike the longer one stands first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: str | os.PathLike[str]) -> str:
    """Read a text file.

    Parameters
    ----------
    path : str or path-like
        The file: UTF-8, UTF-16 or UTF-32 with or without its mark, or else Windows-1252, of which
        Latin-1 is a part.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    YamlMistake
        If it cannot be read, or is no text.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise YamlMistake(f"{path}: a folder; name a file")
        if path.stat().st_size > LARGEST_FILE:
            raise YamlMistake(f"{path}: larger than {LARGEST_FILE // 1_000_000} MB; no such table")
        content = path.read_bytes()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise YamlMistake(f"{path}: cannot be read ({reason})") from None
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(path, content[len(mark) :], encoding)
    if b"\0" in content:
        # Latin letters in UTF-16: every other byte is zero.
        for encoding, zeros in (("utf-16-le", content[1::2]), ("utf-16-be", content[::2])):
            if len(content) % 2 == 0 and zeros.count(0) > 0.9 * len(zeros):
                return _decoded(path, content, encoding)
        raise YamlMistake(f"{path}: no text file")
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise YamlMistake(f"{path}: text in an unknown encoding; save it as UTF-8")


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise YamlMistake(f"{path}: no {encoding.upper()}; save it as UTF-8") from None


def load_file(path: str | os.PathLike[str]) -> Any:
    """Read a file of YAML, or of JSON where its name ends so.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Any
        As for :func:`~strict_yaml.builder.load_text`.

    Raises
    ------
    YamlMistake
        If the file cannot be read, or says something that is not what it looks like.
    """
    text = read_text(path)
    return (
        _load_json(text, str(path)) if Path(path).suffix == ".json" else load_text(text, str(path))
    )


def _load_json(text: str, name: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise YamlMistake(f"{name}: the key {key!r} stands twice in one object; keep one")
            found[key] = value
        return found

    def constant(word: str) -> NoReturn:
        raise YamlMistake(f"{name}: {word}: not a finite number; write one")

    def real(word: str) -> float:
        value = float(word)
        return value if math.isfinite(value) else constant(word)

    if not text.strip():
        return None
    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=constant, parse_float=real)
    except json.JSONDecodeError as error:
        raise YamlMistake(f"{name}, line {error.lineno}: not valid JSON ({error.msg})") from None
    except RecursionError:
        raise YamlMistake(f"{name}: lists or objects too deep; write fewer levels") from None
