"""Tables that users write: a mistake is refused in one line that names file, record and field."""

import pytest
from config_case import changed, mistakes

from multisource.anatomy.scenarios import read_scenarios
from multisource.errors import UserError
from multisource.experiments.one_change import read_changes
from multisource.simulation.ar_io import read_models


def patch(centre: str) -> str:
    return scenario(f"{{name: a, mni_mm: {centre}, extent_mm: 30}}")


def scenario(patch: str) -> str:
    return f"X: {{title: t, patches: [{patch}]}}"


SCENARIOS = [
    ("", "holds no scenario"),
    ("[]", "holds no scenario"),
    ("- a", "not a mapping (name: ...) of scenarios"),
    ("X: {patches: [", "line 2: not valid YAML"),
    ("X: {title: a}\nX: {title: b}", "line 2: the key 'X' stands in line 1 already"),
    ("X:", "scenario X: nothing; give patches"),
    ("X: {title: no patches}", "scenario X: missing key 'patches'"),
    ("X: {patches: []}", "scenario X, patches: []; give a list of one patch at least"),
    ("X: {patches: {a: 1}}", "give a list of one patch"),
    ("X: {patches: [a]}", "scenario X, patch 1: 'a'; give mni_mm, extent_mm"),
    ("X: {titel: a, patches: []}", "unknown key 'titel': did you mean 'title'?"),
    ("X: {title: 5, patches: [{}]}", 'scenario X, title: 5; give text; quote it: "5"'),
    (scenario("{mni_mm: [1, 2, 3]}"), "patch 1: missing key 'extent_mm'"),
    (
        patch("[1, 2]"),
        "patch a, mni_mm: [1, 2]; give 3 numbers",
    ),
    (
        patch("[1, 2, '3']"),
        "mni_mm, number 3: '3'; give a number of -150",
    ),
    (
        patch("[1, 2, 300]"),
        "mni_mm, number 3: 300; give a number of -150",
    ),
    (scenario("{mni_mm: [1, 2, .nan], extent_mm: 30}"), "line 1: X.patches.0.mni_mm.2: .nan"),
    (scenario("{mni_mm: [1, 2, 3], extent_mm: -1}"), "extent_mm: -1; give a number above 0"),
    (scenario("{mni_mm: [1, 2, 3], extent_mm: 0}"), "extent_mm: 0; give a number above 0"),
    (scenario("{mni_mm: [1, 2, 3], extent_mm: true}"), "extent_mm: True; give a number"),
    (scenario("{mni_mm: [1, 2, 3], extent_mm: 30, size: 3}"), "unknown key 'size'"),
]
ONE = "models: {a: {share: 1, coefficients: [0.1]}}\n"


def spectrum(text: str) -> str:
    return f"memory_s: 0.12\nmodels: {{a: {{share: 1, spectrum: {text}}}}}"


MODELS = [
    ("", "holds no AR model"),
    ("models: [1", "line 2: not valid YAML"),
    ("model: {}", "unknown key 'model': did you mean 'models'?"),
    ("source: mine", "missing key 'models'"),
    ("models: {}", "models: {}; give one at least"),
    ("models: {a: 3}", "a: 3; give share"),
    ("models: {a: {share: 1}}", "a: give either spectrum or coefficients"),
    ("models: {a: {coefficients: [0.1]}}", "a: missing key 'share'"),
    (ONE, "missing key 'sfreq', which its models need"),
    (ONE + "sfreq: 0", "sfreq: 0; give a number of 1 to 1e+06"),
    (ONE + "sfreq: '250'", "sfreq: '250'; give a number"),
    ("models: {a: {share: 1, coefficients: []}}\nsfreq: 250", "give a list of one or more numbers"),
    ("models: {a: {share: 1, coefficients: 0.3}}\nsfreq: 250", "coefficients: 0.3; give a list"),
    ("models: {a: {share: 1, coefficients: [x]}}\nsfreq: 250", "coefficients, number 1: 'x'"),
    ("models: {a: {share: 0.5, coefficients: [0.1]}}\nsfreq: 250", "they sum to 0.5"),
    ("models: {a: {share: 0, coefficients: [0.1]}}\nsfreq: 250", "share: 0; give a number above 0"),
    ("models: {a: {share: 1, coefficients: [1.2]}}\nsfreq: 250", "unstable"),
    (ONE + "sfreq: 250\nclasses: [0, 1]", "classes, number 2: 1; give a number of 0 to 0"),
    (ONE + "sfreq: 250\nclasses: 3", "classes: 3; give a list"),
    ("models: {a: {share: 1, spectrum: {exponent: 1, knee_hz: 1}}}", "missing key 'memory_s'"),
    (spectrum("{exponent: 1}"), "a, spectrum: missing key 'knee_hz'"),
    (spectrum("{exponent: 1, knee_hz: 0}"), "a, spectrum, knee_hz: 0; give a number of 0.001"),
    (spectrum("{exponent: 99, knee_hz: 1}"), "exponent: 99; give a number of 0 to 10"),
    (spectrum("{exponent: 1, knee_hz: 1, peaks: 3}"), "peaks: 3; give a list"),
    (spectrum("{exponent: 1, knee_hz: 1, peaks: [{hz: 9}]}"), "peak 1: missing key 'height'"),
    (
        spectrum("{exponent: 1, knee_hz: 1, peaks: [{hz: 9, height: 1, width_hz: 0}]}"),
        "peak 1, width_hz: 0; give a number of 0.001",
    ),
]
EXPERIMENTS = [
    ("", "holds no experiment"),
    ("- a", "not a mapping"),
    ("a: {operator: fem}", "experiment a: missing key 'title'"),
    ("a: {title: b, simulations: {}}", "unknown key 'simulations': did you mean 'simulation'?"),
    ("a: {title: b, operator: eeg}", "operator 'eeg'; allowed: bem, fem"),
    ("a: {title: b, operator: [bem]}", "operator ['bem']; allowed: bem, fem"),
    ("a: {title: }", "title: nothing; give text"),
    ("a: {title: b, simulation: [boost]}", "simulation: ['boost']; give a mapping"),
    ("a: {title: b, inverse: }", "inverse: None; give a mapping"),
    ("a: {title: b, solvers: {mne: 3}}", "solvers, mne: 3; give its options"),
    ("a: {title: b, smooth_normals_mm: -1}", "smooth_normals_mm: -1; give a number of 0 to 100"),
    ("a: {title: b, smooth_normals_mm: much}", "smooth_normals_mm: 'much'; give a number"),
]
CASES = [
    (name, text, words)
    for name, table in (("scenarios", SCENARIOS), ("models", MODELS), ("experiments", EXPERIMENTS))
    for text, words in table
]
READERS = {
    "scenarios": read_scenarios,
    "models": lambda path: read_models(path, sfreq=250.0),
    "experiments": read_changes,
}


@pytest.mark.parametrize(("kind", "text", "words"), CASES)
def test_a_bad_table_is_refused(tmp_path, kind, text, words):
    path = tmp_path / "table.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        READERS[kind](path)
    line = str(refused.value)
    assert line.startswith(str(path)) or "unstable" in line
    assert words in line and "\n" not in line and len(line) < len(str(path)) + 250


CHANGES = [
    ("simulation: {boost: ten}", ["simulation.boost", "needs a number"]),
    ("simulation: {boots: 3}", ["simulation.boots: unknown key"]),
    ("simulation: {n_patches: [3, 1]}", ["simulation.n_patches", "write [1, 3]"]),
    ("simulation: {noise: {snr_db: [1]}}", ["noise.snr_db", "give two numbers"]),
    ("inverse: {snr: 0}", ["snr: 0; give a number above 0"]),
    ("inverse: {depth: deep}", ["solver mne"]),
    ("inverse: {deepth: 0.8}", ["unknown key 'mne.deepth'", "'depth'"]),
    ("solvers: {mna: {}}", ["no solver 'mna'"]),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_a_change_that_no_job_could_make_is_refused_before_any(tmp_path, change, words):
    (tmp_path / "mine.yaml").write_text(f"mine: {{title: t, {change}}}")
    config = changed("experiments", {"file": "mine.yaml", "names": ["mine"], "samples": 3})
    lines = mistakes(config, tmp_path)
    assert lines and all(line.startswith("config: experiments.names: 'mine'") for line in lines)
    assert all(word in lines[0] for word in words)
