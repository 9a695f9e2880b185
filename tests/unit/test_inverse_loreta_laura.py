"""LORETA and LAURA against dense evaluations of their defining formulas."""

import inverse_case
import numpy as np
import pytest
import scipy.linalg

from multisource.errors import UserError
from multisource.inverse import laura, loreta, registry
from multisource.inverse.mesh import neighbours

E = 28
H = np.eye(E) - 1 / E


def geometry():
    """Positions (mm), normals, mesh edges from the triangles themselves, free gain."""
    forward = inverse_case.forward()
    positions, normals, pairs, offset = [], [], set(), 0
    for surface in forward["src"]:
        index = {vertex: offset + i for i, vertex in enumerate(surface["vertno"])}
        for triangle in surface["use_tris"]:
            a, b, c = (index[v] for v in triangle)
            pairs |= {(a, b), (b, c), (c, a), (b, a), (c, b), (a, c)}
        positions.append(1000 * surface["rr"][surface["vertno"]])
        normals.append(surface["nn"][surface["vertno"]])
        offset += surface["nuse"]
    normals = np.concatenate(normals)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return forward, np.concatenate(positions), normals, pairs


def dense_kernel(gain, prior, snr=3.0):
    """R L' (L R L' + alpha H)^+ by the textbook, R dense."""
    gram = gain @ prior @ gain.T
    alpha = np.trace(gram) / (E - 1) / snr**2
    return prior @ gain.T @ scipy.linalg.pinv(gram + alpha * H, rtol=1e-10)


def expand(matrix, orientation, normals, loose=0.2):
    """Kronecker product with I_3, between the roots of the orientation prior."""
    if orientation == "fixed":
        return matrix
    matrix = np.kron(matrix, np.eye(3))
    if orientation == "loose":
        blocks = [np.outer(n, n) + np.sqrt(loose) * (np.eye(3) - np.outer(n, n)) for n in normals]
        root = scipy.linalg.block_diag(*blocks)
        matrix = root @ matrix @ root
    return matrix


def gain_of(forward, orientation, normals):
    gain = forward["sol"]["data"]
    if orientation == "fixed":
        return np.einsum("enx,nx->en", gain.reshape(E, -1, 3), normals)
    return gain


@pytest.mark.parametrize("orientation", ["free", "loose", "fixed"])
@pytest.mark.parametrize("depth", [1.0, 0.0])
def test_loreta_is_its_formula(orientation, depth):
    forward, positions, normals, pairs = geometry()
    n = len(positions)
    adjacency = np.zeros((n, n))
    for i, k in pairs:
        adjacency[i, k] = 1
    b = adjacency / adjacency.sum(axis=1, keepdims=True) - np.eye(n)
    penalty = b.T @ b
    penalty += 1e-2 * np.trace(penalty) / n * np.eye(n)
    # Omega from the free leadfield whatever the orientation (equation 11 of the 1999 review).
    norms = np.linalg.norm(forward["sol"]["data"].reshape(E, -1, 3), axis=(0, 2)) ** depth
    prior = np.linalg.inv(np.diag(norms) @ penalty @ np.diag(norms))
    expected = dense_kernel(
        gain_of(forward, orientation, normals), expand(prior, orientation, normals)
    )
    ours = registry.build_kernel("loreta", forward, orientation=orientation, depth=depth).matrix
    # The condition number of the penalty, about 1e3, times double precision, with a wide margin.
    np.testing.assert_allclose(ours, expected, atol=1e-9 * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("orientation", ["free", "loose", "fixed"])
@pytest.mark.parametrize(("exponent", "n_v", "depth"), [(3.0, None, 0.0), (2.0, 26, 1.0)])
def test_laura_is_its_formula(orientation, exponent, n_v, depth):
    forward, positions, normals, pairs = geometry()
    n = len(positions)
    vicinity = [[k for i, k in pairs if i == point] for point in range(n)]
    largest = n_v or max(map(len, vicinity))
    a = np.zeros((n, n))
    for i, ring in enumerate(vicinity):
        for k in ring:
            weight = np.linalg.norm(positions[i] - positions[k]) ** -exponent
            a[i, k] = -weight
            a[i, i] += largest / len(ring) * weight
    penalty = a.T @ a
    penalty += 1e-2 * np.trace(penalty) / n * np.eye(n)
    norms = np.linalg.norm(forward["sol"]["data"].reshape(E, -1, 3), axis=(0, 2)) ** depth
    prior = np.linalg.inv(np.diag(norms) @ penalty @ np.diag(norms))
    expected = dense_kernel(
        gain_of(forward, orientation, normals), expand(prior, orientation, normals)
    )
    ours = registry.build_kernel(
        "laura",
        forward,
        orientation=orientation,
        exponent=exponent,
        max_neighbours=n_v,
        depth=depth,
    ).matrix
    np.testing.assert_allclose(ours, expected, atol=1e-9 * np.abs(expected).max(), rtol=0)


def test_laplacian_and_autoregression_annihilate_what_they_should():
    edges = neighbours(inverse_case.forward())
    ones = np.ones(edges.shape[0])
    assert np.abs(loreta.laplacian(edges) @ ones).max() < 1e-12
    operator = laura.autoregression(edges, 3.0)
    degree = np.diff(edges.indptr)
    full = degree == degree.max()
    residual = operator @ ones
    # A full vicinity predicts a constant exactly; a smaller one has a heavier diagonal.
    assert np.abs(residual[full]).max() < 1e-10 * operator.diagonal().max()
    assert (residual[~full] > 0).all() and (~full).any()


def test_laura_with_many_notional_neighbours_becomes_a_weighted_minimum_norm():
    """N_V = number of dipoles, as a public implementation has it, leaves the diagonal alone."""
    edges = neighbours(inverse_case.forward())
    published = laura.autoregression(edges, 3.0).toarray()
    diluted = laura.autoregression(edges, 3.0, max_neighbours=edges.shape[0]).toarray()

    def coupling(a):
        diagonal = np.diag(a)
        return np.median((np.abs(a).sum(axis=1) - diagonal) / diagonal)

    assert coupling(published) > 0.9
    assert coupling(diluted) < 0.1


def test_smoother_penalty_gives_smoother_maps():
    forward = inverse_case.forward()
    edges = neighbours(forward).tocoo()
    data = inverse_case.random_data(1, E, 1)[0]

    def roughness(kind, **options):
        kernel = registry.build_kernel(kind, forward, orientation="fixed", **options)
        j = (kernel.matrix @ data)[:, 0]
        return ((j[edges.row] - j[edges.col]) ** 2).sum() / (j**2).sum()

    rough = roughness("mne")
    assert roughness("loreta", depth=0.0) < 0.5 * rough
    assert roughness("laura") < 0.5 * rough
    assert roughness("loreta", epsilon=1e-3) < roughness("loreta", epsilon=1.0)


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("loreta", {"epsilon": 0.0}, "epsilon"),
        ("loreta", {"exponent": 2.0}, "exponent"),
        ("laura", {"exponent": 0.0}, "exponent"),
        ("laura", {"max_neighbours": 3}, "max_neighbours"),
        ("laura", {"orientation": "loose", "loose": 2.0}, "loose"),
    ],
)
def test_bad_options_are_refused_by_name(kind, options, word):
    with pytest.raises(UserError, match=word):
        registry.build_kernel(kind, inverse_case.forward(), **options)


@pytest.mark.parametrize("kind", ["loreta", "laura", "mne"])
def test_white_noise_of_any_size_is_the_default(kind):
    forward = inverse_case.forward()
    default = registry.build_kernel(kind, forward).matrix
    scaled = registry.build_kernel(kind, forward, noise=1e-12 * np.eye(E)).matrix
    np.testing.assert_allclose(scaled, default, atol=1e-9 * np.abs(default).max(), rtol=0)


@pytest.mark.parametrize("kind", ["loreta", "mne"])
def test_noise_covariance_is_that_of_the_formula(kind):
    """R L' (L R L' + alpha C)^+ with alpha = tr(C^+ L R L') / (E - 1) / snr^2."""
    forward, _, normals, _ = geometry()
    spread = np.random.default_rng(0).standard_normal((E, E))
    noise = H @ (spread @ spread.T + np.eye(E)) @ H
    gain = gain_of(forward, "fixed", normals)
    ours = registry.build_kernel(
        kind, forward, orientation="fixed", noise=1e-12 * (noise + 3)
    ).matrix
    prior = np.eye(gain.shape[1])
    if kind == "loreta":
        edges = neighbours(forward)
        norms = np.linalg.norm(forward["sol"]["data"].reshape(E, -1, 3), axis=(0, 2))
        prior = loreta.smooth_prior(loreta.laplacian(edges), 1e-2, norms)(prior)
    gram = gain @ prior @ gain.T
    alpha = np.trace(scipy.linalg.pinv(noise, rtol=1e-10) @ gram) / (E - 1) / 9
    expected = prior @ gain.T @ scipy.linalg.pinv(gram + alpha * noise, rtol=1e-10)
    # MNE-Python whitens by an eigenvalue decomposition that is good to 2e-7 here.
    np.testing.assert_allclose(ours, expected, atol=1e-6 * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize(
    "covariance", [np.eye(3), np.triu(np.ones((E, E))), np.ones((E, E)), -np.eye(E)]
)
def test_covariance_that_is_none_is_refused(covariance):
    for kind in ("laura", "mne"):
        with pytest.raises(UserError, match="noise_covariance"):
            registry.build_kernel(kind, inverse_case.forward(), noise=covariance)
