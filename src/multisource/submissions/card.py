"""Who made a submission, and what the method was told: ``submission.yaml`` beside the estimates."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multisource.config.suggest import suggest
from multisource.errors import UserError, refuse
from multisource.files import atomic
from multisource.yaml_files import read_mapping

# The rules read cards: they need no table, whose import takes long.
if TYPE_CHECKING:
    import pandas as pd

CARD = "submission.yaml"
# Words for what the method knew of the head, beside names of operators.
NONE = "none"
OTHER = "other"
OWN = "own"


@dataclass(frozen=True)
class Card:
    """What a submission says of itself.

    Attributes
    ----------
    method : str
        What it is, in a line.
    authors : tuple of str
        Who made it.
    operator : str
        The operator that the method was trained on or solves with: ``fem`` (A), ``bem`` (B), a
        variant, ``own`` (that of each test set), ``other`` (a leadfield made elsewhere) or
        ``none``.
    told : str
        What else it was told, in a line: the number of sources, time courses, training data.
    link : str
        Where more stands: a paper, a repository.
    cpu_s_window : float or None
        CPU seconds a window.
    """

    method: str
    authors: tuple[str, ...]
    operator: str
    told: str
    link: str = ""
    cpu_s_window: float | None = None


def read_card(folder: str | os.PathLike[str], operators: tuple[str, ...] = ()) -> Card:
    """Read what a submission says of itself.

    Parameters
    ----------
    folder : path
        Of the submission.
    operators : tuple of str
        Names of operators that ``operator`` may be, beside the words for others.

    Returns
    -------
    Card
        What it says.

    Raises
    ------
    UserError
        If the file is missing, or with a line for each value that it lacks or cannot have.
    """
    path = Path(folder, CARD)
    if not path.is_file():
        raise UserError(
            f"{path}: missing; write method, authors, operator and told into it "
            "(docs/benchmark.md has an example)"
        )
    said = read_mapping(path, "line")
    allowed = (*operators, OWN, OTHER, NONE) if operators else ()
    refuse(f"{path}: {line}" for line in _mistakes(said, allowed))
    authors = said["authors"]
    return Card(
        **{key: value for key, value in said.items() if key != "authors"},
        authors=(authors,) if isinstance(authors, str) else tuple(authors),
    )


def known_operators(card: Card, made_with: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the operators that a submission knew of on each test set.

    Parameters
    ----------
    card : Card
        Of the submission.
    made_with : mapping of str to list of str
        Test set to the operators that made it.

    Returns
    -------
    dict of str to list of str
        Test set to operators; none for ``none`` and ``other``.
    """
    if card.operator == OWN:
        return {name: list(made) for name, made in made_with.items()}
    known = [] if card.operator in (NONE, OTHER) else [card.operator]
    return {name: list(known) for name in made_with}


def submissions_table(cards: Mapping[str, Card]) -> pd.DataFrame:
    """Return a table of submissions.

    Parameters
    ----------
    cards : mapping of str to Card
        By the names that they have in other tables.

    Returns
    -------
    pandas.DataFrame
        A row for each: columns submission, method, authors, operator, told, cpu_s_window, link.
    """
    import pandas as pd

    rows = [
        {
            "submission": name,
            "method": card.method,
            "authors": ", ".join(card.authors),
            "operator": card.operator,
            "told": card.told,
            "cpu_s_window": card.cpu_s_window,
            "link": card.link,
        }
        for name, card in cards.items()
    ]
    return pd.DataFrame(rows)


def write_cards(path: str | os.PathLike[str], cards: Mapping[str, Card]) -> None:
    """Write who made submissions and what their methods were told, as csv and Markdown.

    Parameters
    ----------
    path : path
        The csv file; the Markdown lies beside it.
    cards : mapping of str to Card
        By the names that they have in other tables.
    """
    table = submissions_table(cards)
    with atomic(path) as part:
        table.to_csv(part, index=False)
    with atomic(Path(path).with_suffix(".md")) as part:
        part.write_text(
            table.astype(object).fillna("").to_markdown(index=False) + "\n", encoding="utf-8"
        )


def _mistakes(said: Mapping[str, Any], operators: tuple[str, ...]) -> Iterator[str]:
    required = ("method", "authors", "operator", "told")
    known = (*required, "link", "cpu_s_window")
    for key in said:
        if key not in known:
            yield f"unknown key {key!r}: {suggest(key, known)}"
    for key in required:
        if said.get(key) in (None, "", []):
            yield f"missing key {key!r}; write it, even if it is 'nothing'"
    for key in ("method", "operator", "told", "link"):
        value = said.get(key, "")
        if value is not None and not isinstance(value, str):
            yield f"{key}: {value!r} is no text; write a line"
    authors = said.get("authors") or []
    if not isinstance(authors, str) and not (
        isinstance(authors, list) and all(isinstance(one, str) for one in authors)
    ):
        yield f"authors: {authors!r}; write a list of names"
    operator = said.get("operator")
    if operators and isinstance(operator, str) and operator and operator not in operators:
        yield f"operator: {operator!r}: {suggest(operator, operators)}"
    seconds = said.get("cpu_s_window")
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if seconds is not None and not (number and seconds >= 0):
        yield f"cpu_s_window: {seconds!r}; give seconds, 0 or more"
