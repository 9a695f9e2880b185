"""Forward solutions: MNE must not be able to tell ours from its own."""

import mne
import numpy as np
import pytest
from mne.utils import object_diff

from multisource.anatomy.electrodes import Electrodes
from multisource.anatomy.source_space import cortical_source_space
from multisource.errors import UserError
from multisource.geometry.icosphere import icosphere
from multisource.leadfield.forward import (
    electrode_info,
    leadfield_of,
    make_forward,
    mri_head_transform,
    read_leadfield,
    write_forward,
)
from multisource.leadfield.sphere import sphere_leadfield

CENTRE = np.array([3.0, -12.0, 8.0])
RADII = np.array([80.0, 86.0, 92.0])
CONDUCTIVITIES = np.array([0.3, 0.006, 0.3])
# Tilted and shifted against surface RAS, so that a lost or transposed rotation shows.
FIDUCIALS = {
    "lpa": CENTRE + [-88.0, 10.0, -25.0],
    "nasion": CENTRE + [12.0, 90.0, -10.0],
    "rpa": CENTRE + [87.0, -8.0, -30.0],
}


@pytest.fixture(scope="module")
def electrodes():
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(20, 3)) + [0, 0, 1.2]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return Electrodes([f"E{k}" for k in range(20)], CENTRE + RADII[-1] * directions)


@pytest.fixture(scope="module")
def source_space():
    unit, triangles = icosphere(3)
    surfaces = {}
    for side, x in (("lh", -33.0), ("rh", 33.0)):
        surfaces[f"{side}.white"] = (CENTRE + [x, 0, 0] + 28.0 * unit, triangles)
        surfaces[f"{side}.sphere"] = (100.0 * unit, triangles)
    return cortical_source_space(surfaces, "oct3")


@pytest.fixture(scope="module")
def mne_forward(electrodes, source_space):
    """MNE's own forward solution of the same head, its sphere model."""
    head = mri_head_transform(FIDUCIALS)
    sphere = mne.make_sphere_model(
        mne.transforms.apply_trans(head, CENTRE * 1e-3),
        RADII[-1] * 1e-3,
        relative_radii=RADII / RADII[-1],
        sigmas=CONDUCTIVITIES,
        verbose="error",
    )
    info = electrode_info(electrodes, FIDUCIALS)
    return mne.make_forward_solution(
        info, head, source_space, sphere, meg=False, eeg=True, verbose="error"
    )


@pytest.fixture(scope="module")
def forward(electrodes, source_space):
    positions = np.concatenate([s["rr"][s["vertno"]] for s in source_space]) * 1e3
    gain = sphere_leadfield(
        electrodes.positions, positions, radii=RADII, conductivities=CONDUCTIVITIES, centre=CENTRE
    )
    return make_forward(gain, electrodes, source_space, FIDUCIALS)


def test_equals_mne_when_given_its_gain(mne_forward, electrodes, source_space):
    """Every field of the solution, apart from notes on who computed it."""
    ours = make_forward(leadfield_of(mne_forward).free, electrodes, source_space, FIDUCIALS)
    assert set(ours) == set(mne_forward)
    # Two rotations there and back: rounding only.
    scale = np.abs(mne_forward["sol"]["data"]).max()
    np.testing.assert_allclose(
        ours["sol"]["data"], mne_forward["sol"]["data"], atol=1e-12 * scale, rtol=0
    )
    for key in ("source_rr", "source_nn"):
        np.testing.assert_allclose(ours[key], mne_forward[key], atol=1e-12)
    left, right = ours.copy(), mne_forward.copy()
    for solution in (left, right):
        for key in ("sol", "_orig_sol", "source_rr"):
            solution.pop(key)
        for note in ("command_line", "working_dir", "meas_file", "mri_file", "mri_id"):
            solution["info"].pop(note)
    assert object_diff(left, right, allclose=True) == ""
    assert ours["sol"]["row_names"] == mne_forward["sol"]["row_names"]


def test_columns_point_along_the_head_axes(forward, mne_forward):
    """The exact sphere in surface RAS against MNE's sphere in the head frame.

    MNE fits three terms to the series (Berg), good to about 0.5 %; a wrong axis costs 100 %.
    """
    theirs = mne_forward["sol"]["data"] - mne_forward["sol"]["data"].mean(axis=0)
    ours = forward["sol"]["data"]
    error = np.linalg.norm(ours - theirs, axis=0) / np.linalg.norm(theirs, axis=0)
    assert error.max() < 0.02
    assert np.median(error) < 0.005


def test_file_round_trip(forward, source_space, tmp_path):
    write_forward(forward, tmp_path / "fem-fwd.fif")
    read = read_leadfield(tmp_path / "fem-fwd.fif")
    straight = leadfield_of(forward)
    # FIF stores single precision.
    np.testing.assert_allclose(read.free, straight.free, atol=1e-6 * np.abs(straight.free).max())
    positions = np.concatenate([s["rr"][s["vertno"]] for s in source_space]) * 1e3
    normals = np.concatenate([s["nn"][s["vertno"]] for s in source_space])
    np.testing.assert_allclose(read.positions, positions, atol=1e-4)
    np.testing.assert_allclose(read.normals, normals, atol=1e-6)
    assert read.channels == [f"E{k}" for k in range(20)]


def test_fixed_gain_is_that_of_mne(forward):
    fixed = mne.convert_forward_solution(
        forward, surf_ori=True, force_fixed=True, use_cps=False, verbose="error"
    )
    ours = leadfield_of(forward).fixed
    # MNE keeps normals in single precision.
    np.testing.assert_allclose(ours, fixed["sol"]["data"], atol=1e-6 * np.abs(ours).max())


@pytest.mark.parametrize("orientation", ["fixed", "loose", "free"])
def test_inverse_operator_finds_the_dipole(
    forward, electrodes, source_space, orientation, tmp_path
):
    """A read-back solution goes through MNE's inverse machinery and localises noiseless data."""
    write_forward(forward, tmp_path / "a-fwd.fif")
    read = mne.read_forward_solution(tmp_path / "a-fwd.fif", verbose="error")
    gain = leadfield_of(forward)
    dipole = 40
    info = electrode_info(electrodes, FIDUCIALS)
    evoked = mne.EvokedArray(1e-8 * gain.fixed[:, [dipole]], info, verbose="error")
    evoked.set_eeg_reference("average", projection=True, verbose="error")
    options = {
        "fixed": dict(fixed=True, loose=0.0),
        "loose": dict(loose=0.2),
        "free": dict(loose=1.0),
    }[orientation]
    inverse = mne.minimum_norm.make_inverse_operator(
        evoked.info,
        read,
        mne.make_ad_hoc_cov(evoked.info, verbose="error"),
        depth=None,
        verbose="error",
        **options,
    )
    # sLORETA is unbiased on noiseless data of a single dipole.
    estimate = mne.minimum_norm.apply_inverse(
        evoked, inverse, lambda2=1e-6, method="sLORETA", verbose="error"
    )
    peak = int(np.argmax(np.abs(estimate.data[:, 0])))
    assert peak == dipole


def test_wrong_input_is_refused(forward, electrodes, source_space):
    gain = leadfield_of(forward).free
    with pytest.raises(UserError, match=r"gain has shape \(20, 393\)"):
        make_forward(gain[:, :-3], electrodes, source_space, FIDUCIALS)
    broken = gain.copy()
    broken[0, 0] = np.nan
    with pytest.raises(UserError, match="not finite"):
        make_forward(broken, electrodes, source_space, FIDUCIALS)
    with pytest.raises(UserError, match="landmark nasion is missing"):
        make_forward(
            gain,
            electrodes,
            source_space,
            {key: FIDUCIALS[key] for key in ("lpa", "rpa")},
        )
    twice = Electrodes(["E0"] * 20, electrodes.positions)
    with pytest.raises(UserError, match="'E0' is named twice"):
        make_forward(gain, twice, source_space, FIDUCIALS)
    fixed = mne.convert_forward_solution(forward, force_fixed=True, verbose="error")
    with pytest.raises(UserError, match="free orientation"):
        leadfield_of(fixed)
