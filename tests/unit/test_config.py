"""A wrong configuration is refused before any job, in one line that says what to write."""

import re

import pytest
import yaml
from config_case import REPOSITORY, SCHEMA, changed, default, mistakes

from multisource.config.study import (
    chunk_ranges,
    has_sources,
    learning_curve,
    simulated,
    split_samples,
)
from multisource.network.losses import LOSSES
from multisource.schema import read_schema

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


# Each of these passed once, and a job refused it hours later.
REFUSED_LATE = [
    ("simulation.noise.snr_db", [30, 10], ["write [10, 30]"]),
    ("simulation.amplitude_ratio", [2, 1], ["write [1, 2]"]),
    ("simulation.artefacts.blink_uv", [200, 50], ["write [50, 200]"]),
    ("simulation.disturbances", {"pip": {"chance": 0.1, "uv": [5, 9]}}, ["pip", "pop"]),
    ("simulation.disturbances", {"pop": {"chance": 0.1}}, ["pop: missing key 'uv'"]),
    (
        "simulation.disturbances",
        {"pop": {"chance": 0.1, "uv": [5, 9], "decay": 1}},
        ["pop: unknown option 'decay'; allowed: decay_s"],
    ),
    ("simulation.bad_channels.count", [3, 1], ["write [1, 3]"]),
    ("simulation.bad_channels.count", [0, 52], ["only 51 channels"]),
    ("simulation.bad_channels.count", [50, 51], ["of 51 channels two", "give 49 at most"]),
    ("simulation.window_s", 0.004, ["0.004 s at 250 Hz", "give 2 at least, 0.008 s"]),
    ("simulation.scenarios.duration_s", 0.1, ["0.1 s holds no window of 0.2 s"]),
    ("network.settings.convnet.kernel_size", 4, ["needs an odd whole number"]),
    ("network.settings.convnet.pooling", [5], ["one number for each of the 2 layers"]),
    ("network.settings.convnet.pooling", [5, 11], ["55 times", "only 50 samples"]),
    ("network.settings.convnet.warmup_epochs", 8, ["smaller than epochs, 8"]),
    ("network.settings.convnet.batch_size", 1, ["at least 2"]),
    ("network.settings.convnet.hidden", [1000000000], ["at most 100000"]),
    ("network.settings.convnet.hidden", [100000, 50000], ["5e+09 weights, 80 GB in training"]),
    ("network.settings.convnet.filters", [50000, 50000], ["8e+09 weights"]),
    ("inverse.settings.eloreta.depth", 0.8, ["eLORETA has 0 only"]),
    ("inverse.settings.eloreta.orientation", "loose", ["eLORETA has free or fixed only"]),
    ("inverse.settings.mne.depth", 3, ["at most 2"]),
    ("inverse.settings.mne_depthw.loose", 0, ["above 0", "orientation: fixed"]),
    ("inverse.settings.laura.max_neighbours", 3, ["at least 6"]),
    ("anatomy.fsaverage.voxel_mm", 6, ["at most 5"]),
    ("anatomy.fsaverage.skull_thickness_mm", [2, 8], ["at least 3"]),
    ("electrodes.channels", ["Cz", "Pz", "Fz", "Ozz"], ["'Ozz'", "did you mean 'Oz'"]),
    ("electrodes.montage", "fsaverage1005", ["did you mean 'fsaverage_1005'"]),
    ("simulation.splits.train.samples", 1, ["at least 2"]),
    ("network.learning_curve.samples", [60, 30, 2], ["samples.2: 2 must be at least 10"]),
    ("simulation.splits.test.noise", {"snr_db": [30, 10]}, ["noise.snr_db", "write [10, 30]"]),
    ("simulation.splits.test.nois", {}, ["unknown key", "did you mean 'noise'"]),
    ("simulation.splits.validation.bad_channels", {"count": [0, 52]}, ["only 51 channels"]),
    ("simulation.scenarios.bad_channels", {"count": [3, 1]}, ["write [1, 3]"]),
    ("simulation.splits.test.disturbances", {"pop": {"chance": 0.1}}, ["pop: missing key 'uv'"]),
    ("simulation.splits.test.n_patches", [0, 0], ["methods are compared on sources"]),
    ("simulation.operator", "fam", ["'fam'", "did you mean 'fem'"]),
    ("simulation.splits.test.operator", ["fem", "skull"], ["'skull'", "allowed: bem, fem"]),
    ("leadfield.variants", {"bem": {}}, ["'bem' is the name of an operator"]),
    ("leadfield.variants", {"a": {"method": "bem", "mesh": "hexahedra"}}, ["mesh", "method bem"]),
    ("leadfield.variants", {"a": {"conductivity": {"brain": 0.3}}}, ["no layer of method fem"]),
    ("network.settings.convnet.train", "nosy", ["'nosy' has no entry in simulation.splits"]),
    ("evaluation.test_splits", ["test"], ["'test' is always evaluated"]),
    ("simulation.splits.others", {"samples": 2, "chunk_size": 2}, ["'others' is a word"]),
    ("evaluation.test_splits", ["noisy"], ["'noisy' has no entry", "train, validation"]),
]
# As people write them.
MEANT = [
    ("seed", "1e3", ["YAML reads 1e3 as text: write 1000"]),
    ("seed", 2025.0, ["write 2025"]),
    ("seed", True, ["needs a whole number"]),
    ("simulation.boost", "10,5", ["YAML reads 10,5 as text: write 10.5"]),
    ("head", "a" * 101, ["head", "longer than 100 letters"]),
    ("leadfield.fem.tolerance", "1e-8", ["YAML reads 1e-8 as text: write 1.0e-08"]),
    ("simulation.n_patches", [1.0, 3], ["simulation.n_patches.0: 1.0", "write 1"]),
    ("head", yaml.safe_load("2024-01-01"), ['a date; quote it: "2024-01-01"']),
    ("head", True, ["yes, no, on and off", "quote"]),
    ("head", "a\n", ["must match"]),
    ("head", "../../x", ["must match"]),
    ("head", "-x", ["must match"]),
    ("simulation", None, ["simulation: null needs a mapping", "leave the key out"]),
    ("inverse", [], ["inverse: [] needs a mapping"]),
    ("recordings", None, ["recordings: null needs a mapping"]),
    ("recordings", {False: {"file": "x.fif"}}, ["the key False is no text", "quote"]),
    ("inverse.solvers", ["mne", True], ["inverse.solvers.1", "quote"]),
    ("simulation.scenarios.names", ["A", "test"], ["'test' is the name of a split"]),
    ("experiments.names", ["nothing"], ["experiments.names: 'nothing'", "allowed"]),
]
CASES = WRONG + REFUSED_LATE + MEANT


@pytest.mark.parametrize(("key", "value", "words"), CASES, ids=[f"{k}={v}" for k, v, _ in CASES])
def test_wrong_config_is_refused(key, value, words):
    lines = mistakes(changed(key, value))
    assert len(lines) == 1
    (line,) = lines
    assert line.startswith("config: ") and key in line and len(line) < 400
    for word in words:
        assert word in line


def test_all_mistakes_are_named_at_once():
    config = changed("simulation.boost", "ten")
    config["simulation"]["noise"]["snr_db"] = [30, 10]
    config["simulation"]["amplitude_ratio"] = [2, 1]
    config["network"]["settings"]["convnet"]["kernel_size"] = 4
    config["inverse"]["solvers"].append("elorata")
    config["electrodes"]["channels"] = ["Cz", "Pz", "Fz", "Q1", "Q2"]
    config["seed"] = float("nan")
    found = mistakes(config)
    assert [line.split(":")[1].strip() for line in sorted(found)] == [
        "electrodes.channels",
        "electrodes.channels",
        "inverse.solvers",
        "network.settings.convnet.kernel_size",
        "seed",
        "simulation.boost",
    ]
    # The ranges are read when the rest of the simulation can be.
    config["simulation"]["boost"] = 10
    assert sum("the first is larger" in line for line in mistakes(config)) == 2


TAKEN = [
    ("convnet", "a network (network.networks)"),
    ("random", "a baseline (evaluation.baselines)"),
    ("windows", "a file of every recording"),
]


@pytest.mark.parametrize(("name", "other"), TAKEN)
def test_a_name_that_is_taken_is_refused(name, other):
    config = default()
    config["inverse"]["settings"][name] = {"kind": "mne"}
    config["inverse"]["solvers"] = [name, "mne"]
    assert mistakes(config) == [
        f"config: inverse.solvers: {name!r} is the name of {other} too; choose another"
    ]


def test_files_of_another_kind_are_refused(tmp_path):
    (tmp_path / "table.tsv").write_text("name\tused\nCz\tyes\n")
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / "eeg.edf").write_text("no recording")
    for key, name in (
        ("simulation.ar_models", "table.tsv"),
        ("simulation.ar_models", "picture.yaml"),
        ("simulation.scenarios.file", "table.tsv"),
        ("simulation.scenarios.file", "picture.yaml"),
        ("simulation.recording", "eeg.edf"),
        ("electrodes.channels", "picture.yaml"),
        ("electrodes.montage", "table.tsv"),
    ):
        (line,) = mistakes(changed(key, name), tmp_path)
        assert line.startswith(f"config: {key}: ") and name in line


def test_a_batch_of_one_is_refused():
    config = changed("simulation.splits.train.samples", 7)
    config["network"]["settings"]["convnet"]["batch_size"] = 2
    (line,) = mistakes(config)
    assert "network.settings.convnet.batch_size: 2; 7 training samples leave a batch" in line


def test_a_chunk_that_no_memory_holds_is_refused():
    config = changed("simulation.window_s", 10)
    config["simulation"]["splits"]["train"] = {"samples": 500_000, "chunk_size": 100_000}
    config["simulation"]["sfreq"] = 5000
    (line,) = mistakes(config)
    assert line == (
        "config: simulation.splits.train.chunk_size: 100000 windows of 50000 samples are 640 GB, "
        "and a job holds a chunk in memory; give 10000 at most"
    )


def test_the_schema_names_every_loss():
    assert set(read_schema(SCHEMA)["$defs"]["loss"]["enum"]) == set(LOSSES)


def test_missing_key_is_named():
    config = default()
    del config["simulation"]["boost"]
    assert mistakes(config) == ["config: simulation: missing key 'boost'"]


def merge(into, update):
    for key, value in update.items():
        if isinstance(value, dict):
            merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


@pytest.mark.parametrize("name", sorted(p.name for p in (REPOSITORY / "config").glob("*.yaml")))
def test_shipped_configs_pass(name):
    config = default()
    merge(config, yaml.safe_load((REPOSITORY / "config" / name).read_text()))
    assert mistakes(config) == []


def test_networks_that_are_not_trained_need_not_fit_the_windows():
    config = changed("simulation.window_s", 0.1)
    assert "convnet.pooling: [5, 10] reduces 50 times; a window has only 25" in mistakes(config)[0]
    config["network"]["networks"] = ["covnet"]
    assert mistakes(config) == []


def test_examples_of_splits_pass():
    page = (REPOSITORY / "docs/simulation.md").read_text()
    examples = re.findall(r"^```yaml\n(.*?)^```", page, re.S | re.M)
    assert len(examples) == 3
    for example in examples:
        config = default()
        merge(config, yaml.safe_load(example))
        # Somebody else's results are not there.
        assert all("'../other_study/results/s1' does not exist" in one for one in mistakes(config))


def test_duneuro_is_required_before_any_job():
    config = default()
    config["leadfield"]["fem"]["backend"] = "duneuro"
    (line,) = mistakes(config)
    assert "duneuropy" in line and "duneuro.sh" in line and "native" in line


def test_chunk_ranges_cover_the_split_once():
    assert chunk_ranges(5, 2) == [(0, 2), (2, 4), (4, 5)]
    assert chunk_ranges(4, 4) == [(0, 4)]


def test_default_simulation_is_that_of_the_paper():
    from multisource.simulation.settings import Settings, settings_from

    simulation = default()["simulation"]
    for key in ("ar_models", "recording", "splits", "scenarios"):
        del simulation[key]
    assert settings_from(simulation) == Settings()


def test_further_splits_are_taken_and_their_names_are_their_own():
    config = default()
    config["simulation"]["splits"]["noisy"] = {
        "samples": 40,
        "chunk_size": 20,
        "n_patches": [1, 2],
        "noise": {"snr_db": [0, 10]},
    }
    config["evaluation"]["test_splits"] = ["noisy"]
    config["network"]["settings"]["convnet"]["train"] = "noisy"
    config["network"]["settings"]["convnet"]["validation"] = "noisy"
    assert mistakes(config) == []
    # What the split does not state is the section's, also within a mapping.
    config["simulation"]["noise"]["exponent"] = 1
    changed_to = simulated(config, "noisy")
    assert changed_to["noise"] == config["simulation"]["noise"] | {"snr_db": [0, 10]}
    assert simulated(config, "test") == simulated(config, "scenarios") == simulated(config)
    assert set(changed_to) == set(simulated(config))
    config["simulation"]["scenarios"]["names"] = ["noisy"]
    assert mistakes(config)[0].endswith("'noisy' is the name of a split (simulation.splits) too")
    config = changed("simulation.splits.no-isy", {"samples": 1, "chunk_size": 1})
    assert mistakes(config)[0].startswith('config: simulation.splits: "no-isy" must match')
    config = changed("evaluation.test_splits", ["V"])
    config["simulation"]["splits"]["V"] = {"samples": 1, "chunk_size": 1}
    assert "'V' is a name of the paper's tables" in mistakes(config)[0]


def test_a_mistake_of_the_section_is_not_said_for_every_split():
    config = changed("simulation.amplitude_ratio", [2, 1])
    config["simulation"]["splits"]["test"]["boost"] = 5
    assert len(mistakes(config)) == 1


def test_the_learning_curve_goes_on_with_the_split_of_its_network():
    config = changed("network.learning_curve", {"network": "convnet", "samples": [30, 40, 70]})
    config["simulation"]["splits"]["noisy"] = {"samples": 40, "chunk_size": 20}
    config["network"]["settings"]["convnet"]["train"] = "noisy"
    assert learning_curve(config) == {"convnet-30": 30, "convnet-70": 70}
    assert split_samples(config, "noisy") == 70
    assert split_samples(config, "train") == config["simulation"]["splits"]["train"]["samples"]


def test_windows_of_an_unknown_scenario_are_refused():
    config = default()
    config["inverse"]["settings"]["ceiling"]["windows"] = {"tset": 5, "A": 3}
    (line,) = mistakes(config)
    assert "ceiling.windows.tset" in line and "did you mean 'test'" in line


def test_a_network_does_not_learn_from_background_alone():
    config = default()
    config["simulation"]["splits"]["nothing"] = {"samples": 9, "chunk_size": 9, "n_patches": [0, 0]}
    config["evaluation"]["test_splits"] = ["nothing"]
    assert mistakes(config) == [] and not has_sources(config, "nothing")
    config["network"]["settings"]["convnet"]["validation"] = "nothing"
    (line,) = mistakes(config)
    assert "network.settings.convnet.validation: the split 'nothing' has no sources" in line
