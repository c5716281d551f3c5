"""What is wrong with the data folder itself, before anything in it is asked."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from heed.run.database import lost
from heed.run.rights import READ_ONLY, barred
from heed.run.said import Finding, refused
from heed.settings import Settings, SettingsError

_LITTLE_ROOM = 2 * 1024**3


def folder(settings: Settings) -> Iterator[Finding]:
    data = settings.data
    if not data.exists():
        above = next(each for each in data.parents if os.path.exists(each))
        if os.access(above, os.W_OK | os.X_OK):
            yield Finding("warn", f"The data folder {data} does not exist yet.", "`heed serve` makes it.")
        else:
            yield Finding(
                "bad",
                f"The data folder {data} cannot be made: you may not write into {above}.",
                "Run Heed as a user who may, or choose another folder with --data.",
            )
        return
    if not data.is_dir():
        yield Finding("bad", f"{data} is a file, not a folder.", "Give another folder with --data.")
        return
    if os.statvfs(data).f_flag & os.ST_RDONLY:
        yield refused(READ_ONLY.format(data))
        return
    if why := barred(data, data):
        yield refused(why)
        return
    yield from _closed(settings)
    yield from _keys(settings)
    if settings.embedded and (why := lost(settings)):
        yield refused(why)


def room(data: Path) -> Iterator[Finding]:
    """Whether there is room on the disk of the data folder."""
    if not data.is_dir():
        return
    usage = shutil.disk_usage(data)
    if usage.free < _LITTLE_ROOM:
        yield Finding(
            "bad" if usage.free < _LITTLE_ROOM // 10 else "warn",
            f"Only {usage.free / 1024**2:,.0f} MB are free on the disk of {data}.",
            "Free at least 2 GB: once nothing more can be written, Heed answers 503 and accepts no events.",
        )


def _closed(settings: Settings) -> Iterator[Finding]:
    """What in the data folder Heed's user may not use."""
    for path in (settings.data / "heed.lock", settings.lake_folder, settings.lake_folder / "events"):
        if os.path.exists(path) and (why := barred(path, settings.data)):
            yield refused(why)
            return


def _keys(settings: Settings) -> Iterator[Finding]:
    key = settings.data / "master.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Finding(
            "warn", f"Others can read the master key {key}.", f"Run: chmod 600 {shlex.quote(str(key))}"
        )
    secret = settings.data / "secret.key"
    wanted = {
        "master_key": (key, key.exists() or settings.holds_data or settings.master_key_text),
        "secret_key": (secret, secret.exists()),
    }
    for name, (path, there) in wanted.items():
        try:
            _ = there and getattr(settings, name)
        except SettingsError as error:
            yield refused(str(error))
        except OSError as error:
            yield refused(
                barred(path, settings.data)
                or f"The key {path} cannot be read: {error.strerror}. See to its disk."
            )
