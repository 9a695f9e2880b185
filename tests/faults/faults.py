"""Kills, damage, a full disk, two runs at once and one core: the tables stay the same to the byte.

    python tests/faults/faults.py [--folder /tmp/faults] [--kills 6] [--seed 1]

The tiny study is computed once, in a copy of the repository. Each fault then meets a part of it
that is computed again, and the tables are compared. Prints a row for each fault. Some minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))
from conftest import Study  # noqa: E402

RESULTS = "results/fsaverage"
# What is removed so that there is work to be disturbed: solving, scoring, tables, the report, and
# the training of the smallest network.
REDONE = ("estimates", "metrics", "tables", "network/convnet", "simulation/test", "report.html")
# A file of every kind, and a rule that reads it.
KINDS = {
    "surface": ("anatomy/surf/lh.white", "place_electrodes"),
    "tissues": ("anatomy/mri/tissues.nii.gz", "place_electrodes"),
    "transfer matrix": ("leadfield/fem-transfer.npy", "compute_fem"),
    "forward": ("leadfield/bem-fwd.fif", "build_kernel"),
    "kernel": ("inverse/mne.nc", "solve_scenarios"),
    "chunk": ("simulation/test/chunk-0.nc", "solve_scenarios"),
    "weights": ("network/convnet/weights.safetensors", "predict_network"),
    "estimates": ("estimates/test/mne.nc", "score_estimates"),
    "metrics": ("metrics/test/mne.parquet", "make_tables"),
    "distances": ("simulation/test/distances.npz", "score_estimates"),
    "table": ("leadfield/comparison.csv", "render_report"),
    "courses": ("simulation/test/courses.nc", "score_estimates"),
}


KEPT = ("results", ".snakemake/metadata")


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


class Faults:
    """The whole study, and what its tables are."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.draw = random.Random(seed)
        self.rows: list[tuple[str, str, bool]] = []
        # A folder in which this has run before has the study already.
        self.study = Study(folder) if (folder / "tiny.yaml").exists() else Study.new(folder)
        run = self.study.snakemake("--cores", "2")
        if run.returncode:
            sys.exit(run.stdout[-3000:] + run.stderr[-3000:])
        self.tables = self.read_tables(self.study)

    @staticmethod
    def read_tables(study: Study) -> dict[str, bytes]:
        """Return {name: content} of all tables."""
        found = sorted((study.folder / RESULTS / "tables").glob("*.csv"))
        return {path.name: path.read_bytes() for path in found}

    def tell(self, fault: str, told: str, good: bool) -> None:
        """Print a row."""
        self.rows.append((fault, told, good))
        print(f"{'ok ' if good else 'BAD'} {fault:32} {told}", flush=True)

    def keep(self) -> None:
        """Keep a copy of the finished study, and of what Snakemake knows of it."""
        shutil.rmtree(self.study.folder / "kept", ignore_errors=True)
        for part in KEPT:
            (self.study.folder / "kept" / part).parent.mkdir(parents=True, exist_ok=True)
            _copy(self.study.folder / part, self.study.folder / "kept" / part)

    def restore(self) -> None:
        """Put the copy back."""
        for part in KEPT:
            shutil.rmtree(self.study.folder / part)
            _copy(self.study.folder / "kept" / part, self.study.folder / part)

    def undone(self) -> Study:
        """Return the study, with a part of it to be done again."""
        for name in REDONE:
            path = self.study.folder / RESULTS / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return self.study

    def compare(self, fault: str, told: str, good: bool = True) -> None:
        """Finish the study, and compare its tables and what is left over."""
        run = self.study.snakemake("--cores", "2")
        now = self.read_tables(self.study)
        other = [name for name in {**self.tables, **now} if now.get(name) != self.tables.get(name)]
        left = list(self.study.folder.rglob(".writing-*"))
        traceback = "Traceback" in run.stdout + run.stderr
        good &= run.returncode == 0 and not other and not left and not traceback
        same = f"DIFFER: {', '.join(other)}" if other else "equal"
        self.tell(fault, f"{told}; tables {same}", good)
        if not good:
            print((run.stdout + run.stderr)[-3000:], left)


def start(study: Study) -> subprocess.Popen[str]:
    """Start a run in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "tiny.yaml"],
        cwd=study.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def steps(study: Study) -> list[int]:
    """Return the processes that compute steps of a study."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(f"{study.folder}/.snakemake/scripts" in word for word in words[1:2]):
                found.append(int(entry.name))
    return found


def kill(faults: Faults, whom: str, count: int) -> None:
    """End a run again and again at random times, then let it finish."""
    study = faults.undone()
    done = 0
    for _ in range(count):
        run = start(study)
        deadline = time.monotonic() + faults.draw.uniform(3, 25)
        while time.monotonic() < deadline and run.poll() is None:
            time.sleep(0.1)
        if run.poll() is not None:
            break
        done += 1
        if whom == "step":
            for number in steps(study)[:1]:
                os.kill(number, signal.SIGKILL)
            # The rest of the run goes on; what it says is read below, or it would wait for that.
        elif whom == "run, steps and all":
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.send_signal(signal.SIGTERM if "TERM" in whom else signal.SIGKILL)
        run.communicate()
        for _ in range(200):
            if not steps(study):
                break
            time.sleep(0.1)
        else:
            faults.tell(f"killed: {whom}", f"a step outlived its run: {steps(study)}", False)
    faults.compare(f"killed: {whom}", f"{done} times")


def one_core(faults: Faults) -> None:
    """Compute networks and all that follows again, on one core instead of two."""
    study = faults.undone()
    shutil.rmtree(study.folder / RESULTS / "network")
    shutil.rmtree(study.folder / RESULTS / "simulation")
    only = {min(os.sched_getaffinity(0))}
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "tiny.yaml"],
        cwd=study.folder,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, only),
    )
    ended = run.returncode == 0
    faults.compare("one core instead of two", f"run {'ended well' * ended}", ended)


def two_at_once(faults: Faults) -> None:
    """Start a second run beside the first."""
    study = faults.undone()
    one = start(study)
    while one.poll() is None and not steps(study):
        time.sleep(0.1)
    two = start(study)
    told = two.communicate()[0]
    one.communicate()
    refused = "Another run is at work" in told and "Traceback" not in told
    faults.compare("two runs at once", f"second {'refused' if refused else 'NOT REFUSED'}", refused)


def damages(faults: Faults) -> Iterator[tuple[str, str, Callable[[bytes], bytes]]]:
    """Yield (kind, damage, function of the content)."""

    def flipped(content: bytes) -> bytes:
        place = faults.draw.randrange(len(content))
        return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]

    for number, kind in enumerate(KINDS):
        yield kind, "a flipped bit", flipped
        if number % 2:
            yield kind, "cut in half", lambda content: content[: len(content) // 2]
        else:
            yield kind, "0 bytes", lambda content: b""


def damage(faults: Faults, kind: str, name: str, spoil: Callable[[bytes], bytes]) -> None:
    """Damage a file; its reader names it, and once it is removed the study is made whole."""
    path, reader = KINDS[kind]
    file = faults.study.folder / RESULTS / path
    whole, stamp = file.read_bytes(), file.stat()
    file.write_bytes(spoil(whole))
    # As a disk does it: nobody has written the file.
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    run = faults.study.snakemake("--cores", "2", "--forcerun", reader)
    told = run.stdout + run.stderr
    named = f"{RESULTS}/{path}: damaged" in told and "Traceback" not in told
    faults.restore()  # also what the step that refused it has removed
    faults.tell(f"{kind}: {name}", "named in a line" if named else "NOT NAMED", named)
    if not named:
        print(told[-3000:])


def full_disk(faults: Faults) -> None:
    """Run in a disk of memory that is nearly full, then in a larger one."""
    study = faults.undone()
    size = sum(path.stat().st_size for path in (study.folder / "results").rglob("*"))
    script = f"""
set -e
cp -a results kept && mount -t tmpfs -o size={size + 3_000_000} none results
cp -a kept/. results/ && rm -r kept
snakemake="{sys.executable} -m snakemake --cores 2 --configfile tiny.yaml"
$snakemake > full.log 2>&1 && echo "the disk was not full" || true
mount -o remount,size=8G results && $snakemake > more.log 2>&1
cp -a results made
"""
    run = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "bash", "-c", script],
        cwd=study.folder,
        capture_output=True,
        text=True,
    )
    log = study.folder / "full.log"
    told = log.read_text() if log.exists() else run.stderr
    named = "the disk is full" in told and "Traceback" not in told
    made = study.folder / "made"
    if run.returncode == 0:
        shutil.rmtree(study.folder / "results")
        made.rename(study.folder / "results")
    faults.compare("full disk", "named" if named else f"NOT NAMED {run.stderr[-200:]}", named)


def main() -> None:
    """Run all faults, and print a table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, help="new, or of an earlier run of this program")
    parser.add_argument("--kills", type=int, default=6, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="multisource-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    faults = Faults(folder, options.seed)
    for whom in ("run (SIGKILL)", "run (SIGTERM)", "run, steps and all", "step"):
        kill(faults, whom, options.kills)
    one_core(faults)
    two_at_once(faults)
    full_disk(faults)
    faults.keep()
    for kind, name, spoil in damages(faults):
        damage(faults, kind, name, spoil)
    faults.compare("after all damage", "whole again")
    bad = sum(not good for *_, good in faults.rows)
    print(f"{len(faults.rows)} faults, {bad} not survived")
    if not options.folder and not bad:
        shutil.rmtree(folder)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
