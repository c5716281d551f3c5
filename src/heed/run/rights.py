"""Why a file or folder cannot be used, in words, and what to do."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path

from heed.engines.postgres.owner import name_of

READ_ONLY = "The file system of {} is read-only. Mount it so that Heed may write there, or choose another folder with --data."


def barred(path: Path, data: Path) -> str:
    """Why this process may not use what is at `path`, and then what to do; "" where it may, or where nothing is.

    `data` is the data folder; what is in it can be given to whom Heed runs as.
    """
    for each in (*reversed(path.parents), path):
        if not os.path.lexists(each):
            return ""
        inside = each == data or data in each.parents
        needed = (os.R_OK | os.W_OK if inside else 0) | (os.X_OK if each.is_dir() else 0)
        if os.access(each, needed):
            continue
        owner, me, quoted = os.stat(each).st_uid, name_of(os.geteuid()), shlex.quote(str(each))
        if owner == os.geteuid():
            mode = "700" if each.is_dir() else "600"
            return (
                f"You may not use {each}, though it is yours: its mode forbids it. Run: chmod {mode} {quoted}"
            )
        said = f"You may not use {each}: it belongs to {name_of(owner)}."
        if not inside:
            return f"{said} Run Heed as that user, or choose another folder with --data."
        if each.is_dir():
            return (
                f"{said} Run Heed as that user, or as root give everything to yours:"
                f" chown -R {me} {shlex.quote(str(data))}"
            )
        return f"{said} Run Heed as that user, or as root give it to yours: chown {me} {quoted}"
    return ""


def cannot_use(error: OSError, data: Path) -> str:
    """What an error at a file of the data folder means, and then what to do."""
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else data
    if isinstance(error, FileExistsError):
        return f"{path} is a file, not a folder. Choose a folder with --data."
    if error.errno == errno.EROFS:
        return READ_ONLY.format(path)
    if error.errno == errno.ENOSPC:
        return f"There is no room left on the disk of {path}. Free at least 2 GB."
    if isinstance(error, PermissionError):
        for each in (path, path.parent):
            if why := barred(each, data):
                return why
    return f"The data folder cannot be used: {error.strerror or error} ({path}). See to it, or choose another with --data."
