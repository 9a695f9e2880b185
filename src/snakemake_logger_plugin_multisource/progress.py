"""How far a run is: steps done, under way and to come, and the time left."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any


class Progress:
    """Steps done, under way and to come, and how long the rest may take."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.total: Counter[str] = Counter()
        self.names: dict[int, tuple[str, str]] = {}
        self.running: dict[int, float] = {}
        self.spent: defaultdict[str, list[float]] = defaultdict(list)
        self.failed = 0

    @property
    def done(self) -> int:
        return sum(map(len, self.spent.values()))

    def plan(self, counts: Mapping[str, int]) -> None:
        """Take the number of jobs of every rule; Snakemake's own sum is not one."""
        self.total = Counter({rule: n for rule, n in counts.items() if rule != "total"})

    def start(self, job: int, rule: str, wildcards: Mapping[str, Any]) -> None:
        words = [str(value) for key, value in wildcards.items() if key != "head"]
        self.names[job] = (rule, " ".join([rule, *words]))
        self.running[job] = time.monotonic()

    def finish(self, job: int, *, failed: bool = False) -> None:
        began = self.running.pop(job, None)
        self.failed += failed
        if began is not None and not failed:
            self.spent[self.names[job][0]].append(time.monotonic() - began)

    def left(self) -> float | None:
        """Seconds to come, None while nothing is known.

        Every step to come takes as long as the steps of its rule did; where none is done, as long
        as the mean of all. As many run at a time as did so far.
        """
        spent = [seconds for times in self.spent.values() for seconds in times]
        if not spent:
            return None
        now = time.monotonic()
        mean = sum(spent) / len(spent)
        expected = {
            rule: sum(times) / len(times) if (times := self.spent.get(rule)) else mean
            for rule in self.total
        }
        seconds = 0.0
        waiting = self.total - Counter({rule: len(times) for rule, times in self.spent.items()})
        for job, began in self.running.items():
            rule = self.names[job][0]
            waiting[rule] -= 1
            seconds += max(expected.get(rule, mean) - (now - began), 0.0)
        seconds += sum(expected[rule] * n for rule, n in waiting.items() if n > 0)
        busy = sum(spent) + sum(now - began for began in self.running.values())
        at_a_time = max(busy / max(now - self.started, 1e-9), 1.0)
        return seconds / at_a_time

    def line(self, width: int) -> str:
        """Return the line, no wider than ``width`` characters."""
        total = sum(self.total.values())
        percent = 100 * self.done // max(total, 1)
        text = f"{self.done} of {total} steps ({percent} %), {_duration(self._elapsed())}"
        if self.failed:
            text += f", {self.failed} failed"
        left = self.left()
        if left is not None and self.done < total:
            text += f", about {_duration(left)} left"
        if self.running:
            text += ": " + ", ".join(self.names[job][1] for job in self.running)
        return text if len(text) <= width else text[: max(width - 1, 0)] + "…"

    def _elapsed(self) -> float:
        return time.monotonic() - self.started


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
