"""A picture inside a page."""

from __future__ import annotations

import base64
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A PNG of the page.

    Attributes
    ----------
    png : bytes
        The file.
    caption : str
        Printed below.
    alt : str
        A description for those who cannot see it.
    """

    png: bytes
    caption: str
    alt: str

    @property
    def source(self) -> str:
        """The picture as an address that holds it (data URI)."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")
