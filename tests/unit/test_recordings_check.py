"""What is wrong with a recording is said before any job, one line each."""

from pathlib import Path

import pytest
import yaml
from recordings_case import recording, saved

from multisource.config.check import check_config
from multisource.errors import UserError

REPOSITORY = Path(__file__).parents[2]
CHANNELS = ["Fz", "Cz", "Pz", "Oz", "C3", "C4"]


def check(folder, entry, channels=CHANNELS, **others):
    config = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    config["electrodes"]["channels"] = channels
    config["recordings"] = {"mine": entry, **others}
    schema = REPOSITORY / "workflow/schemas/config.schema.yaml"
    check_config(config, schema=schema, folders=[folder, REPOSITORY])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    saved(recording(seconds=4.0, onsets=[1.0, 2.5]), folder)
    (folder / "text.edf").write_text("no recording")
    return folder


@pytest.mark.parametrize("entry", [{}, {"events": "flash", "baseline_s": [-0.2, 0]}, {"tmax_s": 2}])
def test_a_good_recording_passes(folder, entry):
    check(folder, {"file": "mine_raw.fif", **entry})


WRONG = [
    ({"file": "nowhere.edf"}, ["recordings.mine.file", "nowhere.edf", "does not exist"]),
    ({}, ["recordings.mine: missing key 'file'"]),
    ({"evnts": "flash"}, ["unknown key 'recordings.mine.evnts'", "did you mean 'events'"]),
    ({"events": "rt"}, ["no event is called 'rt'", "the file has 'flash'"]),
    ({"band_hz": [40, 1]}, ["recordings.mine.band_hz", "[40.0, 1.0]", "second must be the larger"]),
    ({"band_hz": [1, 130]}, ["recordings.mine.band_hz", "below 125 Hz"]),
    ({"baseline_s": [0, 0]}, ["recordings.mine.baseline_s", "second must be the larger"]),
    ({"tmin_s": 0, "tmax_s": 0.1}, ["tmin_s 0 to tmax_s 0.1", "shorter than a window, 0.2 s"]),
    ({"step_s": 0.001}, ["recordings.mine.step_s", "less than a sample"]),
    ({"leave_out": ["Fp9"]}, ["recordings.mine: leave_out: 'Fp9' is no channel of the study"]),
    ({"leave_out": ["Fz", "Cz", "Pz"]}, ["3 channel(s) are left, 4 at least are needed"]),
    ({"file": "text.edf"}, ["text.edf", "MNE cannot read"]),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=[w[0] for _, w in WRONG])
def test_a_wrong_entry_is_refused(folder, change, words):
    entry = change if not change else {"file": "mine_raw.fif", **change}
    with pytest.raises(UserError) as caught:
        check(folder, entry)
    message = str(caught.value)
    assert "\n" not in message and message.startswith("config: ")
    for word in words:
        assert word in message.replace("[40, 1]", "[40.0, 1.0]")


def test_channels_that_a_recording_lacks_are_listed(folder):
    with pytest.raises(UserError, match="lacks the channel.s. F3, F4; it has EOG1"):
        check(folder, {"file": "mine_raw.fif"}, channels=[*CHANNELS, "F3", "F4"])


def test_an_average_is_compared_with_an_average(folder):
    flashes = {"file": "mine_raw.fif", "events": "flash"}
    check(folder, {**flashes, "against": "other"}, other=flashes)
    with pytest.raises(UserError, match="mine.against: recordings.mine is an average and record"):
        check(folder, {**flashes, "against": "other"}, other={**flashes, "average": False})
