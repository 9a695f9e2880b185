"""Bad channels that are known: interpolated as MNE-Python does, for every method alike."""

from dataclasses import replace

import numpy as np
import pytest
from realism_case import ELECTRODES, GAIN, MODELS, PLAIN, POSITIONS, E, record, simulate

from multisource.channels.splines import SphericalSplines
from multisource.errors import UserError
from multisource.recordings.bad_channels import interpolated
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import BadChannels, settings_from

BAD = BadChannels(count=(1, 3))
KNOWN = replace(PLAIN, bad_channels=replace(BAD, interpolated=True))


def test_the_splines_are_those_of_mne():
    eeg = 1e-5 * np.random.default_rng(0).standard_normal((E, 20))
    bad = np.isin(np.arange(E), [2, 5, 17])
    names = [f"E{k}" for k in range(E)]
    (theirs,) = interpolated([eeg], 250.0, names, ELECTRODES, [names[k] for k in (2, 5, 17)])
    ours = SphericalSplines(ELECTRODES).repaired(eeg, bad)
    # Both are solved with a smoothing of 1e-5; MNE solves by a pseudo-inverse of its own.
    theirs = theirs - theirs.mean(axis=0)
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max()


def test_known_channels_hold_nothing_of_what_was_bad():
    plain, failed = simulate(PLAIN), simulate(replace(PLAIN, bad_channels=BAD))
    known = simulate(KNOWN)
    np.testing.assert_array_equal(known["bad"], failed["bad"])
    assert np.abs(known["eeg"].mean("channel")).max() < 1e-12
    splines = SphericalSplines(ELECTRODES)
    for window in range(len(known["sample"])):
        bad = known["bad"].values[window]
        assert 1 <= bad.sum() <= 3
        # From the windows in which nothing has failed: what the bad channels held is gone.
        clean = splines.repaired(plain["eeg"].values[window], bad)
        np.testing.assert_allclose(known["eeg"][window], clean, atol=1e-6 * np.abs(clean).max())
    recorded = record(KNOWN)
    assert recorded["bad"].values.any() and np.abs(recorded["eeg"].mean("channel")).max() < 1e-12


def test_without_it_nothing_is_said_or_needed():
    assert "interpolated" not in PLAIN.to_dict()["bad_channels"]
    assert settings_from(KNOWN.to_dict()) == KNOWN
    Simulator(GAIN, POSITIONS, MODELS, PLAIN, seed=1, split="test")
    with pytest.raises(UserError, match=r"bad_channels\.interpolated: need the electrode"):
        Simulator(GAIN, POSITIONS, MODELS, KNOWN, seed=1, split="test")
