"""What the configuration needs from outside: files of the right kind, channels, programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multisource.anatomy.inputs import head_inputs
from multisource.config.another_head import another_head_mistakes
from multisource.config.found import Found
from multisource.config.named import Mistakes, existing_folder, lines_of, missing
from multisource.config.operators import OPERATORS
from multisource.config.recordings import recording_mistakes, recordings_mistakes
from multisource.config.schema import check_schema
from multisource.config.settings import (
    check_settings,
    place_of,
    simulation_settings,
    solver_mistakes,
    splits_of,
)
from multisource.config.study import existing_file, find_file, scored, simulated
from multisource.config.suggest import suggest
from multisource.errors import MissingPackage, UserError
from multisource.inverse.options import snr_mistakes
from multisource.inverse.registry import MEASURED, check_installed, is_linear
from multisource.records import checked_number
from multisource.simulation.settings import settings_from
from multisource.submissions.card import read_card

if TYPE_CHECKING:
    from multisource.experiments.one_change import Change


def check_files(
    config: Mapping[str, Any], folders: list[Path], found: Found, *, schema: Path
) -> None:
    """Add to ``found`` the files that are missing or of another kind, and what they lack.

    Every file is opened with the function that the job opens it with. MNE-Python is loaded, so
    this is for the start of a run, not for its jobs.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    folders : list of Path
        Where relative file names are looked for, in this order.
    found : Found
        Gets the mistakes; what it holds already is not read.
    schema : Path
        The JSON schema (YAML), for what experiments change.
    """
    for mistakes in (
        _head,
        _backend,
        _solver_packages,
        _electrodes,
        another_head_mistakes,
        _simulation,
        _weights,
        _submissions,
        recordings_mistakes,
    ):
        for key, line in list(mistakes(config, folders, found)):
            found.add(key.split("."), line)
    for key, line in list(_experiments(config, folders, found, schema)):
        found.add(key.split("."), line)


def _head(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    """Check what the head is made from; nothing is read for the packaged head."""
    if not found.sound("anatomy.provider"):
        return
    place = f"anatomy.{config['anatomy']['provider']}"
    if not found.sound(place):
        return
    try:
        head_inputs(
            config["anatomy"],
            results="",
            find=lambda key, name: str(existing_file(key, name, folders)),
            probe=True,
        )
    except UserError as error:
        for line in str(error).splitlines():
            yield place, line if line.startswith("anatomy.") else f"{place}: {line}"


def _backend(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    key = "leadfield.fem.backend"
    if found.sound(key, "leadfield.fem.source_model"):
        from multisource.fem.backends import make_backend

        fem = config["leadfield"]["fem"]
        try:
            make_backend(fem["backend"]).check(fem["source_model"])
        except UserError as error:
            yield from lines_of(key, error)


def _solver_packages(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    if not found.sound("inverse.solvers"):
        return
    missing_for: dict[str, tuple[str, ...]] = {}
    for name in config["inverse"]["solvers"]:
        place = f"inverse.settings.{name}"
        if found.sound(place):
            options = dict(config["inverse"]["settings"][name])
            try:
                check_installed(options.pop("kind"), options)
            except MissingPackage as error:
                missing_for[name] = error.packages
            except UserError as error:
                yield place, f"{place}.{error}"
    if missing_for:
        # One line for all of them: what is missing is one installation away.
        packages = " ".join(dict.fromkeys(p for needed in missing_for.values() for p in needed))
        yield (
            "inverse.solvers",
            f"inverse.solvers: {', '.join(missing_for)}: not installed here; pip install "
            f"{packages}, which make extended does, or take them out of the list",
        )


def _electrodes(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    from multisource.channels.lists import channel_names
    from multisource.montage.placement import read_montage

    names, measured, montage = None, None, ""
    key = "electrodes.channels"
    if found.sound(key):
        names = config["electrodes"]["channels"]
        if isinstance(names, str):
            table = find_file(names, folders)
            if table is None:
                yield from missing(key, names, folders)
            try:
                names = channel_names(table) if table else None
            except UserError as error:
                names = None
                yield from lines_of(key, error)
    key = "electrodes.montage"
    if found.sound(key):
        montage = config["electrodes"]["montage"]
        file = find_file(montage, folders)
        if file is None and montage.endswith(".tsv"):
            yield from missing(key, montage, folders)
        else:
            try:
                montage = str(file or montage)
                measured = read_montage(montage)
            except UserError as error:
                yield from lines_of(key, error)
    if names is None or measured is None:
        return
    try:
        measured.of(names)
    except UserError as error:
        yield from lines_of("electrodes.channels", error)
    else:
        yield from _places(config, names, montage, found)
    told = False
    for split in [None, *splits_of(config, found)]:
        simulation = None if told else simulation_settings(config, found, split)
        if simulation is not None:
            place = "simulation" if split is None else place_of(split)
            key = f"{place}.bad_channels.count"
            try:
                simulation.check_channels(len(names))
            except UserError as error:
                told = split is None
                yield key, str(error).replace("simulation.bad_channels.count", key)
                continue
            most = simulation.bad_channels.count[1]
            if most > len(names) - 2:
                told = split is None
                line = f"{key}: {list(simulation.bad_channels.count)}; of {len(names)} channels two"
                yield key, f"{line} must work at least: give {len(names) - 2} at most"


def _places(config: Mapping[str, Any], names: list[str], montage: str, found: Found) -> Mistakes:
    """Place the electrodes on the packaged head, which is there before any job."""
    from multisource.montage.placement import is_a_file, place
    from multisource.montage.standard import is_template
    from multisource.montage.target import packaged_target

    if not found.sound("anatomy.provider", "anatomy.fsaverage", "electrodes.max_distance_mm"):
        return
    if config["anatomy"]["provider"] != "fsaverage":
        return
    if not is_a_file(montage) and is_template(montage):
        return  # made on this head
    options = dict(config["anatomy"]["fsaverage"] or {})
    options.pop("voxel_mm", None)
    try:
        place(
            packaged_target(**options),
            names,
            montage,
            max_distance_mm=config["electrodes"]["max_distance_mm"],
        )
    except UserError as error:
        yield from lines_of("electrodes.montage", error)


def _weights(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    """Check the files of weights that networks begin with."""
    from safetensors import SafetensorError, safe_open

    for name in config["network"]["networks"] if found.sound("network.networks") else ():
        place = f"network.settings.{name}"
        start = config["network"]["settings"][name].get("start") if found.sound(place) else None
        key = f"{place}.start"
        if not start:
            continue
        file = find_file(start, folders)
        if file is None:
            yield from missing(key, start, folders)
            continue
        try:
            with safe_open(file, framework="numpy"):
                pass
        except (OSError, SafetensorError) as error:
            yield key, f"{key}: {start!r} is no safetensors file ({error}); name a file of weights"


def _submissions(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    """Check that submissions are there, say who made them, and have a file for each test set."""
    key = "evaluation.submissions"
    if not found.sound(key, "evaluation.test_splits", "simulation", "leadfield.variants"):
        return
    operators = (*OPERATORS, *config["leadfield"]["variants"])
    for name, named in config["evaluation"]["submissions"].items():
        place = f"{key}.{name}"
        try:
            folder = existing_folder(place, named, folders)
            read_card(folder, operators)
        except UserError as error:
            yield from lines_of(place, error)
            continue
        lacking = [one for one in scored(config) if not (folder / f"{one}.nc").is_file()]
        if lacking:
            line = f"{place}: {folder} has no maps of {', '.join(lacking)}"
            yield place, f"{line}; write {lacking[0]}.nc"


def _simulation(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    from multisource.anatomy.scenarios import read_scenarios
    from multisource.simulation.ar_io import read_models

    settings = simulation_settings(config, found)
    if found.sound("simulation.ar_models", "simulation.recording"):
        key, recording = "simulation.ar_models", config["simulation"]["recording"]
        file = find_file(config["simulation"]["ar_models"], folders)
        if file is None:
            yield from missing(key, config["simulation"]["ar_models"], folders)
        elif recording is None and settings is not None:
            try:
                read_models(file, sfreq=settings.sfreq)
            except UserError as error:
                yield from lines_of(key, error)
        if recording is not None:
            yield from recording_mistakes(
                "simulation.recording", {"file": recording}, config, folders, found
            )
    if found.sound("simulation.scenarios.file", "simulation.scenarios.names"):
        scenarios = config["simulation"]["scenarios"]
        key, file = "simulation.scenarios.file", find_file(scenarios["file"], folders)
        if file is None:
            yield from missing(key, scenarios["file"], folders)
            return
        try:
            known = read_scenarios(file)
        except UserError as error:
            yield from lines_of(key, error)
            return
        key = "simulation.scenarios.names"
        for name in scenarios["names"]:
            if name not in known:
                hint = suggest(name, known)
                yield f"{key}.{name}", f"{key}: {name!r} is not in {scenarios['file']}: {hint}"


def _experiments(
    config: Mapping[str, Any], folders: list[Path], found: Found, schema: Path
) -> Mistakes:
    if not found.sound("experiments.file", "experiments.names"):
        return
    experiments = config["experiments"]
    key, file = "experiments.file", find_file(experiments["file"], folders)
    if file is None:
        yield from missing(key, experiments["file"], folders)
    elif experiments["names"]:
        from multisource.experiments.one_change import read_changes

        try:
            known = read_changes(file)
        except UserError as error:
            yield from lines_of(key, error)
            return
        key = "experiments.names"
        for name in experiments["names"]:
            if name not in known:
                yield f"{key}.{name}", f"{key}: {name!r}: {suggest(name, known)}"
            elif found.sound("simulation", "inverse"):
                for line in _change_mistakes(config, known[name], schema):
                    yield f"{key}.{name}", f"{key}: {name!r}: {line}"


def _change_mistakes(config: Mapping[str, Any], change: Change, schema: Path) -> Iterator[str]:
    """Check the study that an experiment makes of this one."""
    simulation = {**simulated(config, "test"), **change.simulation}
    try:
        settings_from(simulation)
        study = {name: config["inverse"]["settings"][name] for name in config["inverse"]["solvers"]}
        solvers = change.solver_settings(study)
    except UserError as error:
        yield from str(error).splitlines()
        return
    except TypeError:
        solvers = {}  # a value of another kind, which the schema names
    wrong = Found()
    changed = {**config, "simulation": {**config["simulation"], **simulation}}
    check_schema(changed, schema, wrong)
    check_settings(changed, wrong)
    yield from wrong.lines
    for name, settings in solvers.items():
        if settings.get("noise") == MEASURED:
            yield f"inverse.settings.{name}.noise: {MEASURED}; experiments cannot measure it"
        elif is_linear(settings["kind"]):
            options = {key: value for key, value in settings.items() if key != "snr"}
            try:
                snr = checked_number("snr", settings.get("snr", 1), 0, 1000, above=True)
                yield from snr_mistakes(snr)
                yield from (line for _, line in solver_mistakes(name, options))
            except (UserError, TypeError) as error:
                yield f"solver {name}: {error}"
