"""The report: one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real

import pandas as pd
import yaml

from multisource.figures.labels import SCENARIOS
from multisource.report.checks import Check
from multisource.report.picture import Picture
from multisource.report.tables import ComparisonTable, print_frame
from multisource.templates import template


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    title : str
        Its heading.
    text : str
        A paragraph.
    pictures : sequence of Picture
        Below the paragraph.
    frames : sequence of (str, DataFrame)
        Caption and content of small tables, below the pictures.
    links : sequence of (str, str)
        Address and words of pages beside this one, below the paragraph.
    folds : sequence of Section
        Parts below all that, of which the title alone shows until it is clicked.
    """

    title: str
    text: str = ""
    pictures: Sequence[Picture] = ()
    frames: Sequence[tuple[str, pd.DataFrame]] = field(default=())
    links: Sequence[tuple[str, str]] = ()
    folds: Sequence[Section] = ()

    @property
    def anchor(self) -> str:
        """The name by which the page's contents link to the section."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())

    def printed(self) -> list[tuple[str, list[str], list[list[str]]]]:
        """Make the tables ready for print.

        Returns
        -------
        list of (str, list of str, list of list of str)
            Caption, headings and cells of each.
        """
        return [(caption, *print_frame(frame)) for caption, frame in self.frames]


@dataclass(frozen=True)
class ScenarioResult:
    """A scenario with its figures and tables.

    Attributes
    ----------
    key : str
        Its name (A to G, test, or a user's own).
    pictures : sequence of Picture
        Truth and estimates.
    tables : sequence of ComparisonTable
        Its tables.
    heading : str
        What it is, where that does not follow from the name.
    links : sequence of (str, str)
        Address and words of pages beside this one, above the pictures.
    """

    key: str
    pictures: Sequence[Picture] = ()
    tables: Sequence[ComparisonTable] = ()
    heading: str = ""
    links: Sequence[tuple[str, str]] = ()

    @property
    def title(self) -> str:
        """The scenario in words."""
        if self.heading:
            return self.heading
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
    """Render the page; it shows everything by itself, whatever pages beside it are linked.

    Parameters
    ----------
    title : str
        Heading of the page.
    facts : mapping of str to str
        The few lines that say what was run.
    headline : ComparisonTable, optional
        The table of the summary.
    results : sequence of ScenarioResult
        One part per scenario.
    sections : sequence of Section
        Simulated EEG, head, leadfields, training, timings, in this order after the results.
    config : mapping
        The resolved configuration.
    versions : mapping of str to str
        The versions of the software that made the results.
    checks : sequence of Check
        What was expected, and whether it was found.
    notes : sequence of str
        What else a reader has to know.

    Returns
    -------
    str
        HTML.
    """
    return template("multisource.report", "template.html").render(
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
    """Turn mappings, sequences and scalars into the plain types that YAML writes without tags.

    Parameters
    ----------
    value : object
        Anything of a configuration.

    Returns
    -------
    object
        dict, list, str, number, bool or None.
    """
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
