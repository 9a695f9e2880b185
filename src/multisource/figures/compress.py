"""Pictures small enough for a repository."""

from __future__ import annotations

import os

from PIL import Image


def compress_png(
    source: str | os.PathLike, target: str | os.PathLike, *, width: int = 1600, colours: int = 192
) -> None:
    """Write a PNG at most ``width`` pixels wide with a palette of ``colours``."""
    with Image.open(source) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    if flat.width > width:
        flat = flat.resize((width, round(flat.height * width / flat.width)), Image.LANCZOS)
    flat.quantize(colours, dither=Image.Dither.NONE).save(target, format="PNG", optimize=True)
