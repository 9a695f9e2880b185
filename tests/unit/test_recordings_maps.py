"""Maps of recordings: they lie where the source is, whatever the gain; peaks, STC files, figure."""

import io

import mne
import numpy as np
import pytest
import xarray as xr
from figures_case import CENTRES, RADIUS, ball, ball_cortex
from inverse_case import CHANNELS, forward
from matplotlib.image import imread

from multisource.anatomy.source_space import SourceGeometry
from multisource.errors import UserError
from multisource.figures.recording import recording_figure, shown_moments
from multisource.geometry.surfaces import vertex_areas
from multisource.inverse.kernel import apply_kernel
from multisource.inverse.registry import build_kernel
from multisource.network.prediction import predict
from multisource.network.registry import build_network
from multisource.parcellation.dipoles import DipoleRegions
from multisource.recordings.dipole_moments import dipole_moments, second_moments
from multisource.recordings.moments import (
    CHOSEN,
    MEAN,
    STRONGEST,
    choose_moments,
    strongest_moments,
)
from multisource.recordings.parcels import parcel_table
from multisource.recordings.peaks import clusters, peak_table
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.stc import source_estimate, write_stc
from multisource.recordings.stretches import read_stretches
from multisource.recordings.windows import cut_windows, moments, strength, told_moments


@pytest.fixture(scope="module")
def balls():
    """Dipoles on two balls, 642 on each, and their cortex."""
    points, triangles = ball(3)
    places = np.vstack([points * RADIUS + at for at in CENTRES.values()])
    return SourceGeometry(
        positions=places,
        normals=np.vstack([points, points]),
        pial=places,
        triangles=np.vstack([triangles, triangles + len(points)]),
        hemisphere=np.repeat([0, 1], len(points)),
        vertices=np.tile(np.arange(len(points)), 2),
        medial_wall=np.zeros(2 * len(points), bool),
    )


def bump(dipoles, direction, side, width_mm):
    goal = CENTRES[side] + RADIUS * np.asarray(direction, float)
    return np.exp(-0.5 * (np.linalg.norm(dipoles.positions - goal, axis=1) / width_mm) ** 2)


def recorded(folder, *, gain=1.0, dipole=57):
    """Windows of a recording of one dipole along its normal, seen through the forward."""
    fixed = mne.convert_forward_solution(
        forward(), force_fixed=True, surf_ori=True, use_cps=False, verbose="error"
    )
    times = np.arange(1000) / 250
    rng = np.random.default_rng(1)
    eeg = np.outer(fixed["sol"]["data"][:, dipole], np.sin(2 * np.pi * 10 * times))
    eeg *= 2e-5 / eeg.std()
    eeg += 0.02 * eeg.std() * rng.standard_normal(eeg.shape)
    order = rng.permutation(len(CHANNELS))
    info = mne.create_info([CHANNELS[k] for k in order], 250.0, "eeg")
    raw = mne.io.RawArray(gain * eeg[order], info, verbose="error")
    raw.save(folder / "mine_raw.fif", overwrite=True, verbose="error")
    settings = RecordingSettings("mine_raw.fif")
    found = read_stretches(folder / "mine_raw.fif", CHANNELS, settings, sfreq=250.0, shortest_s=0.2)
    return cut_windows(found, CHANNELS, settings, name="mine", sfreq=250.0, window_s=0.2)


def test_the_peak_is_the_dipole_that_was_recorded(tmp_path):
    """sLORETA localises a single noiseless dipole exactly (Pascual-Marqui 2002)."""
    eeg = recorded(tmp_path)["eeg"].values
    kernel = build_kernel("sloreta", forward(), snr=100.0)
    assert (apply_kernel(kernel, eeg).argmax(axis=1) == 57).mean() > 0.9


def test_maps_do_not_depend_on_the_gain_of_the_amplifier(tmp_path):
    """A file in another unit, or a stronger brain, is the same map."""
    kernel = build_kernel("mne", forward())
    network = build_network("convnet", len(CHANNELS), 50, 132, filters=[8], pooling=[10], hidden=[])
    first = recorded(tmp_path)
    network.standardise.fit(first["eeg"].values)
    for gain in (0.1, 50.0):
        other = recorded(tmp_path, gain=gain)
        assert strength(other) / strength(first) == pytest.approx(gain, rel=1e-4)
        for maps in (
            lambda eeg: apply_kernel(kernel, eeg),
            lambda eeg: predict(network, eeg).estimate,
        ):
            # Float32 in the file and in the products.
            np.testing.assert_allclose(
                maps(other["eeg"].values), maps(first["eeg"].values), rtol=2e-4
            )


def test_source_estimates_fit_the_forward_of_the_study(tmp_path):
    sources = forward()["src"]
    count = sum(part["nuse"] for part in sources)
    maps = np.random.default_rng(0).random((3, count))
    times, power = np.array([1.0, 1.2, 1.8]), np.array([1e-6, 4e-6, 2e-6])
    stc = source_estimate(maps, times, power, sources, step_s=0.2, window_s=0.2)
    write_stc(tmp_path / "mne-lh.stc", tmp_path / "mne-rh.stc", stc)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mne-lh.stc", "mne-rh.stc"]
    back = mne.read_source_estimate(tmp_path / "mne")
    assert [list(v) for v in back.vertices] == [list(part["vertno"]) for part in sources]
    # Times are the middles of the windows; where there was none, the estimate is zero.
    np.testing.assert_allclose(back.times, [1.1, 1.3, 1.5, 1.7, 1.9], atol=1e-6)
    np.testing.assert_allclose(back.data[:, [0, 1, 4]], (maps.T * [0.25, 1, 0.5]), rtol=1e-6)
    assert not back.data[:, 2:4].any()
    # MNE refuses here what does not fit.
    fixed = mne.convert_forward_solution(forward(), force_fixed=True, verbose="error")
    info = mne.create_info(CHANNELS, 250.0, "eeg")
    with info._unlock():
        info["dev_head_t"] = fixed["info"]["dev_head_t"]
    evoked = mne.apply_forward(fixed, back, info, verbose="error")
    assert evoked.data.shape == (len(CHANNELS), 5)


def test_strongest_moments_are_peaks_that_lie_apart():
    times = 0.05 * np.arange(9)
    power = np.array([0, 5, 9, 8, 4, 6, 1, 3, 2.0])
    # 0.15 s (8) is on the flank of 0.1 s (9); 0.25 s (6) and 0.35 s (3) are peaks.
    assert strongest_moments(times, power, apart_s=0.1) == [2, 5, 7]
    assert strongest_moments(times, power, apart_s=0.2) == [2, 7]


def test_clusters_are_connected_and_sorted(balls):
    values = bump(balls, (-1, 0, 0), "lh", 8) + 0.7 * bump(balls, (0, 0, 1), "rh", 8)
    found = clusters(values, balls.adjacency().tocsr())
    assert len(found) == 2
    assert set(balls.hemisphere[found[0]]) == {0} and set(balls.hemisphere[found[1]]) == {1}
    assert np.concatenate(found).size == (values >= 0.5).sum()
    assert clusters(np.zeros(len(balls)), balls.adjacency().tocsr()) == []


def test_areas_of_the_dipoles_are_that_of_the_surface(balls):
    # A ball of 1280 flat triangles has 0.5 % less area than the sphere round it.
    assert vertex_areas(balls.positions, balls.triangles).sum() == pytest.approx(
        2 * 4 * np.pi * RADIUS**2, rel=0.01
    )


def regions_of(dipoles, wall=()):
    """Each ball is a region, its upper half another; MNI is twice as large and moved."""
    side = np.array(["lh", "rh"])[dipoles.hemisphere]
    centre = np.array([CENTRES[one] for one in side])
    upper = dipoles.positions[:, 2] > centre[:, 2]
    words = np.array(
        [f"{'cuneus' if up else 'lingual'}-{one}" for up, one in zip(upper, side, strict=True)]
    )
    cortex = np.ones(len(dipoles), bool)
    cortex[list(wall)] = False
    return DipoleRegions(
        hemisphere=dipoles.hemisphere,
        vertices=dipoles.vertices,
        mni=2 * dipoles.positions + [1, 2, 3],
        cortex=cortex,
        labels={"desikan_killiany": words, "destrieux": np.char.add("G_", words)},
        distance_mm=np.zeros(len(dipoles)),
    )


def peaks_of(dipoles, maps, strengths, **options):
    times = 0.2 * np.arange(len(maps))
    told = choose_moments(times, np.array(strengths), window_s=0.2)
    gain = np.random.default_rng(0).standard_normal((8, len(dipoles)))
    products = [np.eye(8)] * len(told)
    found = {"mne": np.array(maps)}
    return peak_table(found, told, dipoles, regions_of(dipoles, **options), products, gain)


def test_clusters_have_the_moment_that_explains_the_eeg():
    """Two patches of 30 and 10 nAm (rms), correlated, seen through a leadfield without noise."""
    rng = np.random.default_rng(3)
    gain, areas = rng.standard_normal((20, 50)), rng.uniform(1, 3, 50)
    gain -= gain.mean(axis=0)
    patches = [np.arange(5), np.arange(30, 40)]
    courses = rng.standard_normal((2, 400))
    courses[1] += courses[0]
    courses *= (np.array([30e-9, 10e-9]) / np.sqrt((courses**2).mean(axis=1)))[:, None]
    # A current spread evenly: each dipole has the share of its area.
    eeg = sum(
        np.outer(gain[:, members] @ (areas[members] / areas[members].sum()), course)
        for members, course in zip(patches, courses, strict=True)
    )
    data = xr.Dataset(
        {"eeg": (("sample", "channel", "time"), eeg[None]), "start": ("sample", [0.0])},
        attrs={"sfreq": 400.0},
    )
    told = choose_moments(np.array([0.0]), np.array([1.0]), window_s=1.0)
    (product,) = second_moments(data, told)
    found = dipole_moments(product, gain, patches, areas)
    np.testing.assert_allclose(found, [30e-9, 10e-9], rtol=1e-6)


def test_peaks_say_where_and_how_large(balls):
    width = 8.0
    values = bump(balls, (-1, 0, 0), "lh", width)
    quiet = bump(balls, (0, 0, 1), "rh", width)
    table = peaks_of(balls, [quiet, np.zeros(len(balls)), values], [1e-6, 1e-7, 3e-6])
    first = table.iloc[0]
    assert first[["from_s", "to_s", "eeg_rms_uv"]].tolist() == pytest.approx([0.4, 0.6, 3])
    place = first[["x_mm", "y_mm", "z_mm"]].to_numpy(float)
    # Half the distance between dipoles of this mesh is 3 mm.
    assert np.linalg.norm(place - CENTRES["lh"] - [-RADIUS, 0, 0]) < 3
    np.testing.assert_allclose(
        first[["mni_x", "mni_y", "mni_z"]].to_numpy(float), 2 * place + [1, 2, 3]
    )
    # Half of the maximum is reached at 1.18 widths: a cap of 19 mm in diameter, of 280 mm2; its
    # rim is as ragged as the mesh is coarse, 5 mm.
    assert first["extent_mm"] == pytest.approx(2 * 1.18 * width, abs=5)
    assert first["area_cm2"] == pytest.approx(2.8, rel=0.25)
    assert first["hemisphere"] == "lh" and first["amplitude"] == 1
    # The cap lies half in one region and half in the other; the next one in the upper alone.
    shares = dict(part.split(" ") for part in first["regions"].split(", "))
    assert set(shares) == {"cuneus-lh", "lingual-lh"}
    assert float(shares["cuneus-lh"]) == pytest.approx(0.5, abs=0.15)
    assert table.iloc[1]["desikan_killiany"] == "cuneus-rh"
    assert table.iloc[1]["destrieux"] == "G_cuneus-rh"
    assert table.iloc[1]["regions"] == "cuneus-rh 1.00" and not table["off_cortex"].any()


def test_peaks_are_never_where_there_is_no_cortex(balls):
    """The wall is the place of the highest values, and the answer is the highest beside it."""
    values = bump(balls, (-1, 0, 0), "lh", 8.0) + 0.8 * bump(balls, (0, 0, 1), "rh", 8.0)
    wall = np.flatnonzero(bump(balls, (-1, 0, 0), "lh", 8.0) > 0.01)
    other = bump(balls, (0, 1, 0), "rh", 8.0)
    table = peaks_of(balls, [values, other], [3e-6, 1e-6], wall=wall)
    assert table.iloc[0]["desikan_killiany"] == "cuneus-rh"
    assert not set(table["vertex"][table["hemisphere"] == "lh"]) & set(balls.vertices[wall])
    # Of one of the two windows.
    assert (table["off_cortex"] == 0.5).all()
    # 642 dipoles on a ball: the nearest to the bump's middle is up to 3 mm off, 0.93 of its value.
    assert table.iloc[0]["map_maximum"] == pytest.approx(0.8, rel=0.08)


def test_moments_are_chosen_by_latency_or_span_or_strength():
    times = 0.05 * np.arange(9) - 0.2
    power = np.array([0, 5, 9, 8, 4, 6, 1, 3, 2.0])
    strongest = choose_moments(times, power, window_s=0.1)
    assert [one.kind for one in strongest] == [STRONGEST] * 3
    assert [one.windows.tolist() for one in strongest] == [[2], [5], [7]]
    assert (strongest[0].from_s, strongest[0].to_s) == pytest.approx((-0.1, 0))
    # Middles are -0.15, -0.1, ... 0.25.
    latency, span = choose_moments(times, power, window_s=0.1, chosen=[0.11, [-0.1, 0.0]])
    assert latency.kind == CHOSEN and latency.windows.tolist() == [5]
    assert span.windows.tolist() == [1, 2, 3]
    assert span.rms_v == pytest.approx(np.sqrt((25 + 81 + 64) / 3))
    assert "mean of 3 windows" in span.title
    np.testing.assert_allclose(span.of(np.arange(18).reshape(9, 2)), [4, 5])
    rest = choose_moments(times, power, window_s=0.1, at_rest=True)
    assert rest[-1].kind == MEAN and len(rest[-1].windows) == 9
    assert [one.kind for one in shown_moments(rest)] == [STRONGEST, MEAN]
    assert len(shown_moments(strongest)) == 1
    with pytest.raises(UserError, match=r"recordings.vep.moments_s: 0.4: no window .* to 0.25 s"):
        choose_moments(times, power, window_s=0.1, chosen=[0.4], name="vep")


def test_rest_is_told_by_its_mean_an_average_is_not(tmp_path):
    data = recorded(tmp_path)
    assert [one.kind for one in told_moments(data)][-1] == MEAN
    assert [one.kind for one in told_moments(data.assign_attrs(averaged=80))][-1] == STRONGEST


def test_parcels_are_the_means_of_each_region(balls):
    regions = regions_of(balls)
    maps = np.random.default_rng(0).random((2, len(balls)))
    table = parcel_table(
        {"mne": maps, "other": 2 * maps}, np.array([0, 0.2]), np.array([1e-6, 2e-6]), regions,
        window_s=0.2,
    )  # fmt: skip
    assert list(table.columns[:4]) == ["method", "from_s", "to_s", "eeg_rms_uv"]
    assert list(table.columns[4:]) == ["cuneus-lh", "cuneus-rh", "lingual-lh", "lingual-rh"]
    assert table["method"].tolist() == ["mne", "mne", "other", "other"]
    member = regions.region == "lingual-lh"
    np.testing.assert_allclose(table["lingual-lh"][:2], maps[:, member].mean(axis=1))
    np.testing.assert_allclose(table["cuneus-rh"][2:], 2 * table["cuneus-rh"][:2])


def drawn(balls, maps, **more):
    told = choose_moments(np.array([0.4, 0.6]), np.array([2.0, 1.0]), window_s=0.2, at_rest=True)
    rng = np.random.default_rng(0)
    times = np.arange(200) / 250
    power = np.exp(-0.5 * ((times - 0.5) / 0.02) ** 2)
    eeg = 1e-6 * (np.outer([3, -3, 2, -2, 1, -1], power) + 0.05 * rng.standard_normal((6, 200)))
    places = 90 * np.array(
        [
            (0, 0.5, 0.8),
            (0, -0.5, 0.8),
            (0.5, 0, 0.8),
            (-0.5, 0, 0.8),
            (0.9, 0, 0.3),
            (-0.9, 0, 0.3),
        ]
    )
    return recording_figure(
        ball_cortex(),
        maps,
        times=times,
        eeg=eeg,
        electrodes=places,
        moments=shown_moments(told),
        has_cortex=np.ones(len(balls), bool),
        title="mine",
        pixels_per_mm=1.0,
        **more,
    )


def coloured(figure):
    """How many pixels have a colour of the maps."""
    stream = io.BytesIO()
    figure.savefig(stream, dpi=60)
    picture = imread(io.BytesIO(stream.getvalue()))[..., :3]
    red = (picture[..., 0] > 0.8) & (picture[..., 1] < 0.6) & (picture[..., 2] < 0.2)
    return red.sum()


def test_figure_shows_the_moment_and_every_method(balls):
    one = bump(balls, (-1, 0, 0), "lh", 10)
    figure = drawn(balls, {name: np.array([one, one]) for name in ("convnet", "mne", "mine")})
    words = [text.get_text() for text in figure.texts] + [
        text.get_text() for axes in figure.axes for text in [axes.title, *axes.texts]
    ]
    window = "0.4 to 0.6 s, the strongest"
    assert {"mine", f"ConvNet: {window}", f"MNE: {window}"} <= set(words)
    assert {
        "MNE: mean of all 2 windows, 0.4 to 0.8 s",
        "left lateral",
        "right medial",
        "L",
        "R",
    } <= set(words)
    # The moment is the sample of the largest power, 0.5 s.
    assert "potential at 0.500 s" in words
    assert coloured(figure) > 100, "the maps are drawn"


def test_a_probability_of_next_to_nothing_stays_grey(balls):
    one = bump(balls, (-1, 0, 0), "lh", 10)
    small = {"mine": 1e-5 * np.array([one, one]) / one.max()}
    before, after = drawn(balls, small), drawn(balls, small, probabilities=["mine"])
    assert coloured(after) + 100 < coloured(before)


def test_moments_are_those_of_the_windows(tmp_path):
    data = recorded(tmp_path)
    times, which = moments(data)
    np.testing.assert_allclose(times, 0.2 * np.arange(20))
    assert list(which) == list(range(20))
