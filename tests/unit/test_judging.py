"""Is a head fit for use? Good ones pass, damaged ones are told apart, and the page shows it."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from PIL.ImageColor import getrgb

from multisource.anatomy.cortex import check_map
from multisource.anatomy.fsaverage import fsaverage_head
from multisource.anatomy.head import TISSUES
from multisource.anatomy.source_space import THINNEST_CORTEX_MM
from multisource.anatomy.source_table import SourceTable
from multisource.errors import UserError
from multisource.geometry.surfaces import vertex_areas
from multisource.judging.findings import (
    BAD,
    CARE,
    FINE,
    NOT_USABLE,
    UNUSUAL,
    USABLE,
    WITH_CARE,
    read_findings,
    verdict,
    write_findings,
)
from multisource.judging.measures import SIDES, cover, measure, sphere_folds
from multisource.judging.page import head_page
from multisource.judging.rules import judge, judged
from multisource.judging.slices import (
    PIXELS_PER_MM,
    TISSUE_COLOURS,
    Background,
    slice_planes,
)
from multisource.leadfield.compare import by_depth
from multisource.montage.record import Placement

pytestmark = pytest.mark.slow

PER_SIDE = 2562  # fsaverage5's first vertices are those of fsaverage4


@pytest.fixture(scope="module")
def head():
    return fsaverage_head(voxel_mm=4.0, scale=0.93)


@pytest.fixture(scope="module")
def cortex(head):
    """Which vertices are cortex: the packaged surfaces meet on the medial wall."""
    gap = {
        side: head.surfaces[f"{side}.pial"][0] - head.surfaces[f"{side}.white"][0] for side in SIDES
    }
    return {side: np.linalg.norm(gap[side], axis=1) >= THINNEST_CORTEX_MM for side in SIDES}


def dipoles_on(head, keep=None):
    """Dipoles on every fourth vertex, without some of the left ones."""
    parts, sides, vertices = [], [], []
    for number, side in enumerate(SIDES):
        chosen = np.arange(PER_SIDE)
        if keep is not None and number == 0:
            chosen = chosen[keep]
        parts.append(head.surfaces[f"{side}.white"][0][chosen])
        vertices.append(chosen)
        sides.append(np.full(len(chosen), number))
    positions = np.concatenate(parts)
    wall = np.zeros(len(positions), bool)
    return SourceTable(positions, np.concatenate(sides), np.concatenate(vertices), wall)


def measured(head, cortex):
    """All that is measured, with the tissue at each dipole and operators that agree."""
    sources = dipoles_on(head)
    pial = np.concatenate([head.surfaces[f"{side}.pial"][0][:PER_SIDE] for side in SIDES])
    tissue = head.tissue_at((sources.positions + pial) / 2)
    names = np.array(["air", *TISSUES.values()])
    count = len(tissue)
    return measure(
        head,
        sources,
        cortex,
        pd.DataFrame(
            {"start_tissue": names[tissue], "condition": "venant", "moved_mm": np.zeros(count)}
        ),
        pd.DataFrame({"depth_mm": np.linspace(5, 60, count), "rdm": np.full(count, 0.15)}),
        Placement("on the head", [], ["Cz"], np.zeros((1, 3)), np.ones(1), np.full(1, np.nan)),
    )


@pytest.fixture(scope="module")
def good(head, cortex):
    return measured(head, cortex)


def flags(measures):
    return {one.name.split(",")[0]: one.flag for one in judge(measures)}


def test_the_packaged_head_is_usable(good, head):
    found = judge(good)
    answer, reasons = verdict(found)
    assert (answer, reasons) == (USABLE, []), [one.line() for one in found]
    # What was laid there: a skull of 4 to 8 mm before scaling, fsaverage's mean thickness of 2.3.
    assert 0.93 * 4 - 0.5 < good.skull_mm[good.upper].min() < 0.93 * 8
    assert np.nanmean(good.thickness_mm) == pytest.approx(0.93 * 2.4, abs=0.2)
    assert good.cavity_ml == pytest.approx(sum(list(head.tissue_volumes().values())[:3]))


def test_another_scans_cortex_is_not_usable(head, cortex):
    """The cortex lies 18 mm to the left of its tissues and skull."""
    moved = {
        name: (points - [18.0, 0, 0] if name.endswith(("white", "pial")) else points, triangles)
        for name, (points, triangles) in head.surfaces.items()
    }
    measures = measured(replace(head, surfaces=moved), cortex)
    answer, reasons = verdict(judge(measures))
    assert answer == NOT_USABLE
    assert any("dipoles that start in grey matter" in reason for reason in reasons)
    assert measures.pial_outside > 0.05


def test_a_skull_like_paper_is_not_usable(head, cortex):
    inner = head.surfaces["inner_skull"]
    middle = inner[0].mean(axis=0)
    out = (inner[0] - middle) / np.linalg.norm(inner[0] - middle, axis=1, keepdims=True)
    thin = head.surfaces | {"outer_skull": (inner[0] + out, inner[1])}
    measures = measured(replace(head, surfaces=thin), cortex)
    assert np.median(measures.skull_mm[measures.upper]) == pytest.approx(1.0, abs=0.1)
    assert flags(measures)["skull above MNI z = 10 mm"] == BAD


def test_cortex_without_dipoles_is_measured(head, cortex):
    """As where a map to the sphere folds: no dipole within 25 mm of a place."""
    points, triangles = head.surfaces["lh.white"]
    far = np.linalg.norm(points - points[0], axis=1) > 25
    found = cover(head, dipoles_on(head, far[:PER_SIDE]), cortex)
    whole = cover(head, dipoles_on(head), cortex)
    assert whole.uncovered_cm2 < 0.005 * whole.cortex_cm2
    # At least what is farther from all that is left than the reach, and no more than the hole.
    area = vertex_areas(points, triangles) / 100
    deep = np.linalg.norm(points - points[0], axis=1) < 25 - 1.2 * found.reach_mm
    low, high = area[deep & cortex["lh"]].sum(), area[~far & cortex["lh"]].sum()
    assert 0.8 * low < found.uncovered_cm2 - whole.uncovered_cm2 < high
    assert np.flatnonzero(found.uncovered).max() < len(points), "the right side is covered"


@pytest.mark.parametrize("radius, flag", [(12.0, CARE), (60.0, BAD)])
def test_folds_of_the_sphere_are_counted(head, good, radius, flag):
    sphere, triangles = head.surfaces["lh.sphere"]
    white = head.surfaces["lh.white"][0]
    assert sphere_folds(head) == (0, 0.0)
    # A spike: all its vertices at one place of the sphere.
    spike = np.linalg.norm(white - white[100], axis=1) < radius
    collapsed = np.where(spike[:, None], sphere[100], sphere)
    damaged = replace(head, surfaces=head.surfaces | {"lh.sphere": (collapsed, triangles)})
    count, area = sphere_folds(damaged)
    assert count >= spike[triangles].all(axis=1).sum() > 0 and area > 0
    name = "triangles folded or collapsed on the sphere"
    assert flags(replace(good, folds=count, folds_cm2=area))[name] == flag


@pytest.mark.parametrize(
    ("change", "answer", "word"),
    [
        ({"venant": 0.49}, WITH_CARE, "Venant"),
        ({"venant": 0.1}, NOT_USABLE, "Venant"),
        ({"rdm": np.full(9, 1.4)}, NOT_USABLE, "RDM"),
        ({"electrodes_mm": np.full(9, 8.0)}, WITH_CARE, "electrodes"),
        ({"warnings": ["the cap is shifted"]}, WITH_CARE, "the cap is shifted"),
        ({"thickness_mm": np.full(9, np.nan)}, NOT_USABLE, "thickness of the cortex"),
    ],
)
def test_each_rule_has_its_say(good, change, answer, word):
    found = judge(replace(good, **change))
    said, reasons = verdict(found)
    assert said == answer and any(word in reason for reason in reasons), reasons


def test_a_large_head_is_unusual_and_usable(good):
    """Scaled as a whole a head has the same topographies."""
    large = {name: 1.4 * ml for name, ml in good.volumes_ml.items()}
    found = judge(replace(good, volumes_ml=large))
    assert found[0].flag == UNUSUAL and verdict(found)[0] == USABLE
    wrong_units = {name: 8 * ml for name, ml in good.volumes_ml.items()}
    assert verdict(judge(replace(good, volumes_ml=wrong_units)))[0] == NOT_USABLE


def test_no_number_is_not_fine():
    one = judged("x", np.nan, "", usual=(0, 1), usable=(0, 2), source="", means="")
    assert one.flag == BAD
    one = judged("x", 1.0, "", usual=(0, 1), usable=(0, 2), source="", means="")
    assert one.flag == FINE


def test_findings_come_back_from_their_table(good, tmp_path):
    found = judge(good)
    write_findings(tmp_path / "findings.tsv", found)
    assert read_findings(tmp_path / "findings.tsv") == found
    assert all("\n" not in one.line() for one in found)


def picture(address):
    return Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))


@pytest.fixture(scope="module")
def planes(head):
    # A scan as bright as its x coordinate.
    values = np.broadcast_to(np.arange(200.0)[:, None, None], (200, 260, 260))
    affine = np.eye(4)
    affine[:3, 3] = -100, -140, -130
    nothing = np.zeros((0, 3))
    return slice_planes(head, nothing, nothing, Background(values, affine), step_mm=40.0)


def test_slices_show_tissues_at_their_places(head, planes):
    names = ["air", *TISSUES.values()]
    skin = head.surfaces["outer_skin"][0]
    for plane, (normal, across, up) in zip(planes, ((0, 1, 2), (1, 0, 2), (2, 0, 1)), strict=True):
        assert len(plane.positions) == len(plane.layers["tissues"]) == len(plane.layers["T1"]) > 3
        place = plane.positions[plane.start]
        pixels = np.asarray(picture(plane.layers["tissues"][plane.start]).convert("RGB")).astype(
            int
        )
        height, width, _ = pixels.shape
        assert (width, height) == plane.size
        rows, columns = np.mgrid[0:height:7, 0:width:7].reshape(2, -1)
        points = np.zeros((len(rows), 3))
        low = skin.min(axis=0) - 4.0
        points[:, normal] = place
        points[:, across] = low[across] + columns / PIXELS_PER_MM
        points[:, up] = low[up] + (height - 1 - rows) / PIXELS_PER_MM
        wanted = np.array([getrgb(TISSUE_COLOURS[names[k]]) for k in head.tissue_at(points)])
        # Outlines cover some pixels.
        assert (pixels[rows, columns] == wanted).all(axis=1).mean() > 0.85, plane.name


def test_slices_show_the_scan_at_its_place(head, planes):
    coronal = planes[1]
    pixels = np.asarray(picture(coronal.layers["T1"][coronal.start]).convert("L")).astype(float)
    low = head.surfaces["outer_skin"][0][:, 0].min() - 4.0
    x = low + np.arange(pixels.shape[1]) / PIXELS_PER_MM
    wanted = np.clip((x + 100) * 255 / np.percentile(np.arange(200.0), 99.5), 0, 255)
    assert np.abs(np.median(pixels, axis=0) - wanted).max() < 6  # the picture loses a little


def test_the_page_needs_nothing_else(good, planes):
    comparison = pd.DataFrame({"depth_mm": good.depth_mm, "rdm": good.rdm, "lnmag": good.rdm})
    dot = io.BytesIO()
    Image.new("RGB", (1, 1)).save(dot, "PNG")
    found = judge(replace(good, venant=0.4))
    page = head_page(
        "<me>",
        found,
        planes,
        cortex=Figure(),
        shells=Figure(),
        electrodes=dot.getvalue(),
        by_depth=by_depth(comparison),
    )
    assert "<me>" not in page and "&lt;me&gt;" in page
    assert re.search(r"<b>usable with care</b>\s*<ul>\s*<li>dipoles that fulfil Venant", page)
    assert set(re.findall(r"(?:src|href)=\"(data:|#|\w+:)", page)) == {"data:", "#"}
    assert page.count('type="range"') == 3 and page.count("data:image/webp") == sum(
        len(plane.positions) for plane in planes
    )


def test_a_cortex_that_the_sphere_loses_is_refused(head):
    sphere, triangles = head.surfaces["lh.sphere"]
    white = head.surfaces["lh.white"][0]
    check_map("lh", sphere, white, triangles)
    spike = np.linalg.norm(white - white[100], axis=1) < 30
    with pytest.raises(UserError, match="lh.white has too many spikes.*no place on the sphere"):
        check_map("lh", np.where(spike[:, None], sphere[100], sphere), white, triangles)
