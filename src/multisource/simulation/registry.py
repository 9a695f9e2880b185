"""Disturbances by name: events in windows. Noise and bad channels have keys of their own.

A new one is a file and a line here; see docs/add-your-own.md.
"""

from __future__ import annotations

from multisource.registry import Registry
from multisource.simulation.contract import Disturbance

DISTURBANCES = Registry(
    "simulation.disturbances",
    Disturbance,
    {
        "blink": "multisource.simulation.eyes:blink",
        "saccade": "multisource.simulation.eyes:saccade",
        "muscle": "multisource.simulation.muscle:muscle",
        "pop": "multisource.simulation.pop:pop",
        "subcortical": "multisource.simulation.subcortical:subcortical",
    },
)
