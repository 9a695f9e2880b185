"""The picture of docs/brains.md, of a study's page: needs `make test-browser` once, and Chromium.

usage: .venv/bin/python docs/brains_picture.py results/fsaverage/brains/scenarios.html
"""

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "pictures/brains.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    address = parser.parse_args().page.resolve().as_uri() + "#D-all"
    # Without a graphics card the browser draws 3D by its own software, slowly.
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=flags, timeout=300_000
        )
        page = chromium.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(300_000)
        page.goto(address)
        page.wait_for_function("document.body.dataset.drawn > 0")
        for panel, method in enumerate(("CovNet", "Patch posterior")):
            page.locator(f"[data-panel='{panel}'] select").select_option(method)
        page.locator("[data-panel='0'] canvas").press("+")
        page.locator("[data-panel='0'] canvas").press("+")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(3000)
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        chromium.close()
    # All its colours: a palette would make steps of the colour scale.
    shot.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
