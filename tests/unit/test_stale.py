"""Compiled code that is older than what it calls."""

import os

from multisource.posterior.stale import forget_stale


def test_only_code_older_than_a_module_is_forgotten(tmp_path):
    (tmp_path / "__pycache__").mkdir()
    files = {"a.py": 100, "b.py": 300, "__pycache__/a.f.nbi": 200, "__pycache__/b.f.nbi": 400}
    for name, time in files.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    forget_stale(tmp_path)
    assert [path.name for path in (tmp_path / "__pycache__").iterdir()] == ["b.f.nbi"]
