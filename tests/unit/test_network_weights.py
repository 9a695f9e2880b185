import json

import numpy as np
import pandas as pd
import pytest
from network_case import CHANNELS, DIPOLES, TIMES, tiny_windows

from multisource.errors import UserError
from multisource.figures.training import loss_figure
from multisource.network.options import TrainingOptions
from multisource.network.prediction import predict
from multisource.network.registry import build_network
from multisource.network.training import train
from multisource.network.weights import check_recording, load_network, save_network

NAMES = ["Fz", "Cz", "Pz", "Oz", "C3", "C4", "T7", "T8"]
OPTIONS = {"filters": [8], "pooling": [4], "hidden": [16]}


@pytest.fixture(scope="module")
def trained():
    network = build_network("convnet", CHANNELS, TIMES, DIPOLES, **OPTIONS)
    return train(
        network, tiny_windows(40), tiny_windows(10, seed=1), TrainingOptions(epochs=3), device="cpu"
    )


@pytest.fixture
def saved(trained, tmp_path):
    paths = tmp_path / "weights.safetensors", tmp_path / "settings.json"
    save_network(
        *paths,
        trained.network,
        architecture="convnet",
        options=OPTIONS,
        channels=NAMES,
        n_times=TIMES,
        n_dipoles=DIPOLES,
        training={"epochs": 3},
    )
    return paths


def test_loaded_network_gives_the_same_maps(trained, saved):
    network, settings = load_network(*saved)
    eeg = tiny_windows(9, seed=3).eeg
    maps = predict(network, eeg, batch_size=4, device="cpu").estimate
    assert maps.shape == (9, DIPOLES)
    assert maps.dtype == np.float32
    assert (maps >= 0).all() and (maps <= 1).all()
    # Batches of another size may sum in another order: float32 rounding.
    expected = predict(trained.network, eeg, device="cpu").estimate
    np.testing.assert_allclose(maps, expected, rtol=1e-5)
    assert settings["training"] == {"epochs": 3}
    assert json.loads(saved[1].read_text())["channels"] == NAMES


def test_maps_do_not_depend_on_the_unit_of_the_recording(trained):
    eeg = tiny_windows(5, seed=3).eeg
    volts, microvolts = (predict(trained.network, f * eeg, device="cpu").estimate for f in (1, 1e6))
    np.testing.assert_allclose(volts, microvolts, rtol=1e-4)


def test_no_window_gives_no_map(trained):
    assert len(predict(trained.network, np.empty((0, CHANNELS, TIMES)), device="cpu").estimate) == 0


@pytest.mark.parametrize(
    ("channels", "times", "message"),
    [
        (NAMES[:-1], TIMES, "the windows lack T8; train on"),
        ([*NAMES, "ECG"], TIMES, "have ECG besides"),
        ([*NAMES[:-1], "T9"], TIMES, "lack T8 and have T9 besides"),
        ([NAMES[1], NAMES[0], *NAMES[2:]], TIMES, "Cz stands at another place"),
        (NAMES, 50, "window: 50 samples; the network was trained on 16"),
    ],
)
def test_recording_of_other_channels_or_length_is_refused(channels, times, message):
    settings = {"channels": NAMES, "n_times": TIMES}
    check_recording(settings, NAMES, TIMES)
    with pytest.raises(UserError, match=message):
        check_recording(settings, channels, times)


def test_damaged_or_foreign_files_are_refused_by_name(saved):
    weights, settings = saved
    described = json.loads(settings.read_text())
    settings.write_text(json.dumps(described | {"n_dipoles": 41}))
    with pytest.raises(UserError, match="weights.safetensors: does not fit .*settings.json"):
        load_network(weights, settings)
    settings.write_text(json.dumps({"architecture": "convnet"}))
    with pytest.raises(UserError, match="settings.json: lacks options, channels"):
        load_network(weights, settings)
    settings.write_text("{")
    with pytest.raises(UserError, match="settings.json: missing or damaged"):
        load_network(weights, settings)
    settings.write_text(json.dumps(described))
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(UserError, match="weights.safetensors: missing or damaged"):
        load_network(weights, settings)


def test_predict_refuses_what_is_no_recording(trained):
    with pytest.raises(UserError, match=r"eeg: shape \(8, 16\)"):
        predict(trained.network, np.zeros((CHANNELS, TIMES)))
    with pytest.raises(UserError, match="eeg: a value is not finite"):
        predict(trained.network, np.full((1, CHANNELS, TIMES), np.inf))


def test_learning_curve_marks_the_chosen_epoch(trained):
    history = trained.history
    figure = loss_figure(history, title="ConvNet")
    loss, quality = figure.axes[:2]
    curves = {line.get_label(): line for line in loss.lines}
    np.testing.assert_allclose(
        curves["bce_active, validation"].get_ydata(), history["validation_loss"]
    )
    best = history.loc[history["validation_loss"].idxmin()]
    assert curves["chosen"].get_xdata()[0] == best["epoch"]
    assert quality.get_ylim() == (0, 1)
    with pytest.raises(UserError, match="history: lacks learning_rate"):
        loss_figure(history.drop(columns="learning_rate"))


def test_learning_curve_chooses_after_the_warm_up():
    rows = [("bce", 0.1), ("bce", 0.05), ("l1", 0.3), ("l1", 0.2), ("l1", 0.25)]
    history = pd.DataFrame(
        [
            {
                "epoch": i + 1,
                "loss": name,
                "train_loss": value,
                "validation_loss": value,
                "validation_fraction_active": 0.5,
                "learning_rate": 1e-3,
            }
            for i, (name, value) in enumerate(rows)
        ]
    )
    curves = {line.get_label(): line for line in loss_figure(history).axes[0].lines}
    assert curves["chosen"].get_xdata()[0] == 4
    assert len(curves["l1, validation"].get_xdata()) == 3
