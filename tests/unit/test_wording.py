"""What a run shows of errors: no traceback, and the likely cause."""

import pytest

from snakemake_logger_plugin_multisource.wording import LOCKED, worded

FAILED = """Error in rule train_network:
    log: train.log (check log file(s) for error details)
Logfile train.log:
=====
epoch 1
Traceback (most recent call last):
  File "a.py", line 3, in f
    x()
KeyError: 3

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "b.py", line 3, in g
ValueError: no

multisource: unexpected ValueError: no; the log has the traceback: train.log
====="""


def test_tracebacks_stay_in_the_log():
    shown = worded(FAILED)
    assert "Traceback (" not in shown and "KeyError" not in shown and 'File "' not in shown
    assert "epoch 1" in shown and "multisource: unexpected ValueError: no; the log" in shown
    assert shown.endswith("=====")
    end = worded("Traceback (most recent call last):\n  File x\nValueError: y")
    assert end == "(a traceback: see the log)\n"


@pytest.mark.parametrize(
    "text",
    [
        "Command 'python a.py' died with <Signals.SIGKILL: 9>.",
        "Command 'python a.py' returned non-zero exit status 137.",
    ],
)
def test_a_killed_step_is_named_so(text):
    assert "most likely since the machine had no more memory" in worded(text)
    assert worded("returned non-zero exit status 1.") == "returned non-zero exit status 1."


def test_a_second_run_is_told_what_is_at_work():
    assert worded("LockException:\nError: ...", exception="LockException") == LOCKED
