"""The option classes, the schema and the default configuration say the same."""

import dataclasses

import pytest
import yaml
from config_case import SCHEMA, default

from multisource.config.study import SPLITS_OF_NETWORKS
from multisource.network import registry
from multisource.network.losses import LOSSES
from multisource.network.options import SCHEDULES, TrainingOptions
from multisource.schema import read_schema
from multisource.simulation.settings import Settings, settings_from

# Sections of ``simulation`` that say how many samples and of what, not how they are.
NOT_SETTINGS = {"ar_models", "recording", "splits", "scenarios"}


def properties(*path):
    schema = read_schema(SCHEMA)
    part = schema
    for name in path:
        part = part["properties"][name]
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rsplit("/", 1)[1]]
    return part["properties"]


def test_schema_of_training_is_that_of_its_class():
    known = read_schema(SCHEMA)["properties"]["network"]["properties"]["settings"]
    known = known["additionalProperties"]["properties"]
    networks = {name for kind in registry.NETWORKS for name in registry.options(kind)}
    fields = {field.name: field.type for field in dataclasses.fields(TrainingOptions)}
    assert set(known) - networks - {"architecture", *SPLITS_OF_NETWORKS} == set(fields)
    types = {"int": "integer", "float": "number", "bool": "boolean"}
    for name, kind in fields.items():
        if kind in types:
            assert known[name]["type"] == types[kind], name
    assert known["schedule"]["enum"] == list(SCHEDULES)
    losses = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["$defs"]["loss"]
    assert losses["enum"] == list(LOSSES)


@pytest.mark.parametrize("section", [None, "noise", "artefacts", "bad_channels"])
def test_schema_of_simulation_is_that_of_its_classes(section):
    path = ("simulation",) if section is None else ("simulation", section)
    part = Settings() if section is None else getattr(Settings(), section)
    names = {field.name for field in dataclasses.fields(part)}
    assert set(properties(*path)) - (NOT_SETTINGS if section is None else set()) == names


@pytest.mark.parametrize("part", ["splits", "scenarios"])
def test_a_split_may_state_what_makes_samples_differ(part):
    schema = read_schema(SCHEMA)
    stated = schema["$defs"]["split"] if part == "splits" else None
    names = set(stated["properties"] if stated else properties("simulation", "scenarios"))
    names -= {"samples", "chunk_size", "file", "names", "duration_s"}
    # What all splits of a study share: networks and solvers have windows of one length.
    shared = {"sfreq", "window_s", "background_nam"}
    shared |= {"n_patches", "extent_mm"} if part == "scenarios" else set()
    assert names == {field.name for field in dataclasses.fields(Settings)} - shared


def test_default_configuration_simulates_by_the_defaults():
    given = {k: v for k, v in default()["simulation"].items() if k not in NOT_SETTINGS}
    assert settings_from(given) == Settings()
