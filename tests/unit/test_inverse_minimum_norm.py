"""The kernels of MNE-Python's solvers against ``apply_inverse`` on data."""

import inverse_case
import mne
import numpy as np
import pytest

from multisource.errors import UserError
from multisource.inverse import registry
from multisource.inverse.kernel import apply_kernel
from multisource.inverse.minimum_norm import METHODS, inverse_operator, unit_potentials

CASES = [
    *[(kind, {}) for kind in METHODS],
    *[(kind, {"orientation": "loose", "depth": 0.8}) for kind in ("mne", "dspm", "sloreta")],
    *[(kind, {"orientation": "fixed"}) for kind in METHODS],
    ("mne", {"orientation": "fixed", "depth": 0.8}),
]


def apply_inverse_norms(forward, data, kind, snr=3.0, orientation="free", loose=0.2, depth=0.0):
    """Norms (N, T) of MNE-Python's estimate of one window, the peer's own way."""
    info = unit_potentials(forward["sol"]["row_names"]).info
    evoked = mne.EvokedArray(data, info, verbose="error")
    operator = inverse_operator(forward, info, orientation=orientation, loose=loose, depth=depth)
    # Norm over orientations is what pick_ori=None means for a free operator.
    estimate = mne.minimum_norm.apply_inverse(
        evoked, operator, 1 / snr**2, METHODS[kind], pick_ori=None, verbose="error"
    )
    return np.abs(estimate.data)


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_kernel_is_apply_inverse(kind, options):
    forward = inverse_case.forward()
    kernel = registry.build_kernel(kind, forward, **options)
    data = inverse_case.random_data(1, len(kernel.channels), 7)[0]
    components = (kernel.matrix @ data).reshape(kernel.n_dipoles, kernel.orientations, -1)
    ours = np.linalg.norm(components, axis=1)
    peer = apply_inverse_norms(forward, data, kind, **options)
    # Both are double precision products of the same matrices.
    np.testing.assert_allclose(ours, peer, rtol=1e-6, atol=1e-9 * peer.max())


def test_maps_follow_the_papers_order_of_steps():
    forward = inverse_case.forward()
    kernel = registry.build_kernel("eloreta", forward)
    # More windows than one block, so that the last block is a part.
    data = inverse_case.random_data(70, len(kernel.channels), 5)
    maps = apply_kernel(kernel, data)
    for window in (0, 63, 64, 69):
        norms = apply_inverse_norms(forward, data[window], "eloreta")
        # float32 products of 28 terms: 1e-5 relative leaves a margin of twenty.
        np.testing.assert_allclose(maps[window], (norms / norms.max()).mean(axis=1), rtol=1e-5)


def test_dspm_and_sloreta_rescale_the_minimum_norm_dipole_by_dipole():
    forward = inverse_case.forward()
    mne_kernel = registry.build_kernel("mne", forward).matrix.reshape(-1, 3, 28)
    for kind in ("dspm", "sloreta"):
        ratio = registry.build_kernel(kind, forward).matrix.reshape(-1, 3, 28) / mne_kernel
        assert np.ptp(ratio, axis=(1, 2)).max() < 1e-6 * ratio.max()
        assert np.ptp(ratio) > 0.1 * ratio.max()


@pytest.mark.parametrize("orientation", ["free", "fixed"])
def test_eloreta_localises_every_single_dipole_without_error(orientation):
    """Pascual-Marqui 2007: exact, zero error localisation of point sources without noise."""
    forward = inverse_case.forward()
    kernel = registry.build_kernel("eloreta", forward, orientation=orientation)
    normals = np.concatenate([s["nn"][s["vertno"]] for s in forward["src"]])
    gain = forward["sol"]["data"].reshape(28, -1, 3)
    data = np.einsum("enx,nx->ne", gain, normals)[:, :, None]
    peaks = apply_kernel(kernel, data).argmax(axis=1)
    assert (peaks == np.arange(len(peaks))).all()


@pytest.mark.parametrize("orientation", ["free", "fixed"])
def test_eloreta_is_its_fixed_point(orientation):
    """Pascual-Marqui 2007: W_i = (L_i' M L_i)^(1/2), M = (L W^-1 L' + alpha I)^-1."""
    forward = inverse_case.forward()
    gain = forward["sol"]["data"]
    width = 3
    if orientation == "fixed":
        normals = np.concatenate([s["nn"][s["vertno"]] for s in forward["src"]])
        gain = np.einsum("enx,nx->en", gain.reshape(28, -1, 3), normals)
        width = 1
    blocks = gain.reshape(28, -1, width).transpose(1, 0, 2)
    prior = np.broadcast_to(np.eye(width), (len(blocks), width, width))
    for _ in range(60):
        weighted = blocks @ prior
        gram = np.einsum("nek,nfk->ef", weighted, blocks)
        # alpha = 1/9 of the mean eigenvalue of the weighted leadfield, in every step.
        inverse = np.linalg.inv(gram + np.trace(gram) / 27 / 9 * np.eye(28))
        values, vectors = np.linalg.eigh(blocks.transpose(0, 2, 1) @ inverse @ blocks)
        prior = (vectors / np.sqrt(values)[:, None]) @ vectors.transpose(0, 2, 1)
    expected = (prior @ blocks.transpose(0, 2, 1)).reshape(-1, 28) @ inverse
    ours = registry.build_kernel("eloreta", forward, orientation=orientation).matrix
    scale = (ours * expected).sum() / (expected**2).sum()
    # MNE-Python stops its iteration at a change of 1e-6; eLORETA's unit is arbitrary.
    np.testing.assert_allclose(ours, scale * expected, atol=1e-5 * np.abs(ours).max(), rtol=0)


@pytest.mark.parametrize(("snr", "depth"), [(3.0, 0.0), (3.0, 0.8), (1.0, 0.5)])
def test_minimum_norm_is_its_formula(snr, depth):
    """R L' (L R L' + alpha I)^-1, R_i = d_i^-depth, d_i the largest eigenvalue of L_i'L_i."""
    forward = inverse_case.forward()
    gain = forward["sol"]["data"]
    blocks = gain.reshape(28, -1, 3)
    size = np.linalg.norm(np.einsum("eix,eiy->ixy", blocks, blocks), 2, axis=(1, 2))
    # MNE-Python bounds the weights at a ratio of 100; no dipole here is that deep.
    assert size.max() < 100 * size.min()
    prior = np.repeat(size**-depth, 3)[:, None] * gain.T
    gram = gain @ prior
    alpha = np.trace(gram) / 27 / snr**2
    expected = prior @ np.linalg.inv(gram + alpha * np.eye(28))
    ours = registry.build_kernel("mne", forward, snr=snr, depth=depth).matrix
    scale = (ours * expected).sum() / (expected**2).sum()
    # The overall unit of an estimate with depth weights is MNE-Python's own.
    np.testing.assert_allclose(ours, scale * expected, atol=1e-9 * np.abs(ours).max(), rtol=0)


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("champagne", {}, "kind"),
        ("mne", {"deph": 0.8}, "deph"),
        ("mne", {"orientation": "normal"}, "orientation"),
        ("mne", {"orientation": "loose", "loose": 0.0}, "loose"),
        ("mne", {"snr": 0.0}, "snr"),
        ("mne", {"depth": -1.0}, "depth"),
        ("mne", {"noise": np.eye(3)}, "noise_covariance"),
        ("mne", {"noise": "pink"}, "noise: 'pink'; allowed: white, background"),
        ("eloreta", {"orientation": "loose"}, "orientation: loose; eLORETA"),
        ("eloreta", {"depth": 0.8}, "depth: 0.8; eLORETA"),
    ],
)
def test_bad_options_are_refused_by_name(kind, options, word):
    with pytest.raises(UserError, match=word):
        registry.build_kernel(kind, inverse_case.forward(), **options)
