"""A network whose weights are there already is used without training."""

import pandas as pd
import pytest
from conftest import passed


def test_weights_that_are_there_are_used_without_training(study_copy):
    settings = {"networks": ["sblnet"], "settings": {"sblnet": {"nodes": 60}}}
    config = study_copy.with_config("network", value=settings)
    certainty = "results/fsaverage/network/sblnet/certainty.json"
    passed(study_copy.snakemake("--cores", "1", "--", certainty, config=config))
    history = pd.read_csv(study_copy.folder / "results/fsaverage/network/sblnet/history.csv")
    assert history["epoch"].tolist() == [0]
    assert (study_copy.folder / certainty).exists()
    # Other weights compute the network again, and what follows from it.
    weights = study_copy.folder / "resources/any-head/weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    planned = study_copy.planned("--", certainty, config=config)
    assert planned.keys() >= {"train_network", "learn_certainty"}


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("nowhere.safetensors", "file 'nowhere.safetensors' does not exist"),
        ("config/config.yaml", "'config/config.yaml' is no safetensors file"),
    ],
)
def test_weights_that_cannot_be_read_are_refused_before_any_job(study, start, said):
    settings = {"networks": ["sblnet"], "settings": {"sblnet": {"start": start}}}
    run = study.snakemake("-n", config=study.with_config("network", value=settings))
    assert run.returncode
    assert f"network.settings.sblnet.start: {said}" in run.stderr
