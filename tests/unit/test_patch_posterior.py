"""The chains over patches: the prior, calibration, and what is said of a window."""

import importlib
import pkgutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher
from patch_case import N_CHANNELS, N_DIPOLES, N_TIMES, ar_models, small_head
from scipy.stats import chisquare, kstest

import multisource.posterior as package
from multisource.errors import UserError
from multisource.posterior.chain import Record, run
from multisource.posterior.evidence import log_evidence
from multisource.posterior.likelihood import log_likelihood
from multisource.posterior.model import build_model
from multisource.posterior.moves import MOVES, Births
from multisource.posterior.prior import PriorSettings
from multisource.posterior.room import scratch, terms
from multisource.posterior.sampler import Sampler, SamplerSettings, draw_prior
from multisource.posterior.states import States, states
from multisource.posterior.summary import match
from multisource.posterior.topography import forget, own_matrix, superpose, topography

PRIOR = PriorSettings(
    sources=(0, 3),
    extent_mm=(25.0, 60.0),
    boost=(5.0, 12.0),
    scale_sd=0.2,
    noise=(0.4, 1e-2, 1e1),
    widening=(0.4, 1e-3, 0.3),
    gain_sd=0.2,
)


@pytest.fixture(scope="module")
def model():
    """Return a small model with two classes of time courses."""
    gain, positions = small_head()
    models = ar_models([1.2, -0.5], [0.4], shares=[0.7, 0.3])
    cortex = np.arange(N_DIPOLES) % 7 > 0
    return build_model(gain, positions, models, n_times=N_TIMES, largest_mm=60.0, cortex=cortex)


def simulate(model, drawn, d, rng, courses=None):
    """Draw a whitened window from the model itself, by the covariance of each component.

    The courses of the patches, whitened, may be given.
    """
    geometry, spectra = model.geometry, model.spectra
    n, values = int(drawn.number[d]), drawn.values[d]
    room = scratch(geometry, spectra)
    r = N_CHANNELS - 1
    own, columns = np.zeros((r, r)), np.zeros((n, r))
    count = superpose(geometry, drawn.centre[d], drawn.extent[d], n, room.total, room.active)
    own_matrix(geometry, values[0], count, room, own)
    for p in range(n):
        column, boost = columns[p], values[0] * drawn.gain[d, p]
        topography(geometry, drawn.centre[d, p], drawn.extent[d, p], boost, room.total, column)
    forget(room.total, room.active, count)
    window = np.empty((r, N_TIMES))
    level = np.repeat(spectra.level, np.diff(spectra.group))
    for k in range(N_TIMES):
        covariance = own + np.diag(values[2] * level[k] * spectra.noise)
        covariance += values[3] * (columns**2).sum() / r * np.eye(r)
        for p in range(n if courses is None else 0):
            root = spectra.roots[drawn.course[d, p], k] * columns[p]
            covariance += np.outer(root, root)
        window[:, k] = values[1] * np.linalg.cholesky(covariance) @ rng.standard_normal(r)
    return window if courses is None else window + columns.T @ courses


def test_without_the_likelihood_the_chain_draws_the_prior(model):
    """Moves between numbers, places and sizes, from proposals that are far from the prior."""
    geometry, spectra = model.geometry, model.spectra
    rng = np.random.default_rng(11)
    density = rng.random(len(geometry.allowed)) ** 3 + 0.05
    density /= density.sum()
    logarithm = np.full(N_DIPOLES, -np.inf)
    logarithm[geometry.allowed] = np.log(density)
    these, kept = states(3), 4000
    these.values[0] = 8.0, 1.0, 0.0, 0.0
    record = Record(
        states(kept),
        np.zeros(kept),
        np.zeros(N_DIPOLES),
        np.zeros(N_DIPOLES),
        np.zeros((3, len(MOVES)), np.int64),
        np.zeros((kept, 1)),
    )
    run(
        geometry,
        spectra,
        rng.standard_normal((N_CHANNELS - 1, N_TIMES)),
        PRIOR.compiled(spectra.shares),
        Births(np.cumsum(density), logarithm),
        np.zeros(1),
        these,
        1000,
        40,
        scratch(geometry, spectra),
        terms(geometry, spectra, 3),
        record,
        rng,
    )
    # All kinds of moves between numbers of patches have been taken.
    assert (record.tried[2, [3, 4, 5, 6]] > 50).all()
    samples = record.samples
    # Samples follow each other: every 20th is nearly independent.
    thin = slice(None, None, 20)
    number = samples.number[thin]
    assert chisquare(np.bincount(number, minlength=4)).pvalue > 1e-3
    first = number > 0
    extent = (samples.extent[thin, 0][first] - 25) / 35
    assert kstest(extent, "uniform").pvalue > 1e-3
    second = number > 1
    assert kstest((samples.extent[thin, 1][second] - 25) / 35, "uniform").pvalue > 1e-3
    centres = samples.centre[thin, 0][first]
    # In eight parts of the allowed dipoles, which are in no order.
    part = np.searchsorted(geometry.allowed, centres) * 8 // len(geometry.allowed)
    assert chisquare(np.bincount(part, minlength=8)).pvalue > 1e-3
    assert geometry.permitted[centres].all()
    shares = np.bincount(samples.course[thin, 0][first], minlength=2)
    assert chisquare(shares, spectra.shares * shares.sum()).pvalue > 1e-3
    gain = np.log(samples.gain[thin, 0][first]) / 0.2
    assert kstest(gain, "norm").pvalue > 1e-3
    values = samples.values[thin]
    assert kstest(np.log(values[:, 0] / 5) / np.log(12 / 5), "uniform").pvalue > 1e-3
    assert kstest(np.log(values[:, 1]) / 0.2, "norm").pvalue > 1e-3
    for column, (none, low, high) in ((2, PRIOR.noise), (3, PRIOR.widening)):
        some = values[:, column] > 0
        # Five standard errors of 200 draws.
        assert some.mean() == pytest.approx(1 - none, abs=5 * np.sqrt(0.24 / len(some)))
        spread = np.log(values[some, column] / low) / np.log(high / low)
        assert kstest(spread, "uniform").pvalue > 1e-3


def test_the_truth_ranks_evenly_among_the_samples(model):
    """Simulation-based calibration (Talts et al. 2018), on windows from the prior."""
    rng = np.random.default_rng(12)
    settings = SamplerSettings(budget=8000, chains=1, samples=80)
    sampler = Sampler(model, PRIOR, settings)
    n_windows = 70
    drawn = draw_prior(model, PRIOR, n_windows, rng)
    ranks = {name: [] for name in ("number", "boost", "scale", "noise", "size", "density")}
    truly, said = [], []
    for d in range(n_windows):
        window = simulate(model, drawn, d, rng)
        (record,) = sampler.sample(window, seed=[5, d])
        samples, n = record.samples, int(drawn.number[d])
        truth = log_likelihood(
            model.geometry,
            model.spectra,
            window,
            drawn.centre[d, :n],
            drawn.extent[d, :n],
            boost=drawn.values[d, 0],
            scale=drawn.values[d, 1],
            noise=drawn.values[d, 2],
            widening=drawn.values[d, 3],
            classes=drawn.course[d, :n],
            gains=drawn.gain[d, :n],
        )
        truth += 0.5 * window.size * np.log(2 * np.pi)
        pairs = {
            "number": (n, samples.number),
            "boost": (drawn.values[d, 0], samples.values[:, 0]),
            "scale": (drawn.values[d, 1], samples.values[:, 1]),
            "noise": (drawn.values[d, 2], samples.values[:, 2]),
            "size": (drawn.extent[d, :n].sum(), _sizes(samples)),
            "density": (truth, record.log_likelihood),
        }
        for name, (value, others) in pairs.items():
            below, same = (others < value).sum(), (others == value).sum()
            ranks[name].append((below + rng.random() * (same + 1)) / (len(others) + 1))
        active = np.zeros(N_DIPOLES, bool)
        for p in range(n):
            gap = np.linalg.norm(model.positions - model.positions[drawn.centre[d, p]], axis=1)
            active |= gap < drawn.extent[d, p] / 2
        truly.append(active)
        said.append(record.active / len(record.log_likelihood))
    for name, values in ranks.items():
        assert kstest(values, "uniform").pvalue > 1e-3, name
    # Of the dipoles said to be active with a probability, that part is.
    truly, said = np.concatenate(truly), np.concatenate(said)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        bin_ = (said >= low) & (said < high)
        assert truly[bin_].mean() == pytest.approx(said[bin_].mean(), abs=0.12)


def _sizes(samples: States):
    inside = np.arange(samples.extent.shape[1]) < samples.number[:, None]
    return np.where(inside, samples.extent, 0).sum(axis=1)


def test_same_seed_same_bits_in_any_order_and_thread(model):
    rng = np.random.default_rng(13)
    drawn = draw_prior(model, PRIOR, 3, rng)
    windows = [simulate(model, drawn, d, rng) for d in range(3)]
    settings = SamplerSettings(budget=300, chains=2, temperatures=2, samples=30)

    def maps(order):
        sampler = Sampler(model, PRIOR, settings)
        found = {i: sampler.posterior(windows[i], seed=[1, i], background_nam=1.0) for i in order}
        return [found[i] for i in range(3) if i in found]

    once = maps([0, 1, 2])
    with ThreadPoolExecutor(2) as pool:
        backwards, alone = pool.map(maps, [[2, 1, 0], [1]])
    for first, second in (*zip(once, backwards, strict=True), (once[1], alone[0])):
        np.testing.assert_array_equal(first.active, second.active)
        np.testing.assert_array_equal(first.coefficient, second.coefficient)
        assert first.log_evidence == second.log_evidence
        assert [s.centre for s in first.sources] == [s.centre for s in second.sources]
    other = Sampler(model, PRIOR, settings).posterior(windows[0], seed=[2, 0], background_nam=1.0)
    assert not np.array_equal(once[0].active, other.active)


def test_no_compiled_function_may_change_the_order_of_sums():
    """Such a function gave other bits from Numba's cache than in the run that compiled it.

    The compiler keeps a copy of it in each of its callers, orders the sums of each copy anew, and
    which copy runs depends on what was compiled in this process.
    """
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    compiled = {
        function.__qualname__: function
        for module in modules
        for function in vars(module).values()
        if isinstance(function, CPUDispatcher)
    }
    assert len(compiled) > 30
    assert not [name for name, f in compiled.items() if f.targetoptions.get("fastmath")]


def test_a_strong_source_is_found_with_its_course(model):
    """One patch, its course far above the background, and no noise."""
    rng = np.random.default_rng(14)
    prior = PriorSettings(
        sources=(0, 2),
        extent_mm=(30.0, 60.0),
        boost=(20.0, 40.0),
        scale_sd=0.0,
        noise=(1.0, 1e-2, 1e1),
        widening=(1.0, 1e-3, 0.3),
        classes=False,
    )
    centre, extent, boost = 30, 50.0, 30.0
    drawn = states(1)
    drawn.number[0], drawn.centre[0, 0], drawn.extent[0, 0] = 1, centre, extent
    drawn.values[0] = boost, 1.0, 0.0, 0.0
    white = rng.standard_normal(N_TIMES)
    window = simulate(model, drawn, 0, rng, courses=white[None])
    settings = SamplerSettings(budget=2000, chains=2, samples=200)
    areas = np.full(N_DIPOLES, 20.0)
    found = Sampler(model, prior, settings).posterior(
        window, seed=[0], background_nam=2.0, areas_mm2=areas
    )
    assert found.number[0] == 0 and found.number.sum() == pytest.approx(1)
    source = found.sources[0]
    assert source.probability > 0.95
    assert source.area_mm2 == 20.0 * len(source.region)
    near = np.linalg.norm(model.positions[source.centre] - model.positions[centre])
    assert near <= max(25.0, source.radius_mm[1])
    mean, low, high = source.course
    truth = 2.0 * boost * white @ np.linalg.inv(model.time)
    assert np.corrcoef(mean, truth)[0, 1] > 0.9
    assert (low < mean).all() and (mean < high).all()
    assert found.active[centre] > 0.5
    assert (found.coefficient <= found.active + 1e-12).all()


def test_patches_of_samples_are_matched_nearest_first():
    places = np.column_stack([10.0 * np.arange(20), np.zeros(20), np.zeros(20)])
    centres = np.array([[3, 9, 0, 0, 0, 0], [10, 4, 0, 0, 0, 0], [19, 0, 0, 0, 0, 0]])
    found = match(centres, np.array([2, 2, 1]), np.array([3, 10]), places)
    assert found.tolist() == [[0, 1], [1, 0], [-1, -1]]


def test_evidence_of_a_gaussian():
    """x ~ N(mean, 1), mean ~ N(0, 2^2): the evidence is N(x; 0, 1 + 2^2), its powers Gaussian."""
    rng = np.random.default_rng(15)
    x, betas = 1.5, np.geomspace(1, 0.05, 5)
    heat = np.empty((4000, 5))
    for t, beta in enumerate(betas):
        variance = 1 / (beta + 1 / 4)
        mean = variance * beta * x + np.sqrt(variance) * rng.standard_normal(4000)
        heat[:, t] = -0.5 * (x - mean) ** 2
    drawn = -0.5 * (x - 2 * rng.standard_normal(4000)) ** 2
    value, error = log_evidence(betas, [heat[:2000], heat[2000:]], drawn)
    expected = -0.5 * np.log(5) - 0.5 * x**2 / 5
    assert 0 < error < 0.05
    assert value == pytest.approx(expected, abs=5 * error)


def test_settings_out_of_range_are_refused():
    with pytest.raises(UserError, match="sources"):
        PriorSettings(sources=(2, 9))
    with pytest.raises(UserError, match="extent_mm"):
        PriorSettings(extent_mm=(30.0, 20.0))
    with pytest.raises(UserError, match="budget"):
        SamplerSettings(budget=0)
    with pytest.raises(UserError, match="credibility"):
        SamplerSettings(credibility=1.0)
