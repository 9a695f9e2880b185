"""Pages of the documentation site that are made from other files of the repository.

README.md is the first page; CONTRIBUTING.md and CHANGELOG.md are pages; the configuration's schema
makes config.md; each folder of the package makes a page of the API. A file of the repository that
a page links to is shown as a page of its own, so that no link leads out of the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import yaml
from config_reference import page as config_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from multisource.schema import read_schema

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src/multisource"
# Page of the site: the file of the repository that it is.
COPIED = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
CODE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".sh": "bash"}


def rooms() -> dict[str, list[str]]:
    """Return {page of the API: the modules on it}, in the order of the data's way.

    Returns
    -------
    dict
        Names of the package's folders, and "top" for the modules beside them.
    """
    order = ["geometry", "anatomy", "leadfield", "fem", "bem", "simulation", "certainty", "network"]
    order += ["inverse", "posterior", "evaluation", "recordings", "experiments", "figures"]
    order += ["brains", "report"]
    found = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    found.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    modules = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
    return {name: [f"multisource.{name}"] for name in found} | {
        "top": [f"multisource.{module}" for module in modules]
    }


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the API to the navigation.

    Parameters
    ----------
    config : MkDocsConfig
        The configuration of the site.

    Returns
    -------
    MkDocsConfig
        The same.
    """
    titles = {room: room for room in rooms()} | {"top": "configuration, files, logs"}
    pages = [{titles[room]: f"api/{room}.md"} for room in rooms()]
    config.nav.insert(3, {"Python": [{"The package": "api/index.md"}, *pages]})
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are made.

    Parameters
    ----------
    files : Files
        The files of docs/.
    config : MkDocsConfig
        The configuration of the site.

    Returns
    -------
    Files
        The same, with the pages.
    """

    def add(name: str, text: str) -> None:
        files.append(File.generated(config, name, content=text))

    for page, source in COPIED.items():
        add(page, (REPOSITORY / source).read_text())
    schema = read_schema(REPOSITORY / "workflow/schemas/config.schema.yaml")
    default = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    add("config.md", config_page(schema, default))
    add("api/index.md", api_index())
    for room, modules in rooms().items():
        add(f"api/{room}.md", "\n\n".join(f"::: {module}" for module in modules))
    for path in sorted(linked_files(files)):
        add(f"files/{path}.md", file_page(path))
    return files


def api_index() -> str:
    """Return the first page of the API.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "# The package",
        "",
        "The science is in functions on arrays that know neither Snakemake nor files of a study:",
        "",
        "```python",
        "from multisource.anatomy.fsaverage import fsaverage_head",
        "```",
        "",
        "A folder uses only folders above it in this list. Lengths are in mm, leadfields in",
        "V/(Am), EEG in V, unless a docstring says otherwise.",
        "",
    ]
    lines += [f"* [multisource.{room}]({room}.md)" for room in rooms() if room != "top"]
    return "\n".join([*lines, "* [configuration, files, logs](top.md)", ""])


def source_of(page: str) -> str:
    """Return the file of the repository that a page of the site comes from.

    Parameters
    ----------
    page : str
        Name of the page in the site.

    Returns
    -------
    str
        Path in the repository, where relative links of the page start.
    """
    made = {"config.md": "README.md"}
    return COPIED.get(page) or made.get(page) or f"docs/{page}"


def target_of(link: str, page: str) -> str | None:
    """Return where a relative link leads in the repository.

    Parameters
    ----------
    link : str
        The link without its anchor.
    page : str
        Name of the page in the site.

    Returns
    -------
    str or None
        Path in the repository; None for an address elsewhere.
    """
    if re.match(r"[a-z]+:", link) or page.startswith(("api/", "files/")):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(source_of(page)), link))


def linked_files(files: Files) -> set[str]:
    """Return the files of the repository outside the site that its pages link to.

    Parameters
    ----------
    files : Files
        The pages.

    Returns
    -------
    set of str
        Paths in the repository.
    """
    found = set()
    for file in files.documentation_pages():
        for _, link, _ in LINK.findall(CODE.sub("", file.content_string)):
            path = target_of(link, file.src_uri)
            if path and site_page(path) is None and (REPOSITORY / path).is_file():
                found.add(path)
    return found


def site_page(path: str) -> str | None:
    """Return the site's name of a file of the repository.

    Parameters
    ----------
    path : str
        Path in the repository.

    Returns
    -------
    str or None
        None if the file is no part of the site by itself.
    """
    for page, source in COPIED.items():
        if path == source:
            return page
    inside = path.startswith("docs/") and not path.endswith(".py")
    return path.removeprefix("docs/") if inside else None


def file_page(path: str) -> str:
    """Return the page that shows a file.

    Parameters
    ----------
    path : str
        Path in the repository.

    Returns
    -------
    str
        Markdown.
    """
    language = LANGUAGES.get(Path(path).suffix, "python" if path == "Snakefile" else "text")
    try:
        text = (REPOSITORY / path).read_text()
    except UnicodeDecodeError:
        size = (REPOSITORY / path).stat().st_size
        return f"# {path}\n\nA binary file of {size:,} bytes.\n"
    return f"# {path}\n\n````{language}\n{text}\n````\n"


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links between files of the repository to pages of the site.

    Parameters
    ----------
    markdown : str
        The page's text.
    page : Page
        The page.
    config : MkDocsConfig
        The configuration of the site.
    files : Files
        The pages of the site.

    Returns
    -------
    str
        The text with other links. A folder has no page: its name stays, without a link.
    """
    here = page.file.src_uri

    def moved(match: re.Match[str]) -> str:
        path = target_of(match[2], here)
        if path is None:
            return match[0]
        target = site_page(path) or f"files/{path}.md"
        return match[1] + posixpath.relpath(target, posixpath.dirname(here) or ".") + match[3]

    parts, last = [], 0
    for block in CODE.finditer(markdown):
        parts += [LINK.sub(moved, markdown[last : block.start()]), block[0]]
        last = block.end()
    return "".join([*parts, LINK.sub(moved, markdown[last:])])
