from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from multisource.evaluation.summary import compare, summarise
from multisource.evaluation.tables import build_table
from multisource.experiments.one_change import Change
from multisource.report.reproduction import config_hash, reproduction
from multisource.report.timings import timings_per_rule

REPOSITORY = Path(__file__).parents[2]
CONFIG = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
PAPER = pd.read_csv(REPOSITORY / "resources/paper-tables.csv")
METRICS = ("auc_close", "auc_far", "auc_average", "fraction_active", "dr_least", "dr_1", "dr_2")


def windows(method: str, shift: float, scenario: str = "test") -> pd.DataFrame:
    values = np.linspace(0.4, 0.6, 101) + shift
    frame = pd.DataFrame({name: values for name in METRICS})
    frame.insert(0, "sample", np.arange(len(values)))
    frame.insert(0, "method", method)
    frame.insert(0, "scenario", scenario)
    return frame


def document() -> str:
    test = pd.concat([windows("convnet", 0.473), windows("other", 0.1), windows("mne", 0.0)])
    table = build_table("IX", PAPER, summarise(test), compare(test, "convnet"))
    changes = {"none": Change("nothing"), "more": Change("more of it")}
    experiments = pd.concat([windows("mne", 0.0, "none"), windows("mne", 0.34, "more")])
    curve = summarise(test[test.method == "convnet"]).assign(samples=5000)
    timings = timings_per_rule({"solve": [pd.DataFrame({"s": [60.0], "cpu_time": [120.0]})]})
    return reproduction(
        config=CONFIG,
        config_files=["config/paper.yaml"],
        tables={"IX": table},
        test=test,
        networks=["convnet", "other"],
        curve=curve,
        changes=changes,
        experiments=experiments,
        timings=timings,
        figures={"A picture": "reproduction/a.png"},
        versions={"numpy": "2.0.1"},
    )


def test_document_counts_agreement_and_shows_what_a_change_explains():
    text = document()
    # ConvNet's median is the paper's AUC of 0.973, and so far from the paper's DR_least.
    assert "| ConvNet | 2 of 4" in " ".join(text.split())
    row = next(
        line
        for line in text.splitlines()
        if line.startswith("| MNE") and "AUC_close" in line and "+" not in line
    )
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    # Paper 0.847, the study 0.5; nothing changed leaves it there, `more` brings it within 0.05.
    assert cells == ["MNE", "AUC_close", "0.847", "0.500", "0.500", "**0.840**"]
    assert "| more" in text and "more of it" in text
    assert "CPU time of all jobs" in text and "2 min" in text
    assert "![A picture](reproduction/a.png)" in text
    assert config_hash(CONFIG) in text
    assert "0.973 [" in text.split("side by side")[1]


def test_config_hash_follows_values_not_order():
    shuffled = dict(reversed(CONFIG.items()))
    assert config_hash(shuffled) == config_hash(CONFIG)
    assert config_hash(CONFIG | {"seed": 1}) != config_hash(CONFIG)
