"""RDM, lnMAG and leadfield checks on cases whose answer is known."""

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.geometry.icosphere import icosphere
from multisource.leadfield.check import (
    average_reference,
    check_leadfield,
    sensitivity,
    singular_values,
)
from multisource.leadfield.compare import by_depth, compare_leadfields, lnmag, rdm
from multisource.leadfield.forward import Leadfield


def leadfield(seed=0, electrodes=12, dipoles=60, **changes):
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(dipoles, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    fields = {
        "channels": [f"E{k}" for k in range(electrodes)],
        "free": average_reference(rng.normal(size=(electrodes, 3 * dipoles))),
        "positions": direction * np.linspace(10, 75, dipoles)[:, None],
        "normals": direction,
    }
    return Leadfield(**(fields | changes))


@pytest.fixture(scope="module")
def skull():
    unit, triangles = icosphere(4)
    return 80 * unit, triangles


def test_rdm_and_lnmag_closed_forms():
    one = np.array([[1.0, 0, 3], [0, 1, 4]])
    two = np.array([[2.0, 1, -3], [0, 0, -4]])
    # Parallel, orthogonal, opposite.
    np.testing.assert_allclose(rdm(one, two), [0, np.sqrt(2), 2], atol=1e-12)
    np.testing.assert_allclose(lnmag(one, two), [-np.log(2), 0, 0], atol=1e-12)
    np.testing.assert_allclose(lnmag(two, one), -lnmag(one, two), atol=1e-12)


def test_small_rotation_of_a_topography():
    """RDM is the chord of the angle between topographies: 2 sin(angle / 2)."""
    angle = 0.02
    one = np.array([[1.0], [0.0]])
    two = 3 * np.array([[np.cos(angle)], [np.sin(angle)]])
    np.testing.assert_allclose(rdm(one, two), 2 * np.sin(angle / 2), rtol=1e-9)


def test_comparison_table(skull):
    first = leadfield()
    scaled = leadfield(free=first.free * 1.1)
    table = compare_leadfields(scaled, first, inner_skull=skull)
    assert len(table) == 60
    np.testing.assert_allclose(table["rdm"], 0, atol=1e-7)
    np.testing.assert_allclose(table[["lnmag", "lnmag_free"]], np.log(1.1), rtol=1e-9)
    # The polyhedron lies up to 0.3 mm inside its sphere.
    np.testing.assert_allclose(table["depth_mm"], 80 - np.linspace(10, 75, 60), atol=0.35)
    np.testing.assert_allclose(table["norm_first"], np.linalg.norm(scaled.fixed, axis=0))


def test_fixed_and_free_differ_where_the_normal_is_blind(skull):
    """An error in the tangential columns alone shows in the free columns only."""
    first = leadfield(normals=np.tile([0.0, 0, 1], (60, 1)))
    free = first.free.reshape(12, 60, 3).copy()
    free[:, :, 0] *= -1
    second = leadfield(free=free.reshape(12, -1), normals=first.normals)
    table = compare_leadfields(first, second, inner_skull=skull)
    np.testing.assert_allclose(table["rdm"], 0, atol=1e-7)
    assert table["rdm_free"].min() > 0.1
    np.testing.assert_allclose(table["lnmag_free"], 0, atol=1e-12)


def test_depth_bins_count_every_dipole_once(skull):
    first = leadfield(0)
    second = leadfield(1, positions=first.positions, normals=first.normals)
    table = compare_leadfields(first, second, inner_skull=skull)
    bins = by_depth(table)
    assert bins["dipoles"].iloc[:-1].sum() == bins["dipoles"].iloc[-1] == 60
    last = bins.iloc[-1]
    assert last["rdm_p5"] < last["rdm_p50"] < last["rdm_p95"]
    assert last["rdm_p50"] == pytest.approx(np.median(table["rdm"]))
    # Unrelated topographies are near orthogonal.
    assert last["rdm_p50"] == pytest.approx(np.sqrt(2), abs=0.15)


def test_mismatched_leadfields_are_refused(skull):
    first = leadfield()
    with pytest.raises(UserError, match="other channels"):
        compare_leadfields(first, leadfield(electrodes=11), inner_skull=skull)
    with pytest.raises(UserError, match="60 and 59 dipoles"):
        compare_leadfields(first, leadfield(dipoles=59), inner_skull=skull)
    with pytest.raises(UserError, match="up to 3.0 mm apart"):
        compare_leadfields(
            first, leadfield(positions=first.positions + [3.0, 0, 0]), inner_skull=skull
        )


def test_sound_leadfield_summary():
    first = leadfield()
    summary = check_leadfield(first)
    norms = np.linalg.norm(first.fixed, axis=0)
    assert summary["norm_median"] == pytest.approx(np.median(norms))
    assert summary["channels"] == 12 and summary["dipoles"] == 60
    exact = np.linalg.svd(first.free, compute_uv=False)
    np.testing.assert_allclose(singular_values(first.free), exact[:11], rtol=1e-8)
    assert summary["condition"] == pytest.approx(exact[0] / exact[10], rel=1e-6)
    flat = first.fixed
    np.testing.assert_allclose(sensitivity(first), flat.max(axis=0) - flat.min(axis=0))


def _zero(free):
    free[:, 3 * 7] = 0


def _nan(free):
    free[2, 3 * 7 + 1] = np.nan


def _referenced_to_one(free):
    free -= free[0]


def _twin(free):
    free[1] = free[0]
    free -= free.mean(axis=0)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_zero, "dipole 7 reaches no electrode"),
        (_nan, "dipole 7 is not finite"),
        (_referenced_to_one, "not average-referenced"),
        (_twin, "rank is below 11"),
    ],
)
def test_unsound_leadfields_are_refused(spoil, message):
    free = leadfield().free.copy()
    spoil(free)
    with pytest.raises(UserError, match=f"operator B: .*{message}"):
        check_leadfield(leadfield(free=free), name="operator B")


def test_normals_must_be_unit_vectors():
    with pytest.raises(UserError, match="unit vectors"):
        check_leadfield(leadfield(normals=2 * leadfield().normals))
