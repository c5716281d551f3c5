"""`heed doctor`: what is wrong, in words, and what to do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
from django.http.request import validate_host

from heed.engines.postgres.server import EmbeddedServer, ServerError
from heed.run.about_folder import folder, room
from heed.run.address import silent
from heed.run.database import answers, broken_off, missing, server_of, unusable
from heed.run.findings import UNPREPARED, database
from heed.run.lock import FolderLock, InUse, up_for
from heed.run.running import front
from heed.run.said import Finding, command, refused
from heed.run.supervisor import CannotStart, check_port
from heed.settings import Settings, unknown


def examine(settings: Settings) -> list[Finding]:
    """Everything worth saying, the groundwork first; what rests on something broken is not looked at."""
    found = [*_variables(settings), *_models()]
    if why := broken_off(settings):
        return [*found, _restoring(settings) or refused(why)]
    ground = list(folder(settings))
    found += ground
    if any(each.level == "bad" for each in ground):
        return found
    found.extend(room(settings.data))
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


def _variables(settings: Settings) -> Iterator[Finding]:
    for name in unknown(os.environ):
        yield Finding(
            "warn", f"{name} is no setting and changes nothing.", "docs/settings.md lists them all."
        )
    host = urlsplit(settings.public_url).hostname or ""
    if host and not validate_host(f"[{host}]" if ":" in host else host, settings.allowed_hosts):
        yield Finding(
            "warn",
            f"The host of HEED_PUBLIC_URL, {host}, is not in HEED_ALLOWED_HOSTS: pages opened there are refused.",
            f"Add {host} to HEED_ALLOWED_HOSTS.",
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
            "Where a file is damaged or lost, restore the last backup into a new folder with `heed restore`.",
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
