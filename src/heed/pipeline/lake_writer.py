"""From the outbox into the lake, each batch exactly once.

An append to the lake carries the number of the last batch in it as its transaction version. A writer killed
between the append and forgetting the outbox finds, when it starts again, that the lake already has them.
"""

from __future__ import annotations

import threading
import time

import psycopg
import pyarrow.compute as pc
import structlog

from heed.pipeline import store
from heed.ports.lake import Lake

WRITER = "engine"
_MOST_ROWS = 100_000
log = structlog.get_logger()


def write_out(connection: psycopg.Connection, lake: Lake, most_rows: int = _MOST_ROWS) -> int:
    """Append what waits, at most about `most_rows`; returns how many rows the lake got.

    The lock makes one writer of any number of processes that try.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(7341, 2)")
        found = store.outgoing(connection, most_rows)
        if found is None:
            return 0
        last, rows = found
        done = lake.version(WRITER)
        if done >= 0:
            rows = rows.filter(pc.greater(rows["batch"], done))
        written: int = rows.num_rows
        if written:
            lake.append(rows, WRITER, last)
        store.put_away(connection, last)
    return written


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
                log.warning("lake.write_failed", error=type(error).__name__, detail=str(error)[:200])
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
