"""Pictures small enough for a repository."""

from __future__ import annotations

import os

from PIL import Image


def compress_png(
    source: str | os.PathLike, target: str | os.PathLike, *, width: int = 1600, colours: int = 192
) -> None:
    """Write a PNG with fewer pixels and colours.

    Parameters
    ----------
    source, target : path
        The PNG that is read, and the one that is written.
    width : int
        Pixels; a wider picture is scaled down.
    colours : int
        Size of the palette.
    """
    with Image.open(source) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    if flat.width > width:
        size = width, round(flat.height * width / flat.width)
        flat = flat.resize(size, Image.Resampling.LANCZOS)
    flat.quantize(colours, dither=Image.Dither.NONE).save(target, format="PNG", optimize=True)
