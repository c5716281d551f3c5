"""The database a command needs: the running one, or the embedded server started for as long as it takes."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator

import psycopg

from heed.engines.postgres.owner import belongs_to, name_of
from heed.engines.postgres.server import EmbeddedServer, ServerError
from heed.run.lock import FolderLock, InUse
from heed.settings import Settings


def server_of(settings: Settings) -> EmbeddedServer:
    return EmbeddedServer(settings.postgres_folder, settings.socket_folder, settings.data / "postgres.log")


def answers(settings: Settings) -> bool:
    try:
        psycopg.connect(settings.database_url, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def bring_up(server: EmbeddedServer, settings: Settings) -> None:
    """Start the embedded server with Heed's database in it; raises `ServerError`, also where it would be a new one beside
    an old lake."""
    if why := lost(settings):
        raise ServerError(why)
    server.start()
    server.create_database("heed")


def lost(settings: Settings) -> str:
    """What is wrong with the folder of the embedded database, and then what to do; "" where it is whole or can be made."""
    folder = settings.postgres_folder
    if owner := belongs_to(folder):
        return f"{folder} belongs to {owner}. Run Heed as that user, not as root."
    if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):
        return (
            f"You may not use {folder}: it belongs to {name_of(os.stat(folder).st_uid)}. Run Heed as that user, or give"
            f" everything to yours: chown -R {name_of(os.geteuid())} {shlex.quote(str(settings.data))}"
        )
    if os.path.exists(folder / "PG_VERSION"):
        return ""
    if os.path.isdir(folder) and os.listdir(folder):
        return (
            f"{folder} is not a whole database: its file PG_VERSION is missing. Restore the data folder from a backup. Do"
            " not empty it: nothing else has your customers."
        )
    if settings.holds_lake:
        return (
            f"The database in {folder} is missing, but its lake is there. Restore the data folder from a backup: with a"
            " new database nobody in the lake would be known."
        )
    return ""


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[bool]:
    """The database is up inside; yields whether this command has the data folder to itself.

    Next to a running Heed its database is used; otherwise the embedded server is started and the folder
    is locked meanwhile.
    """
    try:
        lock = FolderLock(settings.data)
    except InUse:
        if not answers(settings):
            raise
        yield False
        return
    server = server_of(settings) if settings.embedded else None
    try:
        _ = settings.master_key
        if server is not None:
            bring_up(server, settings)
        elif not answers(settings):
            raise ServerError(
                "The database at HEED_DATABASE_URL does not answer. Check that it runs and that the address, "
                "user and password are right."
            )
        yield True
    finally:
        if server is not None:
            server.stop()
        lock.release()
