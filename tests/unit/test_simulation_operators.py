"""Several operators: every sample is seen through one of them, drawn by its number."""

from dataclasses import replace

import numpy as np
import pytest
from realism_case import ELECTRODES, GAIN, MODELS, PLAIN, POSITIONS, RNG, E

from multisource.anatomy.displacement import displaced
from multisource.anatomy.electrodes import Electrodes
from multisource.errors import UserError
from multisource.geometry.icosphere import icosphere
from multisource.simulation.chunks import read_chunks, write_chunk
from multisource.simulation.continuous import simulate_continuous
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import BadChannels, Noise, settings_from

OTHER = GAIN + 5 * RNG.standard_normal(GAIN.shape)
OTHER -= OTHER.mean(axis=0)
BOTH = replace(PLAIN, operator=("fem", "other"))


def simulator(gain, settings=PLAIN, split="train"):
    arguments = {"seed": 5, "split": split, "electrodes": ELECTRODES}
    return Simulator(gain, POSITIONS, MODELS, settings, **arguments)


@pytest.mark.parametrize("noise", [Noise(), Noise(snr_db=(0, 10))])
def test_a_sample_is_that_of_the_operator_it_draws(noise):
    changes = {"noise": noise, "amplitude_ratio": (0.5, 1.0), "bad_channels": BadChannels((0, 2))}
    data = simulate_samples(simulator([GAIN, OTHER], replace(BOTH, **changes)), range(150))
    drawn = data["operator"].values
    assert data.attrs["operators"] == "fem, other"
    for number, gain in enumerate((GAIN, OTHER)):
        alone = simulate_samples(simulator(gain, replace(PLAIN, **changes)), range(150))
        rows = drawn == number
        # Half of 150, within five standard deviations of a fair coin.
        assert abs(rows.sum() - 75) < 5 * np.sqrt(150 / 4)
        np.testing.assert_array_equal(data["eeg"].values[rows], alone["eeg"].values[rows])
        np.testing.assert_array_equal(data["truth_dipole"], alone["truth_dipole"])


def test_numbers_depend_on_the_index_alone_and_files_keep_them(tmp_path):
    both = simulator([GAIN, OTHER], BOTH)
    whole = simulate_samples(both, range(70))
    some = simulate_samples(both, [66, 3])
    np.testing.assert_array_equal(some["eeg"], whole["eeg"].values[[66, 3]])
    for number, part in enumerate((range(40), range(40, 70))):
        write_chunk(tmp_path / f"{number}.nc", simulate_samples(both, part))
    joined = read_chunks([tmp_path / "0.nc", tmp_path / "1.nc"])
    for name in ("eeg", "operator"):
        np.testing.assert_array_equal(joined[name], whole[name])


def test_a_recording_has_one_operator():
    seen = set()
    for split in "ABCDEFGH":
        both = simulator([GAIN, OTHER], BOTH, split=split)
        data = simulate_continuous(both, [4, 200], [50.0, 50.0], duration_s=2.0)
        (number,) = set(data["operator"].values.tolist())
        alone = simulator((GAIN, OTHER)[number], split=split)
        expected = simulate_continuous(alone, [4, 200], [50.0, 50.0], duration_s=2.0)
        np.testing.assert_array_equal(data["eeg"], expected["eeg"])
        seen.add(number)
    assert seen == {0, 1}


def test_one_operator_is_written_as_before_and_names_are_checked():
    assert settings_from({"operator": "fem"}) == PLAIN
    assert "operator" not in PLAIN.to_dict()
    assert settings_from({"operator": "bem"}).to_dict()["operator"] == ("bem",)
    with pytest.raises(UserError, match="simulation.operator: .* each once"):
        settings_from({"operator": ["fem", "fem"]})


def test_moved_electrodes_stay_on_the_scalp_and_are_off_by_what_is_asked():
    unit, triangles = icosphere(4)
    scalp = 90 * unit, triangles
    starts = np.random.default_rng(0).standard_normal((2000, 3))
    start = 90 * starts / np.linalg.norm(starts, axis=1)[:, None]
    names = [str(number) for number in range(2000)]
    moved = displaced(
        Electrodes(names, start), scalp, error_mm=5, generator=np.random.default_rng(1)
    )
    distance = np.linalg.norm(moved.positions - start, axis=1)
    # 4000 Gaussian components: 1 / sqrt(8000) of the rms; the triangles lie up to 0.3 mm deep.
    assert np.sqrt((distance**2).mean()) == pytest.approx(5, rel=0.06)
    assert np.abs(np.linalg.norm(moved.positions, axis=1) - 90).max() < 0.4
    # No direction is preferred.
    assert np.abs((moved.positions - start).mean(axis=0)).max() < 5 * 5 / np.sqrt(3 * 2000)
    assert len(ELECTRODES) == E
