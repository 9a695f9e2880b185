"""Runs in one folder: locks of killed ones go, others stay; a step ends with its run."""

import os
import signal
import subprocess
import sys
import time

from multisource.runs import RUN, enter, identity

ENTER = """
import sys
from multisource.runs import enter
enter(sys.argv[1], stay=True)
print("at work", flush=True)
sys.stdin.read()
"""
STEP = """
import subprocess, sys, time
from multisource.runs import end_with_run
end_with_run()
child = subprocess.Popen(["sleep", "100"])
print(child.pid, flush=True)
time.sleep(100)
"""


def test_locks_go_unless_another_run_is_alive(tmp_path):
    folder = tmp_path / ".snakemake"
    lock = folder / "locks" / "0.input.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    run = subprocess.Popen([sys.executable, "-c", ENTER, folder], **pipes)
    assert run.stdout.readline() == b"at work\n"
    assert not lock.exists(), "left by a run that is gone"
    lock.touch()
    enter(folder, stay=False)
    assert lock.exists(), "of the live run"
    run.kill()
    run.communicate()
    enter(folder, stay=False)
    assert not lock.exists()


def gone(number: int) -> bool:
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_step_ends_with_its_run_and_so_does_what_it_started():
    run = subprocess.Popen(["sleep", "100"])
    environment = os.environ | {RUN: identity(run.pid)}
    step = subprocess.Popen(
        [sys.executable, "-c", STEP], env=environment, stdout=subprocess.PIPE, text=True
    )
    child = int(step.stdout.readline())
    assert step.poll() is None and not gone(child)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert step.wait(timeout=30) == 1
    for _ in range(300):
        if gone(child):
            break
        time.sleep(0.1)
    assert gone(child)
    step.stdout.close()


def test_a_step_does_not_begin_after_its_run():
    run = subprocess.Popen(["sleep", "100"])
    gone_run = identity(run.pid)
    run.kill()
    run.wait()
    command = [sys.executable, "-c", STEP]
    step = subprocess.run(command, env=os.environ | {RUN: gone_run}, capture_output=True, text=True)
    assert step.returncode == 1 and not step.stdout and "run has ended" in step.stderr
    # A number that another process has now is not the run.
    me = identity(os.getpid()).rpartition("|")[0] + "|1"
    assert subprocess.run(command, env=os.environ | {RUN: me}, capture_output=True).returncode == 1
