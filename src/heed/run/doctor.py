"""`heed doctor`: what is wrong, in words, and what to do."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator

import psycopg

from heed.engines.postgres.owner import name_of
from heed.engines.postgres.server import EmbeddedServer, ServerError
from heed.run.address import silent
from heed.run.database import answers, broken_off, lost, missing, server_of, unusable
from heed.run.findings import UNPREPARED, database
from heed.run.lock import FolderLock, InUse, up_for
from heed.run.running import front
from heed.run.said import Finding, command, refused
from heed.run.supervisor import CannotStart, check_port
from heed.settings import Settings, SettingsError, unknown

_LITTLE_ROOM = 2 * 1024**3


def examine(settings: Settings) -> list[Finding]:
    """Everything worth saying, the groundwork first; what rests on something broken is not looked at."""
    found = [*_variables(), *_models()]
    if why := broken_off(settings):
        return [*found, _restoring(settings) or refused(why)]
    found.extend(_folder(settings))
    if any(each.level == "bad" for each in found):
        return found
    running = _running(settings)
    found.append(
        Finding("ok", "Heed is running on this data folder.")
        if running
        else Finding(
            "warn",
            "Heed is not running on this data folder.",
            f"Start it with `{command(settings, 'serve')}`.",
        )
    )
    found.extend(front(settings) if running else _port(settings))
    if settings.embedded and not running:
        found.extend(_embedded(settings))
        return found
    if not answers(settings):
        found.append(_silent(settings))
        return found
    found.extend(database(settings, up_for(settings.data) if running else 0.0))
    return found


def _silent(settings: Settings) -> Finding:
    if settings.embedded:
        with contextlib.suppress(psycopg.Error):
            for finding in _inside(settings, server_of(settings)):
                return finding
        return Finding(
            "bad",
            "The embedded database does not answer.",
            f"Stop Heed and start it again; if that does not help, look at the end of {settings.data / 'postgres.log'}.",
        )
    return refused(silent(settings.database_url))


def _variables() -> Iterator[Finding]:
    for name in unknown(os.environ):
        yield Finding(
            "warn", f"{name} is no setting and changes nothing.", "docs/settings.md lists them all."
        )


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data
    if not folder.exists():
        above = next(each for each in folder.parents if each.exists())
        if os.access(above, os.W_OK | os.X_OK):
            yield Finding("warn", f"The data folder {folder} does not exist yet.", "`heed serve` makes it.")
        else:
            yield Finding(
                "bad",
                f"The data folder {folder} cannot be made: you may not write into {above}.",
                "Run Heed as a user who may, or choose another folder with --data.",
            )
        return
    if not folder.is_dir():
        yield Finding("bad", f"{folder} is a file, not a folder.", "Give another folder with --data.")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            "bad",
            f"You may not write into the data folder {folder}.",
            "Run Heed as the user it belongs to, or choose another folder with --data.",
        )
        return
    usage = shutil.disk_usage(folder)
    if usage.free < _LITTLE_ROOM:
        yield Finding(
            "bad" if usage.free < _LITTLE_ROOM // 10 else "warn",
            f"Only {usage.free / 1024**2:,.0f} MB are free on the disk of {folder}.",
            "Free at least 2 GB: once nothing more can be written, Heed answers 503 and accepts no events.",
        )
    yield from _closed(settings)
    yield from _keys(settings)
    if settings.embedded and (why := lost(settings)):
        yield refused(why)


def _closed(settings: Settings) -> Iterator[Finding]:
    """What in the data folder Heed's user may not use."""
    for path in (settings.data / "heed.lock", settings.lake_folder, settings.lake_folder / "events"):
        needed = os.R_OK | os.W_OK | (os.X_OK if os.path.isdir(path) else 0)
        if os.path.exists(path) and not os.access(path, needed):
            yield Finding(
                "bad",
                f"You may not use {path}: it belongs to {name_of(os.stat(path).st_uid)}.",
                "Run Heed as that user, or give everything to yours:"
                f" chown -R {name_of(os.geteuid())} {shlex.quote(str(settings.data))}",
            )
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
            yield Finding(
                "bad", f"The key {path} cannot be read.", f"{error.strerror}: run Heed as its owner."
            )


def _models() -> Iterator[Finding]:
    from heed.sense.text import understand

    try:
        understand("Good morning, nothing came today")
    except Exception as error:
        what = getattr(error, "filename", None) or type(error).__name__
        yield Finding(
            "bad",
            f"The models that read texts are missing or damaged ({what}).",
            "Install Heed again: this installation of it is not whole.",
        )


def _running(settings: Settings) -> bool:
    if not settings.data.exists():
        return False
    try:
        FolderLock(settings.data).release()
    except InUse:
        return True
    return False


def _restoring(settings: Settings) -> Finding | None:
    with contextlib.suppress(OSError):
        if _running(settings):
            return Finding(
                "warn",
                f"A backup is being restored into {settings.data}.",
                "Wait until `heed restore` has ended.",
            )
    return None


def _port(settings: Settings) -> Iterator[Finding]:
    try:
        check_port(settings)
    except CannotStart as error:
        yield refused(str(error))


def _embedded(settings: Settings) -> Iterator[Finding]:
    if not (settings.postgres_folder / "PG_VERSION").exists():
        return
    server = server_of(settings)
    try:
        server.start(timeout=30)
    except (ServerError, OSError) as error:
        yield Finding(
            "bad",
            f"The embedded database does not start. {error}",
            "What its log says last is the reason. Only where a file is damaged or lost, restore the data folder from a"
            " backup.",
        )
        return
    try:
        yield from _inside(settings, server)
    finally:
        server.stop()


def _inside(settings: Settings, server: EmbeddedServer) -> Iterator[Finding]:
    """What is in the embedded server, which answers."""
    try:
        there = server.has_database("heed")
    except psycopg.Error as error:
        yield refused(unusable(settings, error))
        return
    if there:
        yield from database(settings)
    else:
        yield refused(missing(settings)) if settings.holds_lake else UNPREPARED
