"""What several processes need compiled is compiled by one of them."""

import subprocess
import sys

MODULE = """
from multisource.compiled import njit


@njit(cache=True)
def half(x):
    return x / 2


@njit(cache=True)
def quarter(x):
    return half(half(x))
"""
PROGRAM = """
import sys
from module import half, quarter

print("ready", flush=True)
sys.stdin.readline()
assert quarter(4.0) == 1.0 and half(4.0) == 2.0
print(*[sum(f.stats.cache_misses.values()) for f in (half, quarter)])
"""


def test_of_processes_that_start_together_one_compiles(tmp_path):
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "program.py").write_text(PROGRAM)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, tmp_path / "program.py"], **pipes) for _ in "ab"]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    missing = sorted(process.communicate()[0].split() for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    # The other finds the calling function on the disk, with what it calls inside.
    assert missing == [["0", "0"], ["1", "1"]]
