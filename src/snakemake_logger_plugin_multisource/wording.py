"""What Snakemake says of errors, in words for the one who reads it; details stay in the logs."""

from __future__ import annotations

import re

_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):\n.*?(?=^multisource: |^=+$|\Z)", re.S | re.M
)
_KILLED = re.compile(r"died with <Signals\.SIGKILL: 9>|non-zero exit status 137\b")
LOCKED = (
    "Another run is at work on the same files in this folder: wait for it to end, or work in "
    "another folder (snakemake --directory). If none is, snakemake --unlock removes what it left."
)
KILLED = (
    "The step was killed from outside, most likely since the machine had no more memory: its rule "
    "declares {memory}. Run fewer steps at once (--cores), or make the study smaller."
)


def worded(text: str, *, exception: str = "", memory_mb: float | None = None) -> str:
    """Return what is shown of a message.

    Parameters
    ----------
    text : str
        The message as Snakemake prints it.
    exception : str
        The class of the exception that it is about, if any.
    memory_mb : float, optional
        The most memory that a rule of this run declares, MB.

    Returns
    -------
    str
        The message without tracebacks; of a killed step, with the likely cause.
    """
    if exception == "LockException":
        return LOCKED
    text = _TRACEBACK.sub("(a traceback: see the log)\n", text)
    if _KILLED.search(text):
        memory = f"{memory_mb:g} MB (mem_mb)" if memory_mb else "its need as mem_mb"
        text = f"{text}\n{KILLED.format(memory=memory)}"
    return text
