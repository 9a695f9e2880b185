"""What the chains of the patch posterior start from: noise, scan, and a network's map."""

import numpy as np
import pytest
from patch_case import N_DIPOLES, N_TIMES, ar_models, small_head

from multisource.posterior.disturbances import OUT
from multisource.posterior.likelihood import density, evaluate
from multisource.posterior.model import build_model
from multisource.posterior.moves import Births
from multisource.posterior.noise_profile import noise_profile
from multisource.posterior.prior import PriorSettings
from multisource.posterior.room import BOOST, NOISE, SCALE, WIDENING, scratch, terms
from multisource.posterior.sampler import Sampler, SamplerSettings
from multisource.posterior.scan import _settle, births, scan_table
from multisource.posterior.states import states

EXTENTS = np.array([30.0, 50.0])
LEVELS = np.array([0.0, 1e-5, 1e-3, 0.1, 3.0, 1e3])


@pytest.fixture(scope="module")
def model():
    """Return a small model."""
    gain, positions = small_head()
    cortex = np.arange(N_DIPOLES) % 7 > 0
    models = ar_models([1.2, -0.5])
    return build_model(gain, positions, models, n_times=N_TIMES, largest_mm=60.0, cortex=cortex)


@pytest.fixture(scope="module")
def table(model):
    """Return its scan."""
    return scan_table(model, spacing_mm=15.0, extents_mm=EXTENTS)


def one_state(n, widening=0.0):
    """Return room for two states; the first has n patches."""
    these = states(2)
    these.number[0] = n
    these.centre[0, :2], these.extent[0, :2] = (5, 40), (40.0, 55.0)
    these.values[0, [BOOST, SCALE, NOISE, WIDENING]] = 8.0, 1.2, 0.0, widening
    return these


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("free_scale", [True, False])
@pytest.mark.parametrize("strength", [0.0, OUT])
def test_the_profile_over_noise_is_the_likelihood(model, n, free_scale, strength):
    """Also where a direction is left out of the window, by a variance of 1e10."""
    direction = np.random.default_rng(9).standard_normal(8)
    model = model.disturbed(direction / np.linalg.norm(direction), strength)
    window = np.random.default_rng(n).standard_normal((8, N_TIMES)) * 3
    room, parts = scratch(model.geometry, model.spectra), terms(model.geometry, model.spectra, 2)
    these = one_state(n, widening=0.1)

    def evaluated(level):
        these.values[0, NOISE] = level
        evaluate(model.geometry, model.spectra, window, these, 0, room, parts, 0)
        scale = np.sqrt(parts.square[0] / window.size) if free_scale else 1.2
        return density(parts, 0, window.size, scale)

    expected = [evaluated(level) for level in LEVELS]
    values = these.values[0]
    profile = noise_profile(model.spectra, window, values, parts, n, free_scale=free_scale)
    # The matrix of the dipoles is summed in single precision, and symmetric to that only.
    np.testing.assert_allclose(profile.log_density(LEVELS), expected, rtol=1e-5)


@pytest.mark.parametrize("before", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(8))
def test_a_state_is_left_at_the_noise_that_it_names(model, seed, before):
    """Also where the level that it had is one of those that are tried again around the best."""
    rng = np.random.default_rng(seed)
    room, parts = scratch(model.geometry, model.spectra), terms(model.geometry, model.spectra, 2)
    levels = [0.0, *np.geomspace(1e-4, 1e2, 7)]
    spectra = model.spectra
    level = np.repeat(spectra.level, np.diff(spectra.group))
    # Below that of the levels which is nearest, by the logarithm.
    deviation = np.sqrt(1 + 0.5 * levels[5] * spectra.noise[:, None] * level)
    window = deviation * rng.standard_normal((8, N_TIMES))
    these = one_state(0)
    these.values[0, [SCALE, NOISE]] = 1.0, before * levels[5]
    found = _settle(model, window, these, levels, False, room, parts)
    left = parts.half[0], parts.square[0]
    evaluate(model.geometry, model.spectra, window, these, 0, room, parts, 0)
    assert left == (parts.half[0], parts.square[0])
    assert found == density(parts, 0, window.size, 1.0)
    for level in levels:
        these.values[0, NOISE] = level
        evaluate(model.geometry, model.spectra, window, these, 0, room, parts, 0)
        assert found >= density(parts, 0, window.size, 1.0) - 1e-4


def test_a_scan_within_a_map_keeps_its_largest_places(model, table):
    allowed = model.geometry.allowed
    proposal = np.random.default_rng(4).random(N_DIPOLES)
    part = table.within(proposal, allowed, 5)
    of_centre = [proposal[allowed][table.nearest == q].max() for q in range(len(table.centres))]
    kept = np.sort(np.argsort(of_centre)[-5:])
    np.testing.assert_array_equal(part.centres, table.centres[kept])
    whole = table.columns.reshape(8, len(EXTENTS), -1)
    np.testing.assert_array_equal(part.columns.reshape(8, len(EXTENTS), -1), whole[:, :, kept])
    np.testing.assert_array_equal(part.shares, table.shares[kept])
    held = part.nearest < 5
    np.testing.assert_array_equal(
        part.centres[part.nearest[held]], table.centres[table.nearest[held]]
    )
    assert not np.isin(table.nearest[~held], kept).any()


def test_a_map_that_says_nothing_leaves_the_scan_whole(model, table):
    allowed = model.geometry.allowed
    assert table.within(np.full(N_DIPOLES, 0.3), allowed, 5) is table
    assert table.within(np.arange(N_DIPOLES) / N_DIPOLES, allowed, len(table.centres)) is table


def test_patches_are_proposed_everywhere_though_rarely_outside_the_map(model, table):
    allowed = model.geometry.allowed
    part = table.within(np.random.default_rng(5).random(N_DIPOLES), allowed, 4)
    gain = np.array([[3.0, 0.0, 1.0, 2.0], [0.0, 40.0, 1.0, 2.0]])
    found: Births = births(part, model.geometry, [gain])
    density = np.exp(found.log_density[allowed])
    assert density.sum() == pytest.approx(1) and found.cumulative[-1] == pytest.approx(1)
    np.testing.assert_allclose(density[part.nearest == 4], 0.1 / len(allowed))
    assert density[part.nearest < 4].sum() > 0.9


def test_the_answer_is_that_of_the_scan_wherever_the_map_has_the_sources(model):
    """One strong source. Of the same start, two seeds differ by up to .07."""
    rng = np.random.default_rng(6)
    prior = PriorSettings(sources=(1, 1), extent_mm=(25.0, 60.0), boost=(8.0, 8.0), scale_sd=0.0)
    sampler = Sampler(model, prior, SamplerSettings(budget=10_000, chains=1, samples=4000))
    these = one_state(1)
    room, parts = scratch(model.geometry, model.spectra), terms(model.geometry, model.spectra, 2)
    evaluate(model.geometry, model.spectra, np.zeros((8, N_TIMES)), these, 0, room, parts, 0)
    window = rng.standard_normal((8, N_TIMES))
    window += np.outer(parts.topography[0, 0], 3 * rng.standard_normal(N_TIMES))
    distance = np.linalg.norm(model.positions - model.positions[5], axis=1)
    found = [
        sampler.posterior(window, seed=[1], background_nam=1.0, proposal=proposal)
        for proposal in (None, np.exp(-distance / 20), np.full(N_DIPOLES, 0.5))
    ]
    scan, network, nothing = (one.active for one in found)
    assert np.abs(scan - network).max() < 0.1 and scan.max() > 0.9
    # A flat map is no proposal: the same bits as without one.
    np.testing.assert_array_equal(scan, nothing)
