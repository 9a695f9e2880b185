"""The report: one self-contained HTML page."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real

import jinja2
import pandas as pd
import yaml

from multisource.figures.labels import SCENARIOS
from multisource.report.checks import Check
from multisource.report.tables import ComparisonTable, print_frame


@dataclass(frozen=True)
class Picture:
    """A PNG with its caption and a description for those who cannot see it."""

    png: bytes
    caption: str
    alt: str

    @property
    def source(self) -> str:
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


@dataclass(frozen=True)
class Section:
    """A part of the page: a paragraph, pictures, then small tables (caption, frame)."""

    title: str
    text: str = ""
    pictures: Sequence[Picture] = ()
    frames: Sequence[tuple[str, pd.DataFrame]] = field(default=())

    @property
    def anchor(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())

    def printed(self) -> list[tuple[str, list[str], list[list[str]]]]:
        return [(caption, *print_frame(frame)) for caption, frame in self.frames]


@dataclass(frozen=True)
class ScenarioResult:
    """A scenario (A to G, or test) with its figures and tables."""

    key: str
    pictures: Sequence[Picture] = ()
    tables: Sequence[ComparisonTable] = ()

    @property
    def title(self) -> str:
        name = SCENARIOS.get(self.key, "")
        if self.key == "test":
            return name.capitalize()
        return f"Scenario {self.key}" + (f": {name}" if name else "")


def render_report(
    *,
    title: str,
    facts: Mapping[str, str],
    headline: ComparisonTable | None,
    results: Sequence[ScenarioResult],
    sections: Sequence[Section],
    config: Mapping[str, object],
    versions: Mapping[str, str],
    checks: Sequence[Check] = (),
    notes: Sequence[str] = (),
) -> str:
    """The page as a string: no file or address outside it is needed.

    ``facts`` are the few lines that say what was run; ``headline`` the table of the summary;
    ``checks`` and ``notes`` say what was expected and missed; ``sections`` (simulated EEG, head,
    leadfields, training, timings, in the order given) follow the results; then the resolved
    ``config`` and the ``versions`` of the software that made the results.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("multisource.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("template.html").render(
        title=title,
        facts=facts,
        headline=headline,
        results=results,
        sections=sections,
        config=yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True, width=88),
        versions=versions,
        checks=checks,
        missed=[check for check in checks if not check.met],
        notes=notes,
    )


def plain(value: object) -> object:
    """Mappings, sequences and scalars as the plain types that YAML writes without tags."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    # The bare types: YAML has no word for numpy's numbers.
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    return str(value)
