"""A study that SLURM computes, beside its twin that this machine computes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from slurm_node import SlurmNode

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import Study  # noqa: E402

RESULTS = "results/fsaverage"
SPHERE = f"{RESULTS}/leadfield/sphere.csv"
# One method's maps and numbers: a submission of two steps.
SCORES = f"{RESULTS}/metrics/test/mne.parquet"
REDONE = ("estimates/*/mne.nc", "metrics/*/mne.parquet")
OPTIONS = (
    *("--workflow-profile", "profiles/slurm", "--configfile", "tiny.yaml"),
    *("--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "10"),
)
TIMES = ["cpu_s_setup", "cpu_s_window"]  # of opponents.csv
FIRST_LINE = re.compile(r"\w+: \S+, SLURM job \d+, \d+ threads?, device ")


class Cluster:
    """A study, its copy that SLURM computes, and what has been seen."""

    def __init__(self, folder: Path, node: SlurmNode) -> None:
        self.node = node
        self.bad = 0
        self.began = 0.0
        self.output = folder / "output.txt"
        places = folder / "local", folder / "slurm"
        if not (places[0] / "tiny.yaml").exists():
            places[0].mkdir(exist_ok=True)
            Study.new(places[0])
        self.local = Study(places[0])
        run = self.local.snakemake("--cores", "2")
        if run.returncode:
            sys.exit(run.stdout[-3000:] + run.stderr[-3000:])
        self.study = Study(places[1]) if places[1].exists() else self.local.copy(places[1])

    def tell(self, case: str, seen: str, good: bool) -> None:
        """Print a row."""
        self.bad += not good
        seconds = time.monotonic() - self.began
        print(
            f"| {case} | {seen}{'' if good else ' **BAD**'} | {seconds:.0f} |",
            flush=True,
        )
        if not good:
            print(self.said()[-6000:])

    def said(self) -> str:
        """Return what the last run has said."""
        return self.output.read_text()

    def jobs(self, state: str = "") -> list[str]:
        """Return the numbers of the last run's jobs that SLURM has, or of those in a state."""
        name = re.search(r"SLURM run ID: (\S+)", self.said())
        return self.node.jobs(name[1], state) if name else []

    def submissions(self) -> int:
        """Return how many jobs the last run gave to SLURM."""
        return len(re.findall(r"submitted with SLURM jobid", self.said()))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a run."""
        self.began = time.monotonic()
        command = [sys.executable, "-m", "snakemake", *OPTIONS, *arguments]
        with self.output.open("w") as file:
            return subprocess.Popen(
                command,
                cwd=self.study.folder,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def redo(self) -> subprocess.Popen[bytes]:
        """Start a run that computes one method's scores."""
        return self.start("--", SCORES)

    def go_on(self) -> subprocess.Popen[bytes]:
        """Start a run that computes the longest step."""
        return self.start("--", SPHERE)

    def start_long(self) -> subprocess.Popen[bytes]:
        """Start a run, and wait until its only step, which takes long, is at work."""
        self.undo("leadfield/sphere.csv")
        run = self.go_on()
        self.until_step("check_on_sphere.log", run)
        return run

    def until(self, happens: Callable[[], object], run: subprocess.Popen[bytes]) -> None:
        """Wait for something to happen in a run."""
        while not happens():
            if run.poll() is not None:
                print(self.said()[-6000:])
                sys.exit("the run ended before it could be disturbed")
            time.sleep(0.2)

    def until_step(self, log: str, run: subprocess.Popen[bytes]) -> None:
        """Wait until a step has begun in this run."""
        path, now = self.study.folder / RESULTS / "logs" / log, time.time()

        def begun() -> bool:
            new = path.exists() and path.stat().st_mtime >= now
            return new and bool(FIRST_LINE.match(path.read_text()))

        self.until(begun, run)

    def undo(self, *patterns: str) -> None:
        """Remove files, so that there is work."""
        for pattern in patterns or REDONE:
            for path in (self.study.folder / RESULTS).glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def differing(self, pattern: str) -> list[str]:
        """Return the files that are not equal to the byte to those of the local run."""
        here, there = (study.folder / RESULTS for study in (self.study, self.local))
        names = {str(p.relative_to(place)) for place in (here, there) for p in place.glob(pattern)}
        same = [name for name in names if _content(here / name) == _content(there / name)]
        return sorted(names - set(same)) if names else ["nothing there"]

    def compare_long(self, case: str, seen: str, good: bool) -> None:
        """Print a row, with whether the long step's table is that of the local run."""
        self.compare(case, seen, good, "leadfield/sphere.csv")

    def compare(
        self, case: str, seen: str, good: bool, pattern: str = "metrics/*/mne.parquet"
    ) -> None:
        """Print a row, with whether files are equal to the byte to those of the local run."""
        differing = self.differing(pattern)
        quiet = not re.search("Traceback|invalid option|guess", self.said())
        seen = f"{seen}; {pattern.split('/')[0]} {'DIFFER' if differing else 'equal'}"
        self.tell(case, seen, good and quiet and not differing)


def _content(path: Path) -> bytes | None:
    """What a file holds, but for the seconds that its computation took."""
    if not path.is_file():
        return None
    if path.name != "opponents.csv":
        return path.read_bytes()
    table = pd.read_csv(path)
    return table.drop(columns=TIMES).to_csv().encode()
