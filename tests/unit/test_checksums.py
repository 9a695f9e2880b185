"""Checksums of inputs are taken once, and again when the file has changed."""

import asyncio
import hashlib
import os
from types import SimpleNamespace

from multisource.checksums import remembered


def test_a_file_is_hashed_again_only_when_it_changed(tmp_path):
    path = tmp_path / "input"
    taken = []

    async def checksum(file, threshold=None, *, force=False):
        taken.append(file.file)
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None

    once = remembered(checksum)
    file = SimpleNamespace(file=str(path))
    assert asyncio.run(once(file, 100)) is None
    path.write_bytes(b"one")
    first = asyncio.run(once(file, 100))
    assert asyncio.run(once(file, 100)) == first and len(taken) == 2
    # Other contents of the same size and age, at another place on the disk.
    state = path.stat()
    (tmp_path / "other").write_bytes(b"two")
    os.replace(tmp_path / "other", path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert asyncio.run(once(file, 100)) == hashlib.sha256(b"two").hexdigest() != first
    assert len(taken) == 3
    asyncio.run(once(file, 50))
    asyncio.run(once(file, 50, force=True))
    assert len(taken) == 5
