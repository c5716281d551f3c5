"""`heed doctor`: what is wrong, in words, and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import psycopg

from heed.engines.postgres.server import EmbeddedServer, belongs_to
from heed.kit.clock import in_ms, system_clock
from heed.ports.lag import LAG_QUERY
from heed.run.database import answers
from heed.run.lock import FolderLock, InUse
from heed.run.supervisor import CannotStart, check_port
from heed.settings import Settings, SettingsError, unknown

_LITTLE_ROOM = 2 * 1024**3
_LATE_EVENTS = 10_000
_CLOCK_TOLERANCE_MS = 2_000
_STUCK_SECONDS = 120.0


@dataclass(frozen=True)
class Finding:
    level: Literal["ok", "warn", "bad"]
    text: str
    mend: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Everything worth saying, the groundwork first; what rests on something broken is not looked at."""
    found = [*_variables(), *_folder(settings)]
    if any(each.level == "bad" for each in found):
        return found
    running = _running(settings)
    found.append(
        Finding("ok", "Heed is running on this data folder.")
        if running
        else Finding("warn", "Heed is not running on this data folder.", "Start it with `heed serve`.")
    )
    if not running:
        found.extend(_port(settings))
    if settings.embedded and not running:
        found.extend(_embedded(settings))
        return found
    if not answers(settings):
        where = "The embedded database" if settings.embedded else "The database at HEED_DATABASE_URL"
        found.append(
            Finding(
                "bad",
                f"{where} does not answer.",
                f"Look at the end of {settings.data / 'postgres.log'}."
                if settings.embedded
                else "Check that it runs and that address, user and password are right.",
            )
        )
        return found
    found.extend(_database(settings))
    return found


def _variables() -> Iterator[Finding]:
    for name in unknown(os.environ):
        yield Finding(
            "warn", f"{name} is no setting and changes nothing.", "docs/settings.md lists them all."
        )


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data
    if not folder.exists():
        yield Finding(
            "warn", f"The data folder {folder} does not exist yet.", "`heed serve` or `heed demo` makes it."
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
            f"Only {usage.free / 1024**3:.1f} GB are free on the disk of {folder}.",
            "Free some room: when the disk is full, Heed answers 503 and accepts no events.",
        )
    key = folder / "master.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Finding("warn", f"Others can read the master key {key}.", f"Run: chmod 600 {key}")
    if key.exists() or settings.holds_data or settings.master_key_text:
        try:
            _ = settings.master_key
        except SettingsError as error:
            said, _, mend = str(error).partition(". ")
            yield Finding("bad", f"{said}.", mend)
        except OSError as error:
            yield Finding(
                "bad", f"The master key {key} cannot be read.", f"{error.strerror}: run Heed as its owner."
            )
    postgres = settings.postgres_folder
    if (
        settings.embedded
        and not (postgres / "PG_VERSION").exists()
        and postgres.is_dir()
        and any(postgres.iterdir())
    ):
        yield Finding(
            "bad",
            f"{postgres} is not a whole database: its file PG_VERSION is missing.",
            "Restore the data folder from a backup. Do not empty it: nothing else has your customers.",
        )


def _running(settings: Settings) -> bool:
    if not settings.data.exists():
        return False
    try:
        FolderLock(settings.data).release()
    except InUse:
        return True
    return False


def _port(settings: Settings) -> Iterator[Finding]:
    try:
        check_port(settings)
    except CannotStart as error:
        said, _, mend = str(error).partition(". ")
        yield Finding("bad", f"{said}.", mend)


def _embedded(settings: Settings) -> Iterator[Finding]:
    if not (settings.postgres_folder / "PG_VERSION").exists():
        return
    if owner := belongs_to(settings.postgres_folder):
        yield Finding(
            "bad", f"{settings.postgres_folder} belongs to {owner}.", "Run Heed as that user, not as root."
        )
        return
    server = EmbeddedServer(settings.postgres_folder, settings.socket_folder, settings.data / "postgres.log")
    try:
        server.start(timeout=30)
    except Exception as error:
        yield Finding(
            "bad", f"The embedded database does not start. {error}", "Restore the data folder from a backup."
        )
        return
    try:
        yield from _database(settings)
    finally:
        server.stop()


def _database(settings: Settings) -> Iterator[Finding]:
    with psycopg.connect(settings.database_url, autocommit=True, connect_timeout=5) as connection:
        ready = connection.execute(
            "select to_regclass('carry_position'), to_regclass('ledger_head')"
        ).fetchone()
        if not ready or None in ready:
            yield Finding(
                "bad",
                "The database has not been prepared for this version.",
                "Start `heed serve` once; it brings the database up to date.",
            )
            return
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
        yield from _people(connection)
        yield from _lake(settings, connection)


def _key(settings: Settings, connection: psycopg.Connection) -> Iterator[Finding]:
    from heed import wiring

    if not wiring.key_opens(settings, connection):
        yield Finding(
            "bad",
            "The master key is not the one the data was encrypted with.",
            f"Put the right one into {settings.data / 'master.key'} from your backup. Nobody is recognised with this one.",
        )


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
            f"The engine has carried nothing for {waited / 60:.0f} minutes, and {behind:,} events wait.",
            "See that `heed serve` (or --only engine) runs; what it logs about the engine says why it stands still.",
        )
    elif behind > _LATE_EVENTS:
        yield Finding(
            "warn",
            f"The engine is {behind:,} events behind.",
            "Wait if an import is running; otherwise see whether `heed serve` (or --only engine) runs.",
        )
    else:
        yield Finding("ok", f"The engine is {behind:,} events behind.")
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
    """Seconds since anything was carried in a lane where events wait; since the oldest came, if nothing ever was."""
    row = connection.execute(
        """
        select extract(epoch from now() - min(coalesce(done.carried_at, (
            select min(received) from ledger where ledger.lane = head.lane
        ))))
        from ledger_head as head left join carry_progress as done using (lane)
        where head.seq > coalesce(done.seq, 0)
        """
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _people(connection: psycopg.Connection) -> Iterator[Finding]:
    row = connection.execute("select count(*) from govern_user where is_active and role = 'owner'").fetchone()
    if row and not row[0]:
        yield Finding(
            "warn",
            "Nobody can sign in as owner.",
            "Run: heed user create you@example.org --role owner",
        )
    row = connection.execute("select count(*) from source where disabled_at is null").fetchone()
    if row and not row[0]:
        yield Finding("warn", "No source may send events yet.", "Run: heed keys create website --scope write")


def _lake(settings: Settings, connection: psycopg.Connection) -> Iterator[Finding]:
    from heed.engines.deltalake.lake import DeltaLake
    from heed.pipeline.lake_writer import WRITER

    lake = DeltaLake(settings.lake_folder)
    row = connection.execute("select coalesce(max(number), 0) from lake_append").fetchone()
    written = row[0] if row else 0
    try:
        version = lake.version(WRITER)
        lake.sql("select count(*) from events where day = current_date")
    except Exception as error:
        yield Finding(
            "bad",
            f"The lake in {settings.lake_folder} cannot be read: {type(error).__name__}.",
            "Restore it from a backup; `heed serve` makes an empty one only where there is none.",
        )
        return
    if version > written:
        yield Finding(
            "bad",
            f"The lake knows append {version}, the database only {written}: they are not of the same moment.",
            "Restore database and lake from the same backup.",
        )
    else:
        yield Finding("ok", "The lake can be read.")
