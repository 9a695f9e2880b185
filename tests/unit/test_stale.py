"""Compiled code that is older than what it calls."""

import os

from multisource.posterior.stale import forget_stale


def test_compiled_code_is_forgotten_when_any_module_changes(tmp_path):
    folder = tmp_path / "__pycache__"
    module, index = tmp_path / "a.py", folder / "b.f.nbi"
    module.write_text("ONE = 1\n")
    (tmp_path / "b.py").touch()
    forget_stale(tmp_path)
    index.touch()
    # A copy or a visit makes a file younger, and an older version may be put in its place.
    module.touch()
    forget_stale(tmp_path)
    assert index.exists()
    module.write_text("ONE = 2\n")
    os.utime(module, (100, 100))
    forget_stale(tmp_path)
    assert not index.exists() and module.exists()
    index.touch()
    forget_stale(tmp_path)
    assert index.exists()
