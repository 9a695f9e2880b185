"""The page of brains in a real browser: it opens from the disk, draws, turns, and left is left."""

import io
import re
import shutil

import numpy as np
import pytest
from figures_case import RADIUS, ball_dipoles, ball_regions, two_balls
from PIL import Image

from multisource.brains.page import brains_page
from multisource.brains.scenes import MethodMaps, Scene
from multisource.brains.surface import turned_cortex
from multisource.certainty.certainty import Sources

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome")
DIPOLES = ball_dipoles()
# Truly active: the left ball's front, upper, outer part; a source is named at its middle.
ACTIVE = DIPOLES.normals @ np.array([-0.6, 0.6, 0.5]) > 0.85
ACTIVE &= DIPOLES.hemisphere == 0
CENTRE = int(np.flatnonzero(ACTIVE)[0])
TRUTH = ACTIVE.astype(np.float32)
MAPS = np.random.default_rng(0).random((3, len(DIPOLES))) * 0.4 + ACTIVE
# Only at the second moment something is named.
SAID = Sources(
    presence=np.full(3, 0.9),
    number=np.tile([0.0, 1.0], (3, 1)),
    centre=np.array([[-1], [CENTRE], [-1]]),
    probability=np.array([[np.nan], [0.8], [np.nan]]),
    radius_mm=np.full((3, 1, 3), 15.0),
)


class Shown:
    """The page in the browser, and what a person sees of it."""

    def __init__(self, page):
        self.page = page

    def panel(self, number):
        return self.page.locator(f"[data-panel='{number}']")

    def picture(self, number=0):
        """Pixels of a panel, (height, width, 3), when nothing moves any more."""
        before = None
        while (now := self.panel(number).locator("canvas").screenshot()) != before:
            before = now
            self.page.wait_for_timeout(150)
        # Without the margin, into which the ring round what has the focus may reach.
        return np.asarray(Image.open(io.BytesIO(now)).convert("RGB")).astype(int)[8:-8, 8:-8]

    def view(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def method(self, number, name):
        self.panel(number).locator("select").select_option(name)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)"
    # Without a graphics card the browser draws 3D by its own software.
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=found, args=flags)
        yield program
        program.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    scene = Scene(
        "A",
        "Two balls",
        ["0 s", "1 s", "2 s"],
        [MethodMaps("covnet", MAPS, probability=True, said=SAID), MethodMaps("mne", MAPS[::-1])],
        truth=TRUTH,
        centres=[CENTRE],
        first=1,
        strength=np.array([1e-6, 3e-6, 2e-6]),
    )
    cortex = turned_cortex(two_balls(), DIPOLES)
    path = tmp_path_factory.mktemp("a folder & more") / "brains.html"
    page = brains_page("Balls", cortex, DIPOLES.positions, ball_regions(), np.eye(4), [scene])
    path.write_text(page, "utf-8")
    return path


@pytest.fixture(scope="module")
def heard():
    """What the page asked for and complained of."""
    return {"requests": [], "console": [], "errors": []}


@pytest.fixture(scope="module")
def opened(browser, file, heard):
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("request", lambda request: heard["requests"].append(request.url))
    page.on("console", lambda message: heard["console"].append(message.text))
    page.on("pageerror", lambda error: heard["errors"].append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function("document.body.dataset.drawn > 0")
    return Shown(page)


@pytest.fixture
def shown(opened):
    """The page as it is first, whatever the test before did."""
    opened.page.reload()
    opened.page.wait_for_function("document.body.dataset.drawn > 0")
    opened.page.mouse.move(1, 1)
    return opened


def blue(picture):
    """Rows and columns, 0 to 1, of the pixels in the colours of the truth."""
    red, green, far = np.moveaxis(picture, 2, 0)
    rows, columns = np.nonzero((far > red + 60) & (far > green + 20))
    assert len(rows) > 100
    return rows.mean() / len(picture), columns.mean() / picture.shape[1]


def test_it_opens_from_the_disk_without_requests_and_complaints(shown, heard, file):
    shown.picture()
    shown.view("left medial")
    shown.picture()
    asked = {url for url in heard["requests"] if not url.startswith(("data:", "blob:"))}
    assert asked == {file.as_uri()}
    assert heard["console"] == [] and heard["errors"] == []


def test_both_panels_show_a_cortex(shown):
    for number in (0, 1):
        picture = shown.picture(number)
        drawn = (picture < 245).any(axis=2)
        assert 0.1 < drawn.mean() < 0.9
        assert len(np.unique(picture[drawn], axis=0)) > 200, "shaded"


def test_left_is_left(shown):
    for name, row, column in (
        # The active part is left, in front, above the middle, outside.
        ("top", (0, 0.5), (0, 0.5)),
        ("front", (0, 0.5), (0.5, 1)),
        ("left", (0, 0.5), (0, 0.5)),
    ):
        shown.view(name)
        found = blue(shown.picture(0))
        assert row[0] < found[0] < row[1] and column[0] < found[1] < column[1], name
    letters = {s: shown.panel(0).locator(f".letter.{s}") for s in "news"}
    shown.view("top")
    shown.picture()
    assert {s: one.text_content() for s, one in letters.items()} == dict(n="A", e="R", w="L", s="P")
    shown.view("back")
    shown.picture()
    assert letters["w"].text_content() == "L"


def test_a_hidden_hemisphere_shows_the_other_from_inside(shown):
    shown.view("left")
    before = shown.picture()
    shown.view("right medial")
    after = shown.picture()
    assert shown.page.locator("#side").input_value() == "right"
    assert np.abs(after - before).max() > 50
    with pytest.raises(AssertionError):
        blue(after)


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.page.locator("#threshold").fill("90"),
        lambda s: s.method(1, "MNE"),
        lambda s: s.page.locator("#truth").uncheck(),
        lambda s: s.page.locator("#regions").uncheck(),
        lambda s: s.page.locator("#shape").select_option("opened"),
        lambda s: s.page.locator("#side").select_option("right"),
        lambda s: s.page.locator("#moment").fill("0"),
        lambda s: s.panel(1).locator("canvas").press("ArrowLeft"),
        lambda s: s.panel(0).locator("canvas").press("+"),
        lambda s: (s.panel(0).locator("canvas").hover(), s.page.mouse.wheel(0, 200)),
        lambda s: (
            s.panel(0)
            .locator("canvas")
            .drag_to(s.panel(0).locator("canvas"), source_position={"x": 90, "y": 90})
        ),
    ],
    ids="threshold method truth regions sulci side moment arrow plus wheel drag".split(),
)
def test_every_control_changes_the_picture(shown, act):
    before = shown.picture(1)
    act(shown)
    assert (np.abs(shown.picture(1) - before).max(axis=2) > 30).sum() > 50


def test_the_views_turn_together(shown):
    shown.method(0, "CovNet")
    shown.panel(1).locator("canvas").press("ArrowUp")
    assert np.abs(shown.picture(0) - shown.picture(1)).max() <= 2


def test_moments_have_their_own_map_and_sources(shown):
    said = shown.panel(1).locator(".said")
    assert shown.page.locator("#moment-said").text_content() == "1 s, EEG 3.0 µV (rms)"
    assert "1: probability 80 %" in said.text_content()
    assert "within 15 mm (80 %); nearest true centre 0 mm away" in said.text_content()
    shown.page.locator("#moment").fill("2")
    assert shown.page.locator("#moment-said").text_content() == "2 s, EEG 2.0 µV (rms)"
    assert "names no source" in said.text_content()


def test_pointing_tells_the_map_at_the_place(shown):
    shown.method(0, "MNE")
    shown.view("left")
    shown.picture()
    box = shown.panel(0).locator("canvas").bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown.page.wait_for_function("document.getElementById('pointed').textContent.includes('MNI ')")
    text = shown.page.locator("#pointed").text_content()
    side, x, y, z = re.match(r"(\w+) \w+ gyrus, MNI (\S+), (\S+), (\S+) mm", text).groups()
    place = np.array([float(v.replace("−", "-")) for v in (x, y, z)])
    dipole = int(np.linalg.norm(DIPOLES.positions - place, axis=1).argmin())
    # In the middle of the picture is the outermost point of the left ball.
    outermost = DIPOLES.positions[:642][:, 0].argmin()
    assert side == "left"
    assert np.linalg.norm(DIPOLES.positions[dipole] - DIPOLES.positions[outermost]) < RADIUS / 4
    mne, covnet = (float(v) for v in re.findall(r": ([\d.e−-]+)", text))
    # A byte a value, printed to three digits.
    assert mne == pytest.approx(MAPS[::-1][1, dipole], abs=MAPS.max() / 510 + 0.006)
    assert covnet == pytest.approx(MAPS[1, dipole], abs=MAPS.max() / 510 + 0.006)
