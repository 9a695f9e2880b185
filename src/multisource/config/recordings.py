"""Recordings that the configuration names: their files are there and hold what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from multisource.channels.subset import kept_channels, subset_name
from multisource.config.found import Found
from multisource.config.named import Mistakes, existing_folder, lines_of, missing
from multisource.config.solvers import is_told
from multisource.config.study import find_file, no_file
from multisource.errors import UserError
from multisource.groups.members import Group, all_groups
from multisource.inverse.registry import options
from multisource.recordings.entries import Recording, all_recordings
from multisource.recordings.settings import EPOCH_S, recording_settings


def recording_methods(config: Mapping[str, Any]) -> list[str]:
    """Return the methods that localise recordings.

    Parameters
    ----------
    config : mapping
        The configuration.

    Returns
    -------
    list of str
        All networks, then the solvers; one that takes long only where its ``windows`` say so.
    """
    solvers = config["inverse"]["solvers"]
    chosen = [name for name in solvers if _is_quick(config["inverse"]["settings"][name])]
    return [*config["network"]["networks"], *chosen]


def _is_quick(settings: Mapping[str, Any]) -> bool:
    """Whether a solver localises recordings: one that takes long, where `windows` says so."""
    if settings.get("operator") == "own" or is_told(settings):
        return False  # nobody knows the operator of a recording, or its number of sources
    given = settings.get("windows")
    if given is None and options(settings["kind"]).get("windows") is None:
        return True
    return isinstance(given, Mapping) and "recordings" in given


def recording_network(
    entry: Mapping[str, Any], network: str, recording: str, channels: Sequence[str]
) -> tuple[str, list[str]]:
    """Return which network localises a recording, and the channels that it is trained on.

    Parameters
    ----------
    entry : mapping
        What the configuration says of the recording.
    network : str
        A network of the study.
    recording : str
        A recording.
    channels : sequence of str
        Names of the study's channels.

    Returns
    -------
    name : str
        The study's network, or one that is trained for a recording that does without some channels.
    kept : list of str
        Its channels.
    """
    leave_out = entry.get("leave_out") or ()
    kept = kept_channels(channels, leave_out, name=f"recordings.{recording}")
    subset = subset_name(kept, channels)
    return (f"{network}-{subset}" if subset else network), kept


def study_channels(config: Mapping[str, Any], folders: list[Path], found: Found) -> list[str]:
    """Return the names of the study's channels.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    folders : list of Path
        Where relative file names are looked for, in this order.
    found : Found
        The mistakes known so far.

    Returns
    -------
    list of str
        The names; none if they cannot be read.
    """
    if not found.sound("electrodes.channels"):
        return []
    from multisource.channels.lists import channel_names

    channels = config["electrodes"]["channels"]
    table = find_file(channels, folders) if isinstance(channels, str) else channels
    try:
        return channel_names(table) if table else []
    except UserError:
        return []


def recordings_mistakes(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    """Look for the data sets of the recordings, and at the header of every file.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    folders : list of Path
        Where relative file names are looked for, in this order.
    found : Found
        The mistakes known so far.

    Yields
    ------
    tuple of str
        Dotted key and line of each mistake.
    """
    if not found.sound("recordings"):
        return
    try:
        recordings = all_recordings(
            config["recordings"], lambda key, name: existing_folder(key, name, folders)
        )
    except UserError as error:
        for line in str(error).splitlines():
            yield line.partition(":")[0], line
        return
    for one in recordings:
        yield from recording_mistakes(
            f"recordings.{one.name}", one.settings, config, folders, found
        )
    if found.sound("groups", "network.networks", "inverse"):
        try:
            groups = all_groups(config["groups"], recordings, recording_methods(config))
        except UserError as error:
            yield from lines_of("groups", error)
            return
        by_name = {one.name: one for one in recordings}
        for group in groups:
            yield from _before_events(group, by_name, config)


def _before_events(
    group: Group, recordings: Mapping[str, Recording], config: Mapping[str, Any]
) -> Mistakes:
    """Refuse a group that is compared with a time before the event, where there is none."""
    window_s = config["simulation"]["window_s"]
    for name in group.recordings if group.against is None else ():
        settings = recordings[name].settings
        begin = settings.get("tmin_s")
        begin = EPOCH_S[0] if begin is None else begin
        if settings.get("events") is not None and begin > -window_s + 1e-9:
            key = f"groups.{group.name}.recordings"
            yield (
                key,
                f"{key}: {name} begins {begin:g} s from its event, so that no window of "
                f"{window_s:g} s lies before it; set its tmin_s to {-window_s:g} or less, or name "
                "another group in against",
            )
            return


def recording_mistakes(
    key: str, entry: Mapping[str, Any], config: Mapping[str, Any], folders: list[Path], found: Found
) -> Mistakes:
    """Look at the header of one file of EEG.

    Parameters
    ----------
    key : str
        How messages call the recording.
    entry : mapping
        Its settings.
    config, folders, found : mapping, list of Path, Found
        As for :func:`recordings_mistakes`.

    Yields
    ------
    tuple of str
        Dotted key and line of each mistake.
    """
    from multisource.recordings.check import check_header

    file = find_file(entry["file"], folders)
    if file is None:
        key = key if key == "simulation.recording" else f"{key}.file"
        yield from missing(key, entry["file"], folders)
        return
    channels = study_channels(config, folders, found)
    if not channels:
        return
    settings = recording_settings(entry)
    try:
        channels = kept_channels(channels, settings.leave_out, name=key)
    except UserError as error:
        yield from lines_of(f"{key}.leave_out", error)
        return
    if (table := settings.table) is not None:
        bad = find_file(table, folders)
        if bad is None:
            line = no_file(f"{key}.bad_channels", table, folders)
            yield f"{key}.bad_channels", f"{line}, or write auto, marked, or a list of names"
            return
        settings = replace(settings, bad_channels=str(bad))
    try:
        check_header(file, channels, settings)
    except UserError as error:
        yield from lines_of(key, error)
