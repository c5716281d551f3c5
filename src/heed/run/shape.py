"""Whether a database is one that this version of Heed can work on; `heed doctor` and whoever starts Heed say the same."""

from __future__ import annotations

import contextlib
import re

import psycopg
from django.db import DatabaseError
from django.db.models import Model
from psycopg import errors, sql

from heed import wiring
from heed.engines.deltalake.lake import DeltaLake
from heed.pipeline.lake_writer import WRITER
from heed.settings import Settings

_SIGNS = {"govern_user", "carry_position", "ledger_head"}
"""Tables only Heed has; names such as `account` or `profile` are others' too."""
_OF_FILES = re.compile(
    r"invalid page|could not (open|read|access|find) |not a valid|corrupt|checksum|cache lookup failed|missing chunk"
    r"|is missing|unexpected zero page|relation mapping"
)
_WITHOUT_MODELS = ("django_migrations", "ledger", "procrastinate_")


def unfit(connection: psycopg.Connection) -> str:
    """Why Heed may not work on this database, and then what to do; "" where it may, if only once brought up to date.

    The lake is not asked: what its library begins does not outlive the fork that follows.
    """
    there = _tables(connection)
    mine = _mine(there)
    begun = bool(mine & _SIGNS)
    if not begun and there - mine:
        return (
            f"The database belongs to another program: it has a table {min(there - mine)}, and none of Heed's. Set"
            " HEED_DATABASE_URL to a database of Heed's own; an empty one is enough."
        )
    done = _done(connection, there)
    if begun and not done:
        return (
            "The database is not whole: it has Heed's tables, but not which migrations made them. Restore database and"
            " lake from the same backup."
        )
    if newer := sorted(each for each in done - _migrations() if each[0] in _own_labels()):
        return (
            f"The database was prepared by a newer version of Heed ({'.'.join(newer[0])}). Install that version again, or"
            " restore the backup you made before it."
        )
    return _closed(connection, sorted(mine))


def empty_beside_lake(settings: Settings, connection: psycopg.Connection) -> str:
    """The same where nothing is in the database, and there is a lake."""
    if _tables(connection) & _SIGNS or not settings.holds_lake:
        return ""
    if DeltaLake(settings.lake_folder).version(WRITER) <= 0:
        return ""
    return (
        f"The database is empty, but there is a lake in {settings.lake_folder}: they are not of the same moment. See"
        " that HEED_DATABASE_URL names the right database, or restore both from the same backup."
    )


def unprepared(connection: psycopg.Connection) -> bool:
    """Whether `heed serve` has still to bring the database to this version's shape."""
    there = _tables(connection)
    return "ledger_head" not in there or bool(_migrations() - _done(connection, there))


def lost_part(connection: psycopg.Connection) -> str:
    """A table or column that this version needs and that is not there; "" for none."""
    there = set(
        connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = current_schema"
        ).fetchall()
    )
    wanted = {
        (model._meta.db_table, each.column)
        for model in _models()
        for each in model._meta.local_concrete_fields
    }
    for table, column in sorted(wanted - there):
        known = any(table == each for each, _ in there)
        return f"column {column} of table {table}" if known else f"table {table}"
    return ""


def read_a_row_of_each(connection: psycopg.Connection) -> None:
    """Raises `psycopg.Error` where the beginning of one of Heed's tables cannot be read."""
    connection.execute("set lock_timeout = '2s'")
    for name in sorted(_mine(_tables(connection))):
        # A day of the ledger goes once all of it is carried; and who changes a table holds it.
        with contextlib.suppress(errors.UndefinedTable, errors.LockNotAvailable):
            connection.execute(sql.SQL("select * from {} limit 1").format(sql.Identifier(name)))


def words(error: BaseException) -> str:
    """What an error of the database means, and then what to do; "" where it is not known.

    PostgreSQL's own sentence is repeated only where it is about files or rights: others quote the row.
    """
    if isinstance(error, DatabaseError) and error.__cause__:
        error = error.__cause__
    if not isinstance(error, psycopg.Error):
        return ""
    said = error.diag.message_primary or "it says no more"
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return _READ_ONLY
    if isinstance(error, errors.InsufficientPrivilege):
        return (
            f"The user of the database may not do what Heed has to ({said}). Have an administrator make that user the owner"
            " of Heed's database and of all in it."
        )
    certain = isinstance(error, errors.DataCorrupted | errors.IndexCorrupted | errors.UndefinedFile)
    if certain or (isinstance(error, errors.InternalError_) and of_files(said)):
        return damaged(said)
    if isinstance(error, errors.DiskFull):
        return "The disk of the database is full. Free at least 2 GB on it."
    return ""


def of_files(said: str) -> bool:
    """Whether a sentence of PostgreSQL's tells of damage, and not of what passes, as that it is starting."""
    return _OF_FILES.search(said) is not None


def damaged(said: str) -> str:
    return f"The database is damaged ({said}). Restore the last backup into a new folder with `heed restore`."


_READ_ONLY = (
    "The database takes no changes: it is read-only. Set default_transaction_read_only to off for it and its user, or"
    " HEED_DATABASE_URL to the server that takes changes."
)


def _closed(connection: psycopg.Connection, mine: list[str]) -> str:
    row = connection.execute(
        "select current_setting('transaction_read_only') = 'on', quote_ident(current_user),"
        " quote_ident(current_schema), has_schema_privilege(current_schema, 'create')"
    ).fetchone()
    assert row is not None  # noqa: S101  settings are always one row
    read_only, user, schema, may_create = row
    if read_only:
        return _READ_ONLY
    if not may_create:
        return (
            f"The user {user} may make no tables in the database. Have an administrator run:"
            f" grant create on schema {schema or 'public'} to {user}"
        )
    # Its partitions are made, and upgrades change it: only its owner may.
    other = connection.execute(
        "select tablename, tableowner from pg_tables where schemaname = current_schema and tablename = any(%s)"
        " and not pg_has_role(tableowner, 'usage') order by tablename limit 1",
        [mine],
    ).fetchone()
    if other:
        return (
            f"The user {user} may not change the table {other[0]}: it belongs to {other[1]}. Set HEED_DATABASE_URL to the"
            f" user {other[1]}, or have an administrator make {user} the owner of all of Heed's tables."
        )
    return ""


def _tables(connection: psycopg.Connection) -> set[str]:
    """Those of extensions are nobody's."""
    rows = connection.execute(
        "select relname from pg_class where relnamespace = to_regnamespace(quote_ident(current_schema))"
        " and relkind in ('r', 'p') and not exists (select 1 from pg_depend where objid = pg_class.oid"
        " and classid = 'pg_class'::regclass and deptype = 'e')"
    )
    return {name for (name,) in rows.fetchall()}


def _mine(there: set[str]) -> set[str]:
    named = {each._meta.db_table for each in _models()}
    return {each for each in there if each in named or each.startswith(_WITHOUT_MODELS)}


def _done(connection: psycopg.Connection, there: set[str]) -> set[tuple[str, str]]:
    if "django_migrations" not in there:
        return set()
    return set(connection.execute("select app, name from django_migrations").fetchall())


def _migrations() -> set[tuple[str, str]]:
    wiring.set_up_django()
    from django.db.migrations.loader import MigrationLoader

    return set(MigrationLoader(None).disk_migrations)


def _own_labels() -> set[str]:
    from django.apps import apps

    return {each.label for each in apps.get_app_configs() if each.name.startswith("heed.")}


def _models() -> list[type[Model]]:
    wiring.set_up_django()
    from django.apps import apps

    return [each for each in apps.get_models(include_auto_created=True) if each._meta.managed]
