"""Links whose file is not there, as copied subjects and annexed data sets have them."""

from __future__ import annotations

import os
from pathlib import Path


def dead_link(path: str | os.PathLike[str]) -> str:
    """Say so where a path is a link that leads nowhere.

    Parameters
    ----------
    path : str or path-like
        A path that is thought to be a file or folder.

    Returns
    -------
    str
        A line for the user that says where the link points and what to do; empty where the path is
        no link, or leads somewhere.
    """
    path = Path(path)
    if not path.is_symlink() or path.exists():
        return ""
    goal = os.readlink(path)
    remedy = (
        "get its content with: datalad get"
        if ".git/annex" in goal
        else "copy what it points to, or copy the folder again with: cp -rL"
    )
    return f"{path}: a link to {goal}, which is not there; {remedy}"
