"""The database a command needs: the running one, or the embedded server started for as long as it takes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import psycopg

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
    if settings.holds_lake and not os.path.exists(settings.postgres_folder / "PG_VERSION"):
        raise ServerError(
            f"The database in {settings.postgres_folder} is missing, but its lake is there. Restore the data folder from "
            "a backup: with a new database nobody in the lake would be known."
        )
    server.start()
    server.create_database("heed")


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
