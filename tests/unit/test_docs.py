"""Documents: links lead somewhere, files that are named are there, every page is on the site."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from multisource.schema import read_schema

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "config/*.md")
    for path in REPOSITORY.glob(pattern)
    if not path.name.startswith(".")
)
SOURCES = sorted(
    path
    for pattern in (
        "src/**/*.py",
        "src/**/*.html",
        "workflow/**/*.*",
        "benchmarks/*.py",
        "docs/*.py",
        "config/*.yaml",
        "resources/*.*",
        "envs/*.*",
        "Makefile",
        "Snakefile",
        "pyproject.toml",
    )
    for path in REPOSITORY.glob(pattern)
    if path.suffix != ".npz"
)
FENCED = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TOP = "src|workflow|config|docs|benchmarks|resources|envs|profiles|tests"
NAMED = re.compile(
    rf"(?<![\w/.<>-])((?:{TOP})/[\w./-]*\w\.(?:md|py|ya?ml|csv|tsv|txt|sh|png|smk))\b"
)


def relative(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def text_of(path: Path) -> str:
    return FENCED.sub("", path.read_text())


def anchors(path: Path) -> set[str]:
    """Return the anchors that a Markdown file's headings make."""
    found = set(re.findall(r'<a id="([^"]+)"', path.read_text()))
    for heading in re.findall(r"^#+ (.*)$", text_of(path), re.M):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_links_lead_somewhere(document):
    dead = []
    for link in LINK.findall(text_of(document)):
        if re.match(r"(https?|mailto):", link):
            continue
        name, _, anchor = link.partition("#")
        path = (document.parent / name).resolve() if name else document
        inside = path.is_relative_to(REPOSITORY) and path.exists()
        if not inside or (anchor and anchor not in anchors(path)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("path", [*DOCUMENTS, *SOURCES], ids=relative)
def test_files_that_are_named_are_there(path):
    """Paths of the repository in texts, comments and docstrings."""
    named = set(NAMED.findall(path.read_text()))
    assert [name for name in sorted(named) if not (REPOSITORY / name).exists()] == []


def test_every_guide_is_on_the_site():
    site = (REPOSITORY / "mkdocs.yml").read_text()
    missing = [p.name for p in REPOSITORY.glob("docs/*.md") if f": {p.name}\n" not in site]
    assert missing == []


@pytest.fixture
def reference(monkeypatch):
    """The module that writes the page of the configuration."""
    monkeypatch.syspath_prepend(REPOSITORY / "docs/site")
    import config_reference

    yield config_reference
    del sys.modules["config_reference"]


def test_configuration_page_has_every_key(reference):
    schema = read_schema(REPOSITORY / "workflow/schemas/config.schema.yaml")
    default = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    keys = list(reference.keys(schema, default))
    assert len(keys) > 100
    defaults = {".".join(key.path) for key in keys if key.default is not reference.NOTHING}
    for key in keys:
        path = ".".join(key.path)
        assert key.schema.get("description"), f"{path} has no description"
        assert reference.allowed(key.schema), f"{path}: nothing says what it may be"
        # Below a name of the user's there is no default; the scenarios' settings are the section's.
        section = path.replace("simulation.scenarios.", "simulation.")
        assert "<name>" in path or {path, section} & defaults, path
    page = reference.page(schema, default)
    assert page.count('<a id="') == len(keys)
    row = next(line for line in page.splitlines() if 'id="simulation.noise.snr_db"' in line)
    assert "null or list of 2 numbers, -60 to 100 | `null`" in row


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1}, "whole number, at least 1"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "number, more than 0, at most 1"),
        ({"type": ["string", "null"]}, "text or null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1}, "list of `a`, `b`"),
        ({"enum": [2, "free"]}, "`2`, `free`"),
        ({"type": "integer", "maximum": 100000}, "whole number, at most 100,000"),
    ],
)
def test_ranges_in_words(reference, schema, words):
    assert reference.allowed(schema) == words
