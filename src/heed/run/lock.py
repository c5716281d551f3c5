"""One instance per data folder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


class InUse(RuntimeError):
    """Another instance works on this data folder."""


class FolderLock:
    """Held as long as the object lives; the system lets go of it when the process ends, however it ends."""

    def __init__(self, folder: Path, name: str = "heed.lock") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self.file = self.path.open("a+")
        if os.geteuid() == 0:
            # Left as root's, the folder's own user could not open it.
            owner = folder.stat()
            os.fchown(self.file.fileno(), owner.st_uid, owner.st_gid)
        # A fork that outlives us must not keep the folder locked.
        os.register_at_fork(after_in_child=self.file.close)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.seek(0)
            holder = self.file.readline().strip() or "unknown"
            self.file.close()
            raise InUse(
                f"The data folder {folder} is in use by another Heed (process {holder}). Stop that one first, "
                "or choose another folder with --data."
            ) from None
        self.serves("")

    def serves(self, address: str) -> None:
        """Tell whoever finds the folder locked which address is served meanwhile."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(f"{os.getpid()}\n{address}")
        self.file.flush()

    def begins(self) -> None:
        """Tell that an address is about to be served: how long ago that was says whether it should be by now."""
        self.serves("")
        self.file.write("\nbegins")
        self.file.flush()

    def release(self) -> None:
        self.file.close()


def served_at(folder: Path, name: str = "heed.lock") -> str:
    """The address that whoever holds the folder serves, "" for none or none yet."""
    try:
        return "".join((folder / name).read_text().splitlines()[1:2])
    except OSError:
        return ""


def up_for(folder: Path, name: str = "heed.lock") -> float:
    """Seconds since whoever holds the folder began to serve people, or to begin with it; 0 for a command that does not."""
    try:
        if any((folder / name).read_text().splitlines()[1:]):
            return max(0.0, time.time() - (folder / name).stat().st_mtime)
    except OSError:
        pass
    return 0.0
