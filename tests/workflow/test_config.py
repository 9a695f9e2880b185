"""A wrong configuration is refused before any job, in one line that says what to write."""

from pathlib import Path

import pytest
import yaml

from multisource.config.check import check_config
from multisource.config.study import chunk_ranges
from multisource.errors import UserError

REPOSITORY = Path(__file__).parents[2]
SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"


def default() -> dict:
    return yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())


def check(config: dict) -> None:
    check_config(config, schema=SCHEMA, folders=[REPOSITORY])


WRONG = [
    ("simulation.boots", 10, ["unknown key 'simulation.boots'", "did you mean 'boost'"]),
    ("simulation.boost", "ten", ["simulation.boost", '"ten"', "needs a number"]),
    ("simulation.boost", 0.1, ["simulation.boost", "0.1", "at least 1"]),
    ("simulation.n_patches", [4, 3], ["simulation.n_patches", "[4, 3]", "write [3, 4]"]),
    ("simulation.window_s", 0.201, ["simulation.window_s", "0.201", "a whole number of samples"]),
    ("simulation.noise.snr_db", 5, ["simulation.noise.snr_db", "5"]),
    ("simulation.bad_channels.kinds", ["dead"], ["kinds", "dead", "allowed: flat, noisy"]),
    ("simulation.ar_models", "nowhere.yaml", ["simulation.ar_models", "nowhere.yaml", "exist"]),
    ("simulation.recording", "eeg.edf", ["simulation.recording", "eeg.edf", "does not exist"]),
    ("simulation.scenarios.names", ["A", "H"], ["scenarios.names", "'H'", "allowed: A, B"]),
    ("inverse.solvers", ["mne", "elorata"], ["inverse.solvers", "'elorata'", "'eloreta'"]),
    ("inverse.settings.laura.kind", "lauro", ["inverse.settings.laura.kind", "'laura'"]),
    ("inverse.settings.laura.exponnet", 2, ["exponnet", "exponent"]),
    ("inverse.settings.mne.orientation", "normal", ["orientation", "normal", "fixed, free, loose"]),
    ("network.settings.convnet.architecture", "convnat", ["architecture", "'convnet'"]),
    ("network.settings.convnet.loss", "l2", ["loss", "l2", "allowed: bce, bce_active"]),
    ("network.settings.convnet.epoch", 3, ["'network.settings.convnet.epoch'", "'epochs'"]),
    ("electrodes.channels", ["Cz", "Pz", "Fz", "Oz", "Cz"], ["electrodes.channels", "Cz", "once"]),
    ("electrodes.channels", "no-file.txt", ["electrodes.channels", "no-file.txt"]),
    ("anatomy.provider", "freesurfe", ["anatomy.provider", "freesurfe", "fsaverage"]),
    ("evaluation.reference", "convnit", ["evaluation.reference", "convnit", "'convnet'"]),
    ("head", "a b", ["head", "a b"]),
    ("seed", -1, ["seed", "-1", "at least 0"]),
]


@pytest.mark.parametrize(("key", "value", "words"), WRONG, ids=[f"{k}={v}" for k, v, _ in WRONG])
def test_wrong_config_is_refused(key, value, words):
    config = default()
    leaf = config
    *path, last = key.split(".")
    for part in path:
        leaf = leaf[part]
    leaf[last] = value
    with pytest.raises(UserError) as caught:
        check(config)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400
    for word in words:
        assert word in message


def test_missing_key_is_named():
    config = default()
    del config["simulation"]["boost"]
    with pytest.raises(UserError, match="simulation: missing key 'boost'"):
        check(config)


@pytest.mark.parametrize("name", ["config.yaml", "paper.yaml"])
def test_shipped_configs_pass(name):
    config = default()
    extra = yaml.safe_load((REPOSITORY / "config" / name).read_text())

    def merge(into, update):
        for key, value in update.items():
            if isinstance(value, dict):
                merge(into.setdefault(key, {}), value)
            else:
                into[key] = value

    merge(config, extra)
    check(config)


def leaves(schema: dict, definitions: dict, path: str = ""):
    """Yield (path, schema) of every leaf below ``schema``."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]] | schema
    if isinstance(schema.get("additionalProperties"), dict):
        yield from leaves(schema["additionalProperties"], definitions, f"{path}.*")
    for choice in schema.get("oneOf", []) if "description" not in schema else []:
        yield from leaves(choice, definitions, path)
    if "properties" in schema:
        # The options of a solver or network are checked against its own signature.
        closed = schema.get("additionalProperties") is False or path.endswith("settings.*")
        assert closed, f"{path} lets misspelt keys pass"
        for name, part in schema["properties"].items():
            yield from leaves(part, definitions, f"{path}.{name}".lstrip("."))
    elif "additionalProperties" not in schema:
        yield path, schema


def test_duneuro_is_required_before_any_job():
    config = default()
    config["leadfield"]["fem"]["backend"] = "duneuro"
    with pytest.raises(UserError, match="duneuropy.*duneuro.org.*native"):
        check(config)


def test_every_key_is_described():
    schema = yaml.safe_load(SCHEMA.read_text())
    found = list(leaves(schema, schema["$defs"]))
    assert len(found) > 40
    assert [path for path, leaf in found if "description" not in leaf] == []


def test_chunk_ranges_cover_the_split_once():
    assert chunk_ranges(5, 2) == [(0, 2), (2, 4), (4, 5)]
    assert chunk_ranges(4, 4) == [(0, 4)]


def test_workflow_refuses_before_any_job(fresh):
    run = fresh.snakemake("--cores", "1", config=fresh.with_config("simulation", "boots", value=3))
    assert run.returncode != 0
    output = run.stdout + run.stderr
    assert "unknown key 'simulation.boots': did you mean 'boost'?" in output
    assert "Traceback" not in output
    assert not (fresh.folder / "results").exists()


def test_default_simulation_is_that_of_the_paper():
    from multisource.simulation.settings import Settings, settings_from

    simulation = default()["simulation"]
    for key in ("ar_models", "recording", "splits", "scenarios"):
        del simulation[key]
    assert settings_from(simulation) == Settings()
