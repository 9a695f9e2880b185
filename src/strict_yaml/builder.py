"""Values from the events of a YAML parser, each mistake with its line."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from strict_yaml.mistake import YamlMistake
from strict_yaml.scalars import plain_value

# The parser in C where PyYAML has one; both give the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
DEEPEST = 50  # levels of lists and mappings
MOST_COPIED = 10_000  # values that aliases stand for, all together

Place = tuple[str, ...]


def load_text(text: str, name: str) -> Any:
    """Read a document of YAML.

    Parameters
    ----------
    text : str
        The document.
    name : str
        What messages call it.

    Returns
    -------
    Any
        Made of dict with text as keys, list, str, int, finite float, bool and None; None for an
        empty document.

    Raises
    ------
    YamlMistake
        If it is no YAML, or says something that is not what it looks like.
    """
    try:
        return _Builder(name, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        told = " ".join(filter(None, [error.context, error.problem]))
        lines = text.splitlines()
        at = lines[mark.line][mark.column :][:1] if mark and mark.line < len(lines) else ""
        raise YamlMistake(f"{name}{where}: not valid YAML ({told}){_hint(told, at)}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlMistake(
            f"{name}, line {line}: a control character; save it as plain text (UTF-8)"
        ) from None


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _hint(told: str, at: str) -> str:
    """Say what to write; ``at`` is the character that the parser stumbled over."""
    if at == "\t" or "a tab character" in told:
        return ": indent with spaces, not with tabs"
    if "mapping values are not allowed" in told:
        return ": quote text that has a colon and a space in it"
    if at and at in "%@`":
        return f": quote text that begins with {at}"
    return ""


class _Builder:
    """One pass over the events of a document."""

    def __init__(self, name: str, events: Iterator[Event]) -> None:
        self._name = name
        self._events = events
        # Anchor -> value and number of values in it; None while it is being read.
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._copied = 0
        self._read = 0

    def document(self) -> Any:
        value = None
        seen = False
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if seen:
                    raise self._mistake(event, "a second document (---) begins; write one a file")
                seen = True
                value = self._node(next(self._events), ())
            elif isinstance(event, StreamEndEvent):
                break
        return value

    def _mistake(self, event: Event, line: str, place: Place = ()) -> YamlMistake:
        where = f"{self._name}, line {_line(event)}: "
        key = f"{'.'.join(place)}: " if place else ""
        return YamlMistake(f"{where}{key}{line}")

    def _node(self, event: Event, place: Place) -> Any:
        if len(place) > DEEPEST:
            raise self._mistake(event, f"lists or mappings {DEEPEST} levels deep; write fewer")
        if isinstance(event, AliasEvent):
            return self._alias(event, place)
        anchor = event.anchor if isinstance(event, NodeEvent) else None
        if anchor is not None:
            self._anchors[anchor] = None
        before = self._read
        self._read += 1
        if isinstance(event, ScalarEvent):
            value = self._scalar(event, place)
        elif isinstance(event, SequenceStartEvent):
            self._check_tag(event, "seq", place)
            value = self._list(place)
        elif isinstance(event, MappingStartEvent):
            self._check_tag(event, "map", place)
            value = self._mapping(place)
        else:  # pragma: no cover
            raise self._mistake(event, "not valid YAML", place)
        if anchor is not None:
            self._anchors[anchor] = value, self._read - before
        return value

    def _alias(self, event: AliasEvent, place: Place) -> Any:
        if event.anchor not in self._anchors:
            line = f"*{event.anchor}: nothing above is named &{event.anchor}"
            raise self._mistake(event, line, place)
        known = self._anchors[event.anchor]
        if known is None:
            raise self._mistake(event, f"*{event.anchor} stands within itself", place)
        value, size = known
        self._copied += size
        self._read += size
        if self._copied > MOST_COPIED:
            line = f"aliases (*{event.anchor}) stand for more than {MOST_COPIED} values"
            raise self._mistake(event, f"{line}; write fewer", place)
        return copy.deepcopy(value)

    def _list(self, place: Place) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, (*place, str(len(items)))))
        return items

    def _mapping(self, place: Place) -> dict[str, Any]:
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[dict[str, Any]] = []
        while not isinstance(event := next(self._events), MappingEndEvent):
            merge = isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0]
            key = "<<" if merge else self._key(event, place)
            if key in lines:
                twice = ".".join((*place, key))
                raise self._mistake(
                    event,
                    f"the key {twice!r} stands in line {lines[key]} already; "
                    "put both in one, or take one out",
                )
            lines[key] = _line(event)
            value_event = next(self._events)
            value = self._node(value_event, (*place, key))
            if merge:
                merged += self._sections(value_event, value, place)
            else:
                own[key] = value
        if not merged:
            return own
        # Of several sections that are merged the first counts, and what is written out before all.
        together: dict[str, Any] = {}
        for section in (*reversed(merged), own):
            together |= section
        return together

    def _sections(self, event: Event, value: Any, place: Place) -> list[dict[str, Any]]:
        sections = value if isinstance(value, list) else [value]
        if not all(isinstance(section, dict) for section in sections):
            raise self._mistake(event, "<<: merges mappings only; name one: <<: *name", place)
        return sections

    def _key(self, event: Event, place: Place) -> str:
        if not isinstance(event, ScalarEvent | AliasEvent):
            raise self._mistake(event, "a list or mapping stands as a key; write a name", place)
        key = self._node(event, place)
        if isinstance(key, str):
            return key
        if key is None:
            raise self._mistake(event, "a key is empty; write its name before the colon", place)
        written = event.value if isinstance(event, ScalarEvent) else str(key)
        raise self._mistake(event, f'the key {written} is no text; quote it: "{written}"', place)

    def _scalar(self, event: ScalarEvent, place: Place) -> Any:
        if event.tag is not None and event.tag != "!":
            self._check_tag(event, "str", place)
            return event.value
        # Of a scalar without quotes the value decides what it is.
        if not event.implicit[0] or event.tag == "!":
            return event.value
        try:
            return plain_value(event.value)
        except ValueError as error:
            raise self._mistake(event, str(error), place) from None

    def _check_tag(self, event: NodeEvent, expected: str, place: Place) -> None:
        tag = getattr(event, "tag", None)
        if tag in (None, "!", _CORE + expected):
            return
        shown = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        raise self._mistake(event, f"the tag {shown:.60}: take it out; plain values only", place)
