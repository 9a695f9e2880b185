"""Samples without any source: simulated, stored and scored."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from realism_case import GAIN, MODELS, PLAIN, POSITIONS, added, simulate

from multisource.errors import UserError
from multisource.evaluation.distances import TruthDistances, read_distances, write_distances
from multisource.evaluation.metrics import evaluate
from multisource.evaluation.summary import compare, summarise
from multisource.simulation.chunks import read_chunks, write_chunk
from multisource.simulation.settings import Artefacts, settings_from
from multisource.simulation.truth import SparseTruth

NOTHING = replace(PLAIN, n_patches=(0, 0))


def test_the_background_alone_has_its_covariance():
    data = simulate(NOTHING, range(3000))
    truth = SparseTruth.from_dataset(data)
    assert len(truth.dipole) == 0 and set(truth.n_patches) == {0}
    eeg = data["eeg"].values.astype(float)
    # One time of each sample: independent, of covariance A A' (unit variance in both classes).
    drawn = np.einsum("se,sf->ef", eeg[:, :, 20], eeg[:, :, 20]) / 3000
    expected = 1e-18 * GAIN @ GAIN.T
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs((drawn - expected) / scale).max() < 6 * np.sqrt(2 / 3000)
    assert len(MODELS.names) == 2


def test_some_samples_may_have_none():
    data = simulate(replace(PLAIN, n_patches=(0, 2)), range(900))
    count = np.count_nonzero(data["centre"].values >= 0, axis=1)
    assert np.all(np.abs(np.bincount(count) - 300) < 5 * np.sqrt(900 * 2 / 9))
    size = data["eeg"].values.std(axis=(1, 2))
    assert np.median(size[count == 0]) < 0.7 * np.median(size[count == 2])


def test_artefacts_and_files_and_ratios_do_without_a_source(tmp_path):
    settings = replace(NOTHING, artefacts=Artefacts(blink=0.5), amplitude_ratio=(0.5, 1))
    data = simulate(settings, range(30))
    assert data["disturbed"].sum() > 5
    assert np.abs(added(settings)).max() > 0
    write_chunk(tmp_path / "0.nc", data)
    write_chunk(tmp_path / "1.nc", simulate(settings, range(30, 50)))
    joined = read_chunks([tmp_path / "0.nc", tmp_path / "1.nc"])
    np.testing.assert_array_equal(joined["eeg"], simulate(settings, range(50))["eeg"])
    assert not SparseTruth.from_dataset(joined).dense().any()


def test_scores_of_such_windows_are_undefined_and_the_others_stay(tmp_path):
    truth = SparseTruth.from_dataset(simulate(replace(PLAIN, n_patches=(0, 2)), range(40)))
    maps = np.random.default_rng(0).uniform(size=(40, len(POSITIONS)))
    distances = TruthDistances.of(truth, POSITIONS)
    write_distances(tmp_path / "d.npz", distances)
    table = evaluate(maps, truth, POSITIONS, distances=read_distances(tmp_path / "d.npz"))
    empty = truth.n_patches == 0
    assert 0 < empty.sum() < 40 and len(table) == 40
    assert table.loc[empty, "fraction_active":].isna().all(axis=None)
    assert (table.loc[empty, ["n_sources", "n_active"]] == 0).all(axis=None)
    rows = np.flatnonzero(~empty)
    alone = evaluate(maps[rows], truth.take(rows)[0], POSITIONS)
    for name in ("fraction_active", "auc_close", "dr_least"):
        np.testing.assert_array_equal(table[name][rows], alone[name])
    # Without any source nothing is left to summarise, and nothing fails.
    none = evaluate(maps, SparseTruth.from_dataset(simulate(NOTHING, range(40))), POSITIONS)
    frames = (
        none.assign(scenario="nothing", method="a"),
        none.assign(scenario="nothing", method="b"),
    )
    both = pd.concat(frames, ignore_index=True)
    assert summarise(both).empty and compare(both, "a").empty


def test_the_numbers_of_patches_are_checked():
    with pytest.raises(UserError, match="n_patches"):
        settings_from({"n_patches": [-1, 2]})
