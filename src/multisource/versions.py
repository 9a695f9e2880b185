"""Versions of the compute libraries that every step was made with.

Each step leaves a small record, ``results/<head>/versions/<rule>/<step>.json``: its output files
and the versions of the libraries that it had loaded. A library that is upgraded later computes
nothing again; the report lists the recorded versions, a run says where they are not those
installed now, and ``python -m multisource.versions results/<head>`` prints the files to make
again, for Snakemake's option ``--forcerun``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

from multisource.files import atomic

# The libraries that a number, a table or a picture comes from: distribution -> its module.
LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "numba": "numba",
    "mne": "mne",
    "mne-bids": "mne_bids",
    "mne-icalabel": "mne_icalabel",
    "pyprep": "pyprep",
    "python-picard": "picard",
    "scikit-learn": "sklearn",
    "nibabel": "nibabel",
    "nilearn": "nilearn",
    "openmeeg": "openmeeg",
    "netgen-mesher": "netgen",
    "pyamg": "pyamg",
    "invertmeeg": "invert",
    "torch": "torch",
    "safetensors": "safetensors",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "xarray": "xarray",
    "h5netcdf": "h5netcdf",
    "h5py": "h5py",
    "statsmodels": "statsmodels",
    "matplotlib": "matplotlib",
    "jupyter-threejs-sage": "jupyter_threejs_sage",
    "pillow": "PIL",
}


@dataclass(frozen=True)
class Record:
    """What one step was made with.

    Attributes
    ----------
    rule : str
        The rule's name.
    outputs : tuple of str
        The step's files, as named from the study's folder.
    versions : mapping of str to str
        ``Python``, ``system``, ``snakemake`` and every loaded library, each with its version.
    checksums : mapping of str to str
        File -> its fingerprint when the step had written it.
    """

    rule: str
    outputs: tuple[str, ...]
    versions: Mapping[str, str]
    checksums: Mapping[str, str] = field(default_factory=dict)


def record_path(log: str | Path) -> Path:
    """Return where the record of a step is kept.

    ``results/<head>/logs/<rule>/<step>.log`` has ``results/<head>/versions/<rule>/<step>.json``.

    Parameters
    ----------
    log : str or Path
        The step's log.

    Returns
    -------
    Path
        The record.
    """
    log = Path(log)
    parts = list(log.with_suffix(".json").parts)
    places = [i for i, part in enumerate(parts) if part == "logs"]
    if places:
        parts[places[-1]] = "versions"
    return Path(*parts)


def results_of(record: Path) -> Path:
    """Return the folder of the results that a record belongs to.

    Parameters
    ----------
    record : Path
        The record of a step.

    Returns
    -------
    Path
        ``results/<head>``; the record's own folder where that has another form.
    """
    return next((p.parent for p in record.parents if p.name == "versions"), record.parent)


def write_record(
    path: Path, rule: str, outputs: Iterable[str], checksums: Mapping[str, str]
) -> None:
    """Write which libraries this process has loaded, and their versions.

    Parameters
    ----------
    path : Path
        The record.
    rule : str
        The rule's name.
    outputs : iterable of str
        The step's files.
    checksums : mapping of str to str
        File -> its fingerprint.
    """
    loaded = [name for name, module in LIBRARIES.items() if module in sys.modules]
    versions = {"Python": platform.python_version(), "system": platform.platform(terse=True)}
    for name in ("multisource", "snakemake", *loaded):
        version = installed_version(name)
        if version:
            versions[name] = version
    record = {"rule": rule, "outputs": list(outputs), "versions": versions}
    record["checksums"] = dict(checksums)
    with atomic(path) as part:
        part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_records(folder: str | Path) -> list[Record]:
    """Return the records under a head's results.

    Parameters
    ----------
    folder : str or Path
        ``results/<head>``.

    Returns
    -------
    list of Record
        In the order of their files; a damaged record is left out.
    """
    records = []
    for path in sorted(Path(folder, "versions").rglob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            record = Record(
                content["rule"],
                tuple(content["outputs"]),
                content["versions"],
                dict(content.get("checksums", {})),  # records of older versions have none
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # a record is a note: a damaged one stops no study
        records.append(record)
    return records


@cache
def installed_version(name: str) -> str | None:
    """Return the version of a distribution that is installed here.

    Parameters
    ----------
    name : str
        The distribution.

    Returns
    -------
    str or None
        None where it is not installed.
    """
    if name == "multisource":
        from multisource import __version__

        return __version__
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def changed(record: Record, libraries: Sequence[str] = ()) -> dict[str, tuple[str, str]]:
    """Return the libraries of a step that are installed here in another version.

    Parameters
    ----------
    record : Record
        The step.
    libraries : sequence of str
        Look at these only; at all where none is given.

    Returns
    -------
    dict of str to tuple of str
        Library -> (version that made the step, version installed here, ``none`` where none is).
    """
    found = {}
    for name, version in record.versions.items():
        here = installed_version(name) or "none"
        if name in LIBRARIES and name in (libraries or LIBRARIES) and here != version:
            found[name] = (version, here)
    return found


def versions_table(records: Sequence[Record]) -> dict[str, str]:
    """Return the versions of all that made the results, for a report.

    Parameters
    ----------
    records : sequence of Record
        The steps.

    Returns
    -------
    dict of str to str
        Name -> version. Where steps differ, every version is listed with its rules; where another
        version is installed here, that is said.
    """
    names = dict.fromkeys(("Python", "system", "multisource", "snakemake", *LIBRARIES))
    table = {}
    for name in names:
        made: dict[str, set[str]] = {}
        for record in records:
            if name in record.versions:
                made.setdefault(record.versions[name], set()).add(record.rule)
        if not made:
            continue
        text = "; ".join(
            version if len(made) == 1 else f"{version} ({', '.join(sorted(rules))})"
            for version, rules in sorted(made.items())
        )
        here = installed_version(name)
        if name in LIBRARIES and {here} != set(made):
            text += f" (installed when this was written: {here or 'none'})"
        table[name] = text
    return table


def note(folder: str | Path) -> str:
    """Return one line about results of other versions than those installed.

    Parameters
    ----------
    folder : str or Path
        ``results/<head>``.

    Returns
    -------
    str
        The line; empty if there are none.
    """
    steps: dict[tuple[str, str, str], int] = {}
    for record in read_records(folder):
        for name, (made, here) in changed(record).items():
            steps[name, made, here] = steps.get((name, made, here), 0) + 1
    if not steps:
        return ""
    parts = (f"{name} {made} (steps: {n}; now {here})" for (name, made, here), n in steps.items())
    return (
        f"Results are kept that were made with {', '.join(parts)}. "
        f"'make refresh' computes those steps again."
    )


def main() -> None:
    """Print the files of all steps whose libraries have changed, one per line."""
    parser = argparse.ArgumentParser(
        prog="python -m multisource.versions", description=main.__doc__
    )
    parser.add_argument("folder", nargs="*", help="results of a head: results/<head>")
    parser.add_argument("--library", action="append", default=[], help="look at this one only")
    arguments = parser.parse_args()
    for folder in arguments.folder:
        for record in read_records(folder):
            if changed(record, arguments.library):
                for path in filter(os.path.exists, record.outputs):
                    print(path)


if __name__ == "__main__":
    main()
