"""Disturbances by name, beside noise, eyes, muscles and bad channels, which have their own keys.

A new one is a file and a line here; see docs/add-your-own.md.
"""

from __future__ import annotations

from multisource.registry import Registry
from multisource.simulation.contract import Disturbance

DISTURBANCES = Registry(
    "simulation.disturbances",
    Disturbance,
    {
        "pop": "multisource.simulation.pop:pop",
    },
)
