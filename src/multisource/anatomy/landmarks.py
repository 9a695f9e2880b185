"""The landmarks of a head, whose places every head and every measured montage gives."""

from __future__ import annotations

LANDMARKS = ("lpa", "nasion", "rpa")
