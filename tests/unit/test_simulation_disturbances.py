"""Registered disturbances: chance, size, numbers of their own, in samples and recordings."""

from dataclasses import replace

import mne
import numpy as np
import pytest
from realism_case import ELECTRODES, PLAIN, E, added, record, simulate

from multisource.errors import UserError
from multisource.simulation import pop as pops
from multisource.simulation import subcortical
from multisource.simulation.chunks import read_chunk, write_chunk
from multisource.simulation.contract import Event
from multisource.simulation.settings import Artefacts, BadChannels, Noise, settings_from
from multisource.simulation.topography import head_sphere

POP = replace(PLAIN, disturbances={"pop": {"chance": 0.4, "uv": [80, 80], "decay_s": 0.1}})


def test_nothing_is_stored_where_nothing_is_chosen():
    data = simulate(PLAIN, range(2))
    assert "disturbed" not in data and "disturbance" not in data.coords
    assert "disturbances" not in data.attrs["config"]


def test_events_come_at_their_chance_and_size():
    data = simulate(POP, range(1000))
    hit = data["disturbed"].sel(disturbance="pop").values
    assert abs(hit.mean() - 0.4) < 5 * np.sqrt(0.4 * 0.6 / 1000)
    extra = added(POP, indices=range(1000))
    assert np.abs(extra[~hit]).max() == 0
    # The electrode that jumps has 1 after the average reference, the others -1 / (E - 1).
    events = 1e6 * extra[hit]
    peak = np.abs(events).max(axis=(1, 2))
    assert peak.max() < 80.01 and np.median(peak) > 75
    second = np.sort(np.abs(events).max(axis=2), axis=1)[:, -2]
    np.testing.assert_allclose(second, peak / (E - 1), atol=0.01)


def test_a_pop_starts_at_its_step_and_decays():
    times = np.arange(-1, 2, 0.001)
    pattern, course = pops.pop(
        ELECTRODES, times, np.random.default_rng(0), window_s=0.2, decay_s=0.1
    )
    assert np.count_nonzero(pattern) == 1
    start = times[course > 0][0]
    assert 0 <= start <= 0.2 and course.max() == pytest.approx(1, abs=0.011)
    assert course[np.searchsorted(times, start + 0.1)] == pytest.approx(np.exp(-1), abs=0.01)


def test_deep_fields_are_nearly_those_of_a_head_of_shells():
    """Against MNE-Python's sphere of four shells; the same seeds give the same dipoles."""
    centre, radius = head_sphere(ELECTRODES)
    away = ELECTRODES - centre
    scalp = centre + radius * away / np.linalg.norm(away, axis=1, keepdims=True)
    names = [f"E{e}" for e in range(E)]
    info = mne.create_info(names, 250, "eeg", verbose="error")
    placed = dict(zip(names, scalp / 1000, strict=True))
    info.set_montage(mne.channels.make_dig_montage(placed, coord_frame="head"))
    shells = mne.make_sphere_model(r0=centre / 1000, head_radius=radius / 1000, verbose="error")
    alike = []
    for seed in range(20):
        pattern, course = subcortical.subcortical(
            scalp, np.arange(50) / 250, np.random.default_rng(seed), window_s=0.2
        )
        assert np.abs(course).max() <= 1
        place, moment = subcortical.drawn_dipole(scalp, np.random.default_rng(seed))
        dipole = mne.Dipole([0], place[None] / 1000, [1e-8], moment[None], [1], verbose="error")
        field = mne.make_forward_dipole(dipole, shells, info, verbose="error")[0]["sol"]["data"]
        alike.append(np.corrcoef(field[:, 0], pattern)[0, 1])
    assert np.median(alike) > 0.97 and min(alike) > 0.8


def test_the_numbers_depend_on_the_name_and_the_index_alone():
    whole = simulate(POP, range(70))
    np.testing.assert_array_equal(simulate(POP, [66, 3])["eeg"], whole["eeg"].values[[66, 3]])
    rest = replace(POP, noise=Noise(snr_db=(0, 0)), artefacts=Artefacts(blink=0.5), disturbances={})
    both = replace(rest, disturbances=POP.disturbances)
    np.testing.assert_allclose(
        added(both) - added(rest), added(POP), atol=1e-6 * np.abs(added(both)).max()
    )
    other = simulate(POP, range(70), split="test")["disturbed"].values
    assert not np.array_equal(other, whole["disturbed"].values)


def test_bad_channels_fail_after_it():
    bad = replace(POP, bad_channels=BadChannels(count=(3, 3), kinds=("flat",)))
    data = simulate(bad)
    assert np.abs(data["eeg"].values[data["bad"].values]).max() == 0


def test_recordings_and_files_have_them_too(tmp_path):
    data = record(POP)
    hit = data["disturbed"].sel(disturbance="pop").values
    extra = data["eeg"].values - record(PLAIN)["eeg"].values
    assert 0.2 < hit.mean() < 0.6 and np.abs(extra[hit]).max() > 50e-6
    # A pop goes on after its window: what is left of the last one decays, and nothing jumps.
    after = np.flatnonzero(~hit[1:] & hit[:-1]) + 1
    assert np.all(np.abs(extra[after, :, 0]).max(axis=1) > np.abs(extra[after, :, -1]).max(axis=1))
    write_chunk(tmp_path / "0.nc", data)
    np.testing.assert_array_equal(read_chunk(tmp_path / "0.nc")["disturbed"], data["disturbed"])


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Event(np.ones(3), np.ones(50)), r"pop: its pattern has shape \(3,\); return \(24,\)"),
        (Event(np.arange(24.0), np.full(50, np.nan)), "pop: its course .* finite"),
        (Event(np.ones(24), np.ones(50)), "pop: its pattern is the same at all electrodes"),
    ],
)
def test_an_event_that_is_none_is_refused(monkeypatch, event, message):
    monkeypatch.setattr(pops, "pop", lambda *_, **__: event)
    with pytest.raises(UserError, match=message):
        simulate(POP, range(20))


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"pip": {}}, "simulation.disturbances: 'pip'; allowed: blink, saccade, muscle, pop"),
        ({"pop": {"chance": 2, "uv": [5, 9]}}, "disturbances.pop.chance: 2 is no chance"),
        ({"pop": {"chance": 0.1, "uv": [9, 5]}}, r"disturbances.pop.uv: .*write \[5, 9\]"),
        ({"pop": {"chance": 0.1}}, "disturbances.pop: missing key 'uv'"),
        ({"pop": {"chance": 0, "uv": [5, 9], "a": 1}}, "disturbances.pop: unknown option 'a'"),
    ],
)
def test_a_wrong_choice_is_refused(chosen, message):
    with pytest.raises(UserError, match=message):
        settings_from({"disturbances": chosen})


def test_artefacts_are_the_same_by_either_spelling():
    short = replace(PLAIN, artefacts=Artefacts(blink=0.5, muscle=0.3, muscle_uv=(9, 9)))
    long = {
        "blink": {"chance": 0.5, "uv": [50, 200]},
        "muscle": {"chance": 0.3, "uv": [9, 9]},
    }
    data, same = simulate(short), simulate(settings_from({"disturbances": long}))
    np.testing.assert_array_equal(data["eeg"], same["eeg"])
    assert data["disturbance"].values.tolist() == ["blink", "muscle"]
    with pytest.raises(UserError, match="artefacts.blink is 0.5 too; give the chance in one place"):
        replace(short, disturbances=long)


def test_electrodes_are_needed():
    with pytest.raises(UserError, match="disturbances: need the electrode positions"):
        simulate(POP, electrodes=None)
