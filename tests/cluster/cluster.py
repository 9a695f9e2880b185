"""The tiny study on a SLURM of one node, disturbed in every way: tables equal to a local run's.

    python tests/cluster/cluster.py [--folder /tmp/cluster] [--install]

Needs root and Debian's packages slurm-wlm and munge, see slurm_node.py. The study is computed here
and through SLURM; then a part of it is removed, computed again while something goes wrong, and the
tables are compared. Prints a row for each case. Half an hour on two cores.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from slurm_node import SlurmNode, install, said
from slurm_study import FIRST_LINE, RESULTS, SPHERE, Cluster

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import Study  # noqa: E402


def whole_study(cluster: Cluster) -> None:
    """From nothing, then again."""
    for name in ("results", ".snakemake"):
        shutil.rmtree(cluster.study.folder / name)
    run = cluster.start()
    run.wait()
    count, steps = (
        cluster.submissions(),
        re.search(r"^total +(\d+)", cluster.said(), re.M),
    )
    logs = list((cluster.study.folder / RESULTS / "logs").rglob("*.log"))
    placed = [log for log in logs if FIRST_LINE.match(log.read_text())]
    seen = f"{steps[1] if steps else '?'} steps in {count} submissions; each log names its place"
    good = run.returncode == 0 and len(placed) == len(logs)
    cluster.compare("whole study", seen, good, "tables/*.csv")
    run = cluster.start()
    run.wait()
    nothing = "Nothing to be done" in cluster.said()
    cluster.tell("again", "nothing to do" if nothing else "work", nothing)


def refused(cluster: Cluster) -> None:
    """A step that refuses its input is not tried again."""
    cluster.undo()
    chunk = cluster.study.folder / RESULTS / "simulation/test/chunk-0.nc"
    whole, stamp = chunk.read_bytes(), chunk.stat()
    chunk.write_bytes(whole[: len(whole) // 2])
    os.utime(chunk, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    cluster.redo().wait()
    named = "chunk-0.nc: damaged" in cluster.said()
    good = named and cluster.submissions() == 1 and "Trying to restart" not in cluster.said()
    cluster.tell("damaged input", f"refused in {cluster.submissions()} submission", good)
    chunk.write_bytes(whole)
    os.utime(chunk, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    run = cluster.redo()
    run.wait()
    cluster.compare("input whole again", "finished", run.returncode == 0)


def cancelled(cluster: Cluster) -> None:
    """scancel of a job that runs: it is tried again."""
    run = cluster.start_long()
    said("scancel", *cluster.jobs("RUNNING"))
    run.wait()
    again = cluster.said().count("Trying to restart")
    cluster.compare_long(
        "a job cancelled",
        f"tried again {again} time",
        run.returncode == 0 and again == 1,
    )


def cancelled_before_start(cluster: Cluster) -> None:
    """A job that never starts shows no log of another attempt."""
    cluster.undo()
    log = cluster.study.folder / RESULTS / "logs/solve_scenarios/mne.log"
    log.write_text("the words of an earlier attempt\n")
    cluster.node.set_state("drain")
    run = cluster.redo()
    for _ in range(2):
        cluster.until(lambda: cluster.jobs("PENDING"), run)
        said("scancel", *cluster.jobs("PENDING"))
        cluster.until(lambda: not cluster.jobs("PENDING"), run)
    run.wait()
    cluster.node.set_state("resume")
    told = "CANCELLED" in cluster.said() and "words of an earlier" not in cluster.said()
    cluster.tell("cancelled before its start", "CANCELLED is told, no old log is shown", told)


def too_little_memory(cluster: Cluster) -> None:
    """Memory doubles with the attempt."""
    cluster.undo("leadfield/sphere.csv")
    table = (cluster.local.folder / RESULTS / "benchmarks/check_on_sphere.tsv").read_text()
    used = dict(zip(*(line.split("\t") for line in table.splitlines()), strict=True))
    # Less than the step alone takes; twice that is enough for the step and Snakemake.
    least = round(0.8 * float(used["max_rss"]))
    need = f"check_on_sphere:mem_mb={least}*2**(attempt-1)"
    run = cluster.start("--set-resources", need, "--", SPHERE)
    run.wait()
    logs = (cluster.study.folder / ".snakemake/slurm_logs").rglob("*.log")
    over = any("exceeded memory limit" in log.read_text() for log in logs)
    good = run.returncode == 0 and over and cluster.submissions() == 2
    seen = f"ended by SLURM, then twice as much: {cluster.submissions()} submissions"
    cluster.compare("too little memory", seen, good, "leadfield/sphere.csv")


def too_little_time(cluster: Cluster) -> None:
    """Time doubles with the attempt: a step that hangs is ended, and done again."""
    cluster.undo("leadfield/sphere.csv")
    run = cluster.start("--set-resources", "check_on_sphere:runtime=attempt", "--", SPHERE)
    cluster.until_step("check_on_sphere.log", run)
    for number in _steps(cluster.study):
        os.kill(number, signal.SIGSTOP)
    run.wait()
    told = "TIMEOUT" in cluster.said()
    good = run.returncode == 0 and told and cluster.submissions() == 2
    seen = f"{'TIMEOUT is told' if told else 'not told'}, {cluster.submissions()} submissions"
    cluster.compare("too little time", seen, good, "leadfield/sphere.csv")


def node_down(cluster: Cluster) -> None:
    """The node fails while a step runs, and comes back."""
    run = cluster.start_long()
    cluster.node.set_state("down")
    time.sleep(10)
    cluster.node.set_state("resume")
    run.wait()
    cluster.compare_long("node down", "finished", run.returncode == 0)


def stopped(cluster: Cluster) -> None:
    """Ctrl-C and SIGTERM end the jobs."""
    for name, number in (("Ctrl-C", signal.SIGINT), ("SIGTERM", signal.SIGTERM)):
        run = cluster.start_long()
        run.send_signal(number)
        run.wait()
        time.sleep(8)
        left = cluster.jobs()
        run = cluster.go_on()
        run.wait()
        cluster.compare_long(name, f"{len(left)} jobs left", run.returncode == 0 and not left)


def killed(cluster: Cluster) -> None:
    """SIGKILL of Snakemake: its job goes on, and the next run does the same beside it."""
    run = cluster.start_long()
    orphans = _steps(cluster.study)
    for number in orphans:
        os.kill(number, signal.SIGSTOP)
    run.kill()
    run.wait()
    run = cluster.go_on()
    cluster.until_step("check_on_sphere.log", run)
    for number in orphans:
        os.kill(number, signal.SIGCONT)
    run.wait()
    told = "to end them: scancel --name multisource_" in cluster.said()
    seen = f"{len(orphans)} step went on beside the next run, which names it"
    cluster.compare_long("Snakemake killed", seen, run.returncode == 0 and bool(orphans) and told)


def killed_and_cancelled(cluster: Cluster) -> None:
    """As the documentation says: scancel --name, then the same command."""
    run = cluster.start_long()
    run.kill()
    run.wait()
    name = re.search(r"SLURM run ID: (\S+)", cluster.said())
    said("scancel", "--name", name[1] if name else "")
    time.sleep(8)
    left = cluster.jobs()
    run = cluster.go_on()
    run.wait()
    cluster.compare_long(
        "killed, scancel --name",
        f"{len(left)} jobs left",
        run.returncode == 0 and not left,
    )


def paused(cluster: Cluster) -> None:
    """Snakemake sleeps for longer than SLURM remembers its jobs."""
    run = cluster.start_long()
    run.send_signal(signal.SIGSTOP)
    cluster.until(lambda: not cluster.jobs("all"), run)
    run.send_signal(signal.SIGCONT)
    run.wait()
    told = "counts as finished" in cluster.said()
    cluster.compare_long(
        "Snakemake paused",
        "its job, which SLURM has forgotten, counts as finished",
        run.returncode == 0 and told,
    )


def trainings(cluster: Cluster) -> None:
    """Trainings ask for a GPU in either way, and are submitted side by side."""
    folders = (cluster.study.folder / RESULTS / "network").iterdir()
    networks = [path.name for path in folders if path.is_dir()]
    files = [f"{RESULTS}/network/{name}/history.csv" for name in networks]
    for way, asked in (
        ("gpus", "TresPerJob=gres:gpu"),
        ("gres", "TresPerNode=gres:gpu"),
    ):
        cluster.undo("network/*/history.csv", "network/*/weights.safetensors")
        needs = (f"gpu_request={way}", "in_a_row=1", "mem_mb=2000", "runtime=20")
        # The node has two processors, and a training asks for more beside a GPU.
        fewer = ("--set-threads", "train_network=2")
        run = cluster.start(*fewer, "--default-resources", *needs, "--", *files)
        cluster.until(lambda: len(cluster.jobs()) == len(networks), run)
        shown = said("scontrol", "show", "job").count(asked)
        seen = f"{len(networks)} submitted at a time, {shown} with a GPU"
        if way == "gpus":
            run.send_signal(signal.SIGINT)
            run.wait()
            cluster.tell(f"gpu_request: {way}", seen, shown == len(networks))
            continue
        run.wait()
        good = run.returncode == 0 and shown == len(networks)
        cluster.compare(f"gpu_request: {way}", seen, good, "network/*/weights.safetensors")


def in_the_end(cluster: Cluster) -> None:
    """What is left to do, is done; the tables are those of the local run."""
    run = cluster.start()
    run.wait()
    cluster.compare("in the end", "the same command again", run.returncode == 0, "tables/*.csv")


def _steps(study: Study) -> list[int]:
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


CASES = (
    *(
        whole_study,
        refused,
        cancelled,
        cancelled_before_start,
        too_little_memory,
        too_little_time,
    ),
    *(node_down, stopped, killed, killed_and_cancelled, paused, trainings),
    in_the_end,
)


def main() -> None:
    """Run all cases, and print a table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, help="new, or of an earlier run of this program")
    parser.add_argument("--install", action="store_true", help="get Debian's packages first")
    parser.add_argument("--only", nargs="*", choices=[case.__name__ for case in CASES])
    options = parser.parse_args()
    if options.install:
        install()
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="multisource-cluster-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    node = SlurmNode(folder / "node")
    cluster = Cluster(folder, node)
    node.start()
    try:
        print("| case | what is seen | s |\n|---|---|---|")
        for case in CASES:
            if not options.only or case.__name__ in options.only:
                case(cluster)
    finally:
        node.stop()
    if not options.folder and not cluster.bad:
        shutil.rmtree(folder)
    sys.exit(bool(cluster.bad))


if __name__ == "__main__":
    main()
