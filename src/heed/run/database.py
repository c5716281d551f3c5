"""The database a command needs: the running one, or the embedded server started for as long as it takes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import psycopg
from django.db import DatabaseError

from heed import wiring
from heed.engines.postgres.owner import belongs_to
from heed.engines.postgres.server import EmbeddedServer, ServerError, major_version
from heed.run import shape
from heed.run.address import silent, wrong
from heed.run.lock import FolderLock, InUse
from heed.run.rights import barred
from heed.settings import Settings

RESTORING = "restoring"
"""The file in a data folder that `heed restore` is at work on, or was."""


def server_of(settings: Settings) -> EmbeddedServer:
    return EmbeddedServer(settings.postgres_folder, settings.socket_folder, settings.data / "postgres.log")


def answers(settings: Settings) -> bool:
    if settings.external_database_url and wrong(settings.external_database_url):
        return False
    try:
        psycopg.connect(settings.database_url, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def bring_up(server: EmbeddedServer | None, settings: Settings) -> None:
    """Have a database Heed may work on: the embedded server is started, with Heed's database in it.

    Raises `ServerError`, also where it would be a new one beside an old lake.
    """
    if why := broken_off(settings) or (lost(settings) if server else ""):
        raise ServerError(why)
    if server is not None:
        server.start()
    elif not answers(settings):
        raise ServerError(silent(settings.database_url))
    try:
        if server is not None:
            if settings.holds_lake and not server.has_database("heed"):
                raise ServerError(missing(settings))
            server.create_database("heed")
        with psycopg.connect(settings.database_url, autocommit=True, connect_timeout=5) as connection:
            why = shape.unfit(connection)
    except psycopg.Error as error:
        why = unusable(settings, error)
    if why:
        raise ServerError(why)


def prepare() -> None:
    """Have database and lake in this version's shape; what keeps them from it is said in a sentence where it is known."""
    try:
        wiring.prepare()
    except (psycopg.Error, DatabaseError) as error:
        if why := shape.words(error):
            raise SystemExit(why) from None
        raise


def missing(settings: Settings) -> str:
    return (
        f"The database heed is missing from {settings.postgres_folder}, but its lake is there. Restore the last backup"
        " into a new folder with `heed restore`."
    )


def unusable(settings: Settings, error: psycopg.Error) -> str:
    """What an error of a database that was there a moment ago means, and then what to do."""
    if why := shape.words(error):
        return why
    # One that did not even connect has no more than a text.
    said = str(error).rpartition("FATAL:")[2].strip().split("\n", 1)[0]
    if settings.embedded and isinstance(error, psycopg.OperationalError) and shape.of_files(said):
        return shape.damaged(said)
    where = f"the end of {settings.data / 'postgres.log'}" if settings.embedded else "the database's own log"
    return f"The database does not do what Heed asks of it ({type(error).__name__}). Look at {where}."


def broken_off(settings: Settings) -> str:
    """What is said where `heed restore` was stopped half-way, and then what to do; "" where it was not."""
    if not os.path.exists(settings.data / RESTORING):
        return ""
    return (
        f"A restore into {settings.data} was broken off. Empty the folder and run `heed restore FILE` again; nothing in it"
        " is whole."
    )


def lost(settings: Settings) -> str:
    """What is wrong with the folder of the embedded database, and then what to do; "" where it is whole or can be made."""
    folder = settings.postgres_folder
    if owner := belongs_to(folder):
        return f"{folder} belongs to {owner}. Run Heed as that user, not as root."
    if why := barred(folder, settings.data):
        return why
    if os.path.exists(folder / "PG_VERSION"):
        kept = (folder / "PG_VERSION").read_text(errors="replace").strip()
        if kept.isdigit() and kept != major_version():
            return (
                f"The database in {folder} was made by PostgreSQL {kept}, and this Heed brings {major_version()}. Install"
                " the Heed you had before, make a backup with `heed backup`, and restore it with this one into a new folder."
            )
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
        if why := broken_off(settings):
            raise ServerError(why)
        _ = settings.master_key
        bring_up(server, settings)
        yield True
    finally:
        if server is not None:
            server.stop()
        lock.release()
