"""What is wrong with the data itself, as far as a database that answers tells."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg

from heed import wiring
from heed.engines.deltalake.lake import DeltaLake
from heed.kit.clock import in_ms, system_clock
from heed.pipeline.lake_writer import WRITER
from heed.pipeline.store import appended
from heed.ports.lag import LAG_QUERY
from heed.profiles import api as profiles
from heed.run import running, shape
from heed.run.database import unusable
from heed.run.said import Finding, command, lasting, many, refused
from heed.settings import Settings

_LATE_EVENTS = 10_000
_CLOCK_TOLERANCE_MS = 2_000
_STUCK_SECONDS = 30.0


UNPREPARED = Finding(
    "bad",
    "The database has not been prepared for this version.",
    "Start `heed serve` once; it brings the database up to date.",
)


def database(settings: Settings, up_for: float = 0.0) -> Iterator[Finding]:
    """What a database that answers has to say, or what keeps it from saying it; `up_for` seconds Heed has run on it."""
    try:
        yield from _asked(settings, up_for)
    except psycopg.Error as error:
        yield refused(unusable(settings, error))


def _asked(settings: Settings, up_for: float) -> Iterator[Finding]:
    with psycopg.connect(settings.database_url, autocommit=True, connect_timeout=5) as connection:
        misshapen = list(_shape(settings, connection))
        yield from misshapen
        if misshapen:
            return
        shape.read_a_row_of_each(connection)
        row = connection.execute("select now()").fetchone()
        if row and abs(in_ms(row[0]) - system_clock()) > _CLOCK_TOLERANCE_MS:
            yield Finding(
                "warn",
                "The clocks of this machine and of the database differ by "
                f"{abs(in_ms(row[0]) - system_clock()) / 1000:.0f} s.",
                "Have both follow a time server; circumstances and moods depend on the time.",
            )
        yield from _key(settings, connection)
        yield from _engine(connection)
        yield from running.jobs(connection, up_for)
        yield from running.reported(connection)
        yield from _people(settings, connection)
        yield from _lake(settings, connection)


def _shape(settings: Settings, connection: psycopg.Connection) -> Iterator[Finding]:
    """Whether the database is as this version needs it: whose it is, its migrations, each table and column."""
    if why := shape.unfit(connection) or shape.empty_beside_lake(settings, connection):
        yield refused(why)
    elif shape.unprepared(connection):
        yield UNPREPARED
    elif lost := shape.lost_part(connection):
        yield Finding("bad", f"The database has lost its {lost}.", "Restore the data folder from a backup.")


def _key(settings: Settings, connection: psycopg.Connection) -> Iterator[Finding]:
    path = settings.data / "master.key"
    if not settings.master_key_text and not path.exists():
        # To look at it would make one.
        if connection.execute("select 1 from master_key").fetchone():
            yield Finding(
                "bad",
                f"The master key {path} is missing, but there is data encrypted with one.",
                "Put the file back from your backup, or set HEED_MASTER_KEY.",
            )
        return
    if not profiles.key_opens(connection, settings.master_key):
        yield refused(wiring.other_key(settings, connection))


def _engine(connection: psycopg.Connection) -> Iterator[Finding]:
    behind = 0
    outbox = 0
    for _, accepted, carried, waiting in connection.execute(LAG_QUERY).fetchall():
        behind += accepted - carried
        outbox = waiting
    waited = _waited(connection) if behind else 0.0
    if waited > _STUCK_SECONDS:
        yield Finding(
            "bad",
            f"The engine has carried nothing for {lasting(waited)}, with {many(behind, 'event')} waiting.",
            "See that `heed serve` (or --only engine) runs; what it logs about the engine says why it stands still.",
        )
    elif behind > _LATE_EVENTS:
        yield Finding(
            "warn",
            f"The engine is {many(behind, 'event')} behind.",
            "Wait if an import is running; otherwise see whether `heed serve` (or --only engine) runs.",
        )
    else:
        yield Finding("ok", f"The engine is {many(behind, 'event')} behind.")
    if outbox > 500_000:
        yield Finding(
            "bad",
            f"{outbox:,} rows wait to be written into the lake.",
            "Check that the lake's folder can be written and its disk has room.",
        )
    letters = connection.execute(
        "select count(*) from dead_letter where resubmitted_at is null and discarded_at is null"
    ).fetchone()
    if letters and letters[0]:
        yield Finding(
            "warn",
            f"{letters[0]:,} dead letters wait for somebody.",
            "Read them under Settings → Dead letters.",
        )


def _waited(connection: psycopg.Connection) -> float:
    """Seconds since anything was carried in a lane where events wait, and since the oldest of those came."""
    row = connection.execute(
        """
        select extract(epoch from now() - min(greatest(done.carried_at, (
            select received from ledger
            where ledger.lane = head.lane and ledger.seq > coalesce(done.seq, 0) order by ledger.seq limit 1
        ))))
        from ledger_head as head left join carry_progress as done using (lane)
        where head.seq > coalesce(done.seq, 0)
        """
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _people(settings: Settings, connection: psycopg.Connection) -> Iterator[Finding]:
    row = connection.execute("select count(*) from govern_user where is_active and role = 'owner'").fetchone()
    if row and not row[0]:
        yield Finding(
            "warn",
            "Nobody can sign in as owner.",
            f"Run: {command(settings, 'user create you@example.org --role owner')}",
        )
    row = connection.execute("select count(*) from source where disabled_at is null").fetchone()
    if row and not row[0]:
        yield Finding(
            "warn",
            "No source may send events yet.",
            f"Run: {command(settings, 'keys create website --scope write --kind website')}",
        )


def _lake(settings: Settings, connection: psycopg.Connection) -> Iterator[Finding]:
    lake = DeltaLake(settings.lake_folder)
    written, begun = appended(connection)
    if written and not lake.exists():
        if wiring.begin_anew(settings).exists():
            yield Finding("warn", "The lake is missing; Heed begins a new one when it starts.", "")
        else:
            yield refused(wiring.lake_lost(settings))
        return
    try:
        if lost := lake.lost_file():
            yield Finding(
                "bad",
                f"The lake has lost its file {lost}, or part of it.",
                f"Put it back from a backup: `tar xf BACKUP lake` has it under lake/{os.path.relpath(lost, settings.lake_folder)}.",
            )
            return
        version = lake.version(WRITER)
        lake.sql("select count(*) from events where day = current_date")
    except Exception as error:
        yield Finding(
            "bad",
            f"The lake in {settings.lake_folder} cannot be read ({type(error).__name__}).",
            "See that Heed's user may read all files there. Else one is damaged: restore the data folder from a backup.",
        )
        return
    # While this is looked at, one more append may end and another begin.
    if not written <= max(0, version) <= begun + 2:
        yield Finding(
            "bad",
            f"The lake knows append {max(0, version)}, the database {begun}: they are not of the same moment.",
            "Restore database and lake from the same backup.",
        )
    else:
        yield Finding("ok", "The lake can be read.")
