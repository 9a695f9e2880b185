"""Chunk files: round trip, joining, damage named when read, size."""

import numpy as np
import pytest
import xarray as xr

from multisource.errors import UserError
from multisource.simulation.ar import ARModels
from multisource.simulation.chunks import (
    read_chunk,
    read_chunks,
    read_eeg,
    read_truth,
    write_chunk,
)
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Settings
from multisource.simulation.truth import SparseTruth

MODELS = ARModels(("a", "b"), (np.array([0.9]), np.array([0.5])), np.array([0.5, 0.5]), 250.0)


def make(indices, split="train"):
    rng = np.random.default_rng(3)
    positions = rng.uniform(-60, 60, (300, 3))
    gain = rng.standard_normal((6, 300))
    simulator = Simulator(gain, positions, MODELS, Settings(), seed=5, split=split)
    return simulate_samples(simulator, indices)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "chunk-0.nc"
    write_chunk(path, make(range(20)), chunk=0)
    return path


def test_round_trip_keeps_every_value_and_is_open_to_plain_xarray(written):
    data = make(range(20))
    with xr.open_dataset(written) as plain:
        for name in data.variables:
            np.testing.assert_array_equal(plain[name].values, data[name].values)
        assert plain["eeg"].dtype == np.float32 and plain["eeg"].attrs["units"] == "V"
        assert plain.attrs["seed"] == 5 and plain.attrs["split"] == "train"
        assert len(plain.attrs["config_hash"]) == 16


def test_chunks_join_to_the_same_samples_as_one_chunk(tmp_path):
    paths = [tmp_path / f"chunk-{i}.nc" for i in range(3)]
    for i, part in enumerate((range(0, 7), range(7, 8), range(8, 20))):
        write_chunk(paths[i], make(part), chunk=i)
    joined, whole = read_chunks(paths), make(range(20))
    for name in whole.variables:
        np.testing.assert_array_equal(joined[name].values, whole[name].values)
    # The light readers give the same numbers, without labels.
    windows, truth = read_eeg(paths), read_truth(paths)
    np.testing.assert_array_equal(windows.eeg, whole["eeg"].values)
    assert windows.channels == list(whole["channel"].values) and windows.sfreq == 250
    for name, (_, values) in truth.variables().items():
        np.testing.assert_array_equal(values, whole[name].values)
    assert truth.n_dipoles == 300


def test_dense_truth_is_one_at_the_centres_and_zero_off_the_patches():
    data = make(range(20))
    maps = SparseTruth.from_dataset(data).dense()
    assert maps.shape == (20, 300) and maps.dtype == np.float32
    for row, centres in zip(maps, data["centre"].values, strict=True):
        np.testing.assert_array_equal(row[centres[centres >= 0]], 1.0)
    assert (maps > 0).sum() == data.sizes["active"]


@pytest.mark.parametrize("place", [0.1, 0.4, 0.7, 0.95])
def test_a_flipped_byte_is_found_or_changes_nothing(written, place):
    # A byte of the file may be padding; then every value must still be the one written.
    raw = bytearray(written.read_bytes())
    raw[int(place * len(raw))] ^= 0xFF
    written.write_bytes(raw)
    try:
        data = read_chunk(written)
    except UserError as error:
        assert str(written) in str(error)
    else:
        xr.testing.assert_equal(data, make(range(20)))


def test_a_flipped_byte_inside_the_eeg_is_always_found(written):
    raw = bytearray(written.read_bytes())
    place = raw.find(make(range(20))["eeg"].values[7].tobytes())
    assert place > 0  # the EEG lies uncompressed in the file
    raw[place + 11] ^= 0x01
    written.write_bytes(raw)
    with pytest.raises(UserError, match="chunk-0.nc: the file is damaged"):
        read_chunk(written)
    with pytest.raises(UserError, match="chunk-0.nc: missing or damaged"):
        read_eeg([written])
    read_truth([written])  # which did not change


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.8, 0.99])
def test_a_truncated_chunk_is_named(written, kept):
    raw = written.read_bytes()
    written.write_bytes(raw[: int(kept * len(raw))])
    with pytest.raises(UserError, match="chunk-0.nc: the file is damaged or truncated"):
        read_chunk(written)


def test_a_missing_and_a_foreign_file_are_named(tmp_path):
    with pytest.raises(UserError, match="gone.nc: the file does not exist"):
        read_chunk(tmp_path / "gone.nc")
    xr.Dataset({"x": ("y", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(UserError, match="other.nc: no chunk of samples, it lacks eeg"):
        read_chunk(tmp_path / "other.nc")
    with pytest.raises(UserError, match="other.nc: no chunk of samples, it lacks truth_offset"):
        read_truth([tmp_path / "other.nc"])


def test_chunks_of_different_splits_are_not_joined(tmp_path):
    write_chunk(tmp_path / "a.nc", make(range(3)))
    write_chunk(tmp_path / "b.nc", make(range(3), split="test"))
    with pytest.raises(UserError, match="b.nc: its split is test"):
        read_chunks([tmp_path / "a.nc", tmp_path / "b.nc"])
    with pytest.raises(UserError, match="b.nc: its split is test"):
        read_eeg([tmp_path / "a.nc", tmp_path / "b.nc"])


def test_five_thousand_samples_take_less_than_120_megabytes(tmp_path):
    # Same shape as the paper's study, scaled down: 51 x 50 values and about 400 active dipoles
    # a sample. The bar is 120 MB for 5000 samples, 24 kB a sample.
    rng = np.random.default_rng(0)
    direction = rng.standard_normal((8196, 3))
    positions = (
        direction / np.linalg.norm(direction, axis=1)[:, None] * rng.uniform(40, 75, (8196, 1))
    )
    gain = rng.standard_normal((51, 8196))
    simulator = Simulator(gain, positions, MODELS, Settings(), seed=1, split="train")
    data = simulate_samples(simulator, range(200))
    write_chunk(tmp_path / "big.nc", data)
    assert (tmp_path / "big.nc").stat().st_size < 200 * 24_000


@pytest.mark.parametrize(("value", "words"), [(0, "nothing but zeros"), (np.nan, "not finite")])
def test_windows_without_a_signal_are_not_scored(tmp_path, value, words):
    data = make(range(4))
    data["eeg"].values[2] = value
    write_chunk(tmp_path / "chunk-0.nc", data, chunk=0)
    with pytest.raises(UserError, match=f"chunk-0.nc: window 2 holds .*{words}"):
        read_eeg([tmp_path / "chunk-0.nc"])
