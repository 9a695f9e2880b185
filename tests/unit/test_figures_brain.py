"""The software renderer against geometry that is known in closed form."""

import numpy as np
import pytest
from figures_case import CENTRES, RADIUS, ball, ball_cortex, two_balls
from matplotlib.figure import Figure

from multisource.errors import UserError
from multisource.figures.brain import HEAT, direction_letters, draw_brain, paint
from multisource.figures.cortex import make_cortex, spread_to_vertices
from multisource.figures.raster import VIEWS, rasterise
from multisource.geometry.surfaces import vertex_normals, volume
from multisource.geometry.unfolding import smooth_surface


@pytest.fixture(scope="module")
def cortex():
    return ball_cortex()


@pytest.mark.parametrize("view", VIEWS)
def test_sphere_is_a_disc_with_the_spheres_depth(cortex, view):
    raster = rasterise(cortex, view, pixels_per_mm=2.0)
    # The faces of 2562 vertices lie up to 0.2 % inside its sphere, and a pixel is 0.5 mm.
    discs = 2 if view in ("top", "bottom") or view in ("front", "back") else 1
    assert raster.seen.sum() / 4.0 == pytest.approx(discs * np.pi * RADIUS**2, rel=0.01)
    placed = raster.interpolate(cortex, cortex.vertices)
    towards = raster.axes[2]
    side = np.where(cortex.hemisphere[cortex.triangles[raster.triangle, 0]] == 0, "lh", "rh")
    from_centre = placed - np.array([CENTRES[s] for s in side])
    # The nearest of the two sheets of the sphere: never the far one.
    assert (from_centre @ towards).min() > -1.0
    assert np.linalg.norm(from_centre, axis=1) == pytest.approx(RADIUS, rel=0.005)
    assert placed @ towards == pytest.approx(raster.depth[raster.seen], abs=1e-3)


def stacked(order):
    """A small ball above a large one, in either order of the hemispheres."""
    points, triangles = ball(2)
    balls = [(points * 20.0, triangles), (points * 10.0 + [0, 0, 30.0], triangles)]
    surfaces = dict(zip(("lh.pial", "rh.pial"), balls[::order], strict=True))
    return make_cortex(surfaces, [np.arange(3)] * 2, smoothing_mm=0)


@pytest.mark.parametrize("order", [1, -1])
def test_nearer_of_two_sheets_wins_whatever_the_order(order, monkeypatch):
    cortex = stacked(order)
    whole = {view: rasterise(cortex, view, pixels_per_mm=1.0) for view in ("top", "bottom")}
    middle = tuple(n // 2 for n in whole["top"].depth.shape)
    # Balls of 162 vertices: a face may lie 3 % inside its sphere.
    assert whole["top"].depth[middle] == pytest.approx(40.0, abs=0.6)
    assert whole["bottom"].depth[middle] == pytest.approx(20.0, abs=0.6)
    # Nor does it matter where one batch of fragments ends and the next begins.
    monkeypatch.setattr("multisource.figures.raster.BATCH", 97)
    for view, expected in whole.items():
        parts = rasterise(cortex, view, pixels_per_mm=1.0)
        np.testing.assert_array_equal(parts.depth, expected.depth)
        np.testing.assert_array_equal(parts.triangle, expected.triangle)


def test_half_of_a_sphere_is_seen(cortex):
    every = np.flatnonzero(cortex.hemisphere == 0)
    raster = rasterise(cortex, "left lateral")
    seen = raster.sees(cortex, every)
    # Faces within 3 degrees of the limb are left out: 0.05 / 2 of the sphere.
    assert seen.mean() == pytest.approx(0.475, abs=0.01)
    assert cortex.vertices[every[seen], 0].max() < CENTRES["lh"][0]
    assert not raster.sees(cortex, np.flatnonzero(cortex.hemisphere == 1)).any()


@pytest.mark.parametrize(
    ("view", "right", "up"),
    [
        ("left lateral", "P", "S"),
        ("right lateral", "A", "S"),
        ("left medial", "A", "S"),
        ("right medial", "P", "S"),
        ("top", "R", "A"),
        ("bottom", "L", "A"),
        ("front", "L", "S"),
        ("back", "R", "S"),
    ],
)
def test_directions_of_the_views(cortex, view, right, up):
    step = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1)}
    raster = rasterise(cortex, view, pixels_per_mm=1.0)
    assert raster.project(np.array([step[right]], float))[0, :2] == pytest.approx([1, 0])
    assert raster.project(np.array([step[up]], float))[0, :2] == pytest.approx([0, 1])
    assert np.linalg.det(raster.axes) == pytest.approx(1.0)  # no mirror image
    letters = {letter: (x, y) for letter, x, y in direction_letters(raster)}
    assert letters[right][0] > 1
    assert up == "S" or letters[up][1] > 1


def test_unknown_view_is_refused(cortex):
    with pytest.raises(UserError, match="'lateral' is not one of left lateral"):
        rasterise(cortex, "lateral")


def test_dipoles_keep_their_values_and_the_rest_is_between(cortex):
    values = cortex.vertices[cortex.dipoles, 2]
    spread = spread_to_vertices(cortex, values)
    np.testing.assert_array_equal(spread[cortex.dipoles], values)
    # A linear field; vertices without a dipole get the mean of neighbours up to 3 mm away.
    assert np.abs(spread - cortex.vertices[:, 2]).max() < 3.0
    np.testing.assert_allclose(spread_to_vertices(cortex, np.full(len(values), 0.7)), 0.7)


def test_sparse_dipoles_fill_their_own_hemisphere_only():
    cortex = make_cortex(two_balls(), [np.array([5]), np.array([11])], smoothing_mm=0)
    spread = spread_to_vertices(cortex, np.array([1.0, 3.0]))
    np.testing.assert_allclose(spread, np.where(cortex.hemisphere == 0, 1.0, 3.0))


def test_wrong_number_of_values_is_refused(cortex):
    with pytest.raises(UserError, match=r"\(3,\) values for \(1284,\) dipoles"):
        spread_to_vertices(cortex, np.zeros(3))


def test_dipole_off_the_surface_is_refused():
    with pytest.raises(UserError, match="vertex 2562 but the surface has only 2562"):
        make_cortex(two_balls(), [np.array([2562]), np.array([0])])


def test_inward_faces_are_turned():
    surfaces = {key: (points, tri[:, ::-1]) for key, (points, tri) in two_balls().items()}
    cortex = make_cortex(surfaces, [np.arange(10)] * 2, smoothing_mm=0)
    assert volume(cortex.vertices, cortex.triangles) > 0
    outward = cortex.vertices - np.where(
        cortex.hemisphere[:, None] == 0, CENTRES["lh"], CENTRES["rh"]
    )
    assert np.einsum("ij,ij->i", cortex.normals, outward).min() > 0.99 * RADIUS


def test_volume_and_normals_of_a_sphere():
    points, triangles = ball(4)
    assert volume(points, triangles) == pytest.approx(4 / 3 * np.pi, rel=0.003)
    cosine = np.einsum("ij,ij->i", vertex_normals(points, triangles), points)
    assert cosine.min() > 0.998


def rippled(level):
    points, triangles = ball(level)
    ripple = 2.0 * np.cos(16 * np.arctan2(points[:, 1], points[:, 0]))
    ripple *= 1 - points[:, 2] ** 2
    return points * (60.0 + ripple[:, None]), triangles, ripple


@pytest.mark.parametrize("level", [4, 5])
def test_smoothing_is_a_gaussian_of_its_length_on_coarse_and_fine_meshes(level):
    points, triangles, ripple = rippled(level)
    smooth = smooth_surface(points, triangles, 8.0)
    radius = np.linalg.norm(smooth, axis=1)
    band = np.abs(points[:, 2]) < 10
    left = np.polyfit(ripple[band], radius[band], 1)[0]
    # 16 waves round a circle of 60 mm, under a Gaussian of 8 mm: exp(-(k sigma)^2 / 2) = 0.10.
    # The edges of an icosahedral mesh differ by a fifth, hence the tolerance.
    assert left == pytest.approx(np.exp(-((16 / 60 * 8) ** 2) / 2), abs=0.04)
    assert radius.mean() == pytest.approx(60.0, rel=0.03)  # the extent is kept


def test_relief_is_positive_on_gyri():
    points, triangles, ripple = rippled(4)
    surfaces = {"lh.pial": (points - [70, 0, 0], triangles), "rh.pial": (points, triangles)}
    cortex = make_cortex(surfaces, [np.arange(10)] * 2, smoothing_mm=8.0)
    band = np.tile(np.abs(points[:, 2]) < 20, 2)
    assert np.corrcoef(cortex.relief[band], np.tile(ripple, 2)[band])[0, 1] > 0.9


def test_heat_scale_is_the_papers():
    red, orange, yellow, white = (HEAT(x)[:3] for x in (0.0, 0.4, 0.6, 1.0))
    assert red[0] > 0.6 and max(red[1:]) < 0.2
    assert orange[0] > 0.95 and 0.4 < orange[1] < 0.7 and orange[2] < 0.1
    assert yellow[0] > 0.95 and yellow[1] > 0.8 and yellow[2] < 0.2
    assert white == pytest.approx((1, 1, 1))
    luminance = HEAT(np.linspace(0, 1, 50))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()


def test_picture_is_coloured_above_the_threshold_and_grey_below(cortex):
    raster = rasterise(cortex, "left lateral")
    height = cortex.vertices[cortex.dipoles, 2] / RADIUS  # -1 .. 1
    picture = paint(cortex, raster, height, lowest=0.5, highest=1.0)
    rows = np.linspace(raster.extent[2], raster.extent[3], picture.shape[0])
    saturation = np.ptp(picture[..., :3], axis=2)
    solid = picture[..., 3] == 1
    coloured = solid & (saturation > 0.15)
    up = np.broadcast_to(rows[:, None], coloured.shape)
    # The threshold is at half the radius; the edge of colour is off by less than a triangle.
    assert up[coloured].min() == pytest.approx(0.5 * RADIUS, abs=2.0)
    assert saturation[solid & (up < 0.5 * RADIUS - 3)].max() < 0.05
    assert picture[0, 0, 3] == 0  # beside the brain: transparent
    # The top is the highest value: nearly white.
    assert picture[solid & (up > 0.97 * RADIUS)][:, :3].min() > 0.6
    plain = paint(cortex, raster)
    assert np.ptp(plain[plain[..., 3] == 1][:, :3], axis=1).max() < 0.05


def test_only_visible_truth_becomes_dots(cortex):
    truth = np.zeros(len(cortex.dipoles))
    left = cortex.hemisphere[cortex.dipoles] == 0
    towards = cortex.vertices[cortex.dipoles, 0] < CENTRES["lh"][0] - 20
    away = left & (cortex.vertices[cortex.dipoles, 0] > CENTRES["lh"][0] + 20)
    truth[(left & towards) | away] = 1.0
    axes = Figure().subplots()
    draw_brain(axes, cortex, rasterise(cortex, "left lateral"), truth=truth, centres=[3])
    dots = axes.collections[0].get_offsets()
    assert len(dots) == (left & towards).sum()
    assert {text.get_text() for text in axes.texts} == {"A", "P"}
