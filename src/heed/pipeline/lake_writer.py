"""From the outbox into the lake, each batch exactly once.

Which rows make an append is written down with a number before it begins, and the append carries that number as
its transaction version. A writer killed at any moment finds, when it starts again, the same rows under the same
number, and whether the lake already has them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from psycopg.pq import TransactionStatus

from heed.kit.failures import failure
from heed.pipeline import store
from heed.pipeline.lake_rows import as_table
from heed.ports.lake import SCHEMA, Lake

WRITER = "engine"
_MOST_ROWS = 100_000
_MOST_DAYS = 90
log = structlog.get_logger()


def write_out(connection: psycopg.Connection, lake: Lake, most_rows: int = _MOST_ROWS) -> int:
    """Append what waits, at most about `most_rows`; returns how many rows the lake got.

    The connection is not inside a transaction: choosing is committed before the lake is touched. The lock
    makes one writer of any number of processes that try.
    """
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise RuntimeError("rows are written to the lake outside any transaction")
    with store.lake_at_rest(connection):
        append = store.choose_outgoing(connection, most_rows)
        if append is None:
            return 0
        rows = as_table(store.outgoing(connection, append))
        for writer, some in _by_days(rows):
            lake.append(some, writer, append)
        store.put_away(connection, append)
        return int(rows.num_rows)


def apart(connection: psycopg.Connection, lake: Lake) -> str:
    """What tells that database and lake are not of the same moment, "" where nothing does.

    With a lake that is ahead, what is carried next would be taken for what the lake has, and be lost.
    """
    with store.lake_at_rest(connection):
        least, most = store.appended(connection)
        version = max(0, lake.version(WRITER))
    if least <= version <= most:
        return ""
    return f"The lake knows append {version}, the database {most}: they are not of the same moment."


def of_one_moment(connection: psycopg.Connection, lake: Lake) -> None:
    """Let a new, empty lake go on where a lost one ended."""
    with store.lake_at_rest(connection):
        last, _ = store.appended(connection)
        if last > lake.version(WRITER):
            lake.append(SCHEMA.empty_table(), WRITER, last)


def _by_days(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows, and those of many days some days at a time: the lake opens a file for each day of an append.

    Each piece is a writer of its own to the lake, so that a piece already appended is recognised.
    """
    days = pc.unique(rows["day"]).sort()
    for piece, start in enumerate(range(0, max(1, len(days)), _MOST_DAYS)):
        some = days[start : start + _MOST_DAYS]
        whole = len(some) == len(days)
        yield (
            WRITER if not piece else f"{WRITER}/{piece}",
            rows if whole else rows.filter(pc.is_in(rows["day"], some)),
        )


class LakeWriter(threading.Thread):
    """Writes out every `every_ms`, sooner while much waits."""

    def __init__(self, dsn: str, lake: Lake, every_ms: int) -> None:
        super().__init__(name="lake-writer", daemon=True)
        self.dsn = dsn
        self.lake = lake
        self.every = every_ms / 1000
        self.stopping = threading.Event()

    def run(self) -> None:
        connection: psycopg.Connection | None = None
        while True:
            last_round = self.stopping.is_set()
            started = time.monotonic()
            try:
                if connection is None or connection.closed:
                    connection = psycopg.connect(self.dsn, autocommit=True)
                written = write_out(connection, self.lake)
            except Exception as error:
                log.warning("lake.write_failed", **failure(error))
                written = 0
                if connection is not None:
                    connection.close()
                    connection = None
                if last_round:
                    return
                self.stopping.wait(1.0)
                continue
            if last_round and not written:
                connection.close()
                return
            if written < _MOST_ROWS // 2:
                self.stopping.wait(max(0.0, self.every - (time.monotonic() - started)))

    def stop(self) -> None:
        """Write out what waits and end."""
        self.stopping.set()
        self.join(30)
