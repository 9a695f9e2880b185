"""Large arrays come in large pages, which the system clears at once."""

import subprocess
import sys
from pathlib import Path

import pytest

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
COUNT = """
import resource
import multisource.network
import torch

torch.ones(10_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    torch.ones(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
SMALL_PAGES = 5 * 40_000_000 // 4096


@pytest.mark.skipif(
    not SETTING.exists() or "[never]" in SETTING.read_text(), reason="no large pages here"
)
def test_large_arrays_have_few_page_faults():
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    # 48,828 without them, 2,840 with them.
    assert int(done.stdout) < 0.2 * SMALL_PAGES
