"""An installation in one process, for tests: real PostgreSQL, real lake, a clock that is set."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from heed.collect.api import Limits, from_mapping
from heed.contracts.event import OWN_SOURCE, Event
from heed.contracts.fold import State
from heed.engines.deltalake.lake import DeltaLake
from heed.engines.postgres.ledger import PostgresLedger
from heed.engines.postgres.server import EmbeddedServer
from heed.kit.clock import SetClock
from heed.pipeline.carry import Carrier
from heed.pipeline.engine import Engine
from heed.ports.ledger import LIVE
from heed.ports.sensing import sensing
from heed.profiles import api as profiles

START = 1_790_000_000_000
MASTER_KEY = bytes(range(32))


@contextlib.contextmanager
def copied(postgres: EmbeddedServer, pattern: str) -> Iterator[str]:
    """The name of a database made like another to which nobody is connected; it is gone afterwards."""
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        # Files are copied in half the time that writing them to the log takes.
        connection.execute(f"create database {name} template {pattern} strategy file_copy")
    try:
        yield name
    finally:
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)")


class Installation:
    """Send calls, carry them, look at what became of them."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.clock = SetClock(START)
        self.ledger = PostgresLedger(dsn)
        self.lake = DeltaLake(folder / "lake", lambda: profiles.moved_rows(dsn))
        self.lake.prepare()
        self.hasher = profiles.Hasher(MASTER_KEY)
        self.normaliser = profiles.Normaliser()
        self._ids = itertools.count(1)
        self.engine = self.new_engine()

    def new_engine(self) -> Engine:
        """Another engine on the same database, as after a restart or on a second machine."""
        connection = psycopg.connect(self.dsn, autocommit=True)
        carrier = Carrier(
            connection, self.ledger, sensing(), self.normaliser, self.hasher, MASTER_KEY, self.clock
        )
        return Engine(carrier, self.ledger, self.lake, self.clock, 5_000)

    @property
    def connection(self) -> psycopg.Connection:
        return self.engine.connection

    def event(self, event: str = "", /, **fields: Any) -> Event:
        """An event of now; `event` is the name of a track call."""
        call = {"type": "track", "messageId": f"m{next(self._ids)}", **fields}
        if event:
            call["event"] = event
        found = from_mapping(call, self.clock(), Limits())
        assert isinstance(found, Event), found
        found.source = "src_test"
        return found

    def own(self, name: str, **fields: Any) -> Event:
        """An event in which Heed itself or a colleague speaks."""
        event = self.event("Said", **fields)
        event.name, event.source = name, OWN_SOURCE
        return event

    def send(self, *events: Event, lane: int = LIVE) -> None:
        self.ledger.append(lane, events)

    def carry(self) -> int:
        """Carry everything and bring the lake up to date."""
        return self.engine.drain()

    def happen(self, event: str = "", /, **fields: Any) -> Event:
        """Something happens and is carried at once."""
        made = self.event(event, **fields)
        self.send(made)
        self.carry()
        return made

    def segment(self, key: str, rule: str = "", purpose: str = "", kind: str = "rule") -> None:
        """A segment as its page would save it; in force once something is carried."""
        self.connection.execute(
            "insert into segment (key, name, description, kind, rule, former_rule, purpose, created_by, created_at,"
            " changed_at) values (%s, %s, '', %s, %s, '', %s, '', now(), clock_timestamp()) on conflict (key) do update"
            " set former_rule = case when segment.filled_at is null then segment.former_rule else segment.rule end,"
            " rule = excluded.rule, purpose = excluded.purpose, changed_at = excluded.changed_at, filled_at = null",
            [key, key.title(), kind, rule, purpose],
        )

    def members(self, key: str) -> set[str]:
        """The user ids of a segment's members."""
        rows = self.connection.execute("select user_id from profile where segments @> array[%s]", [key])
        return {user_id for (user_id,) in rows}

    def profile_ids(self) -> set[uuid.UUID]:
        return set(profiles.ids(self.connection))

    def state_bytes(self) -> dict[uuid.UUID, bytes]:
        return {
            each: bytes(data)
            for each, data in self.connection.execute("select id, state from profile").fetchall()
        }

    def state_of(self, **identifiers: str) -> State:
        """The state of whoever has this user_id, anonymous_id or email."""
        ((kind, value),) = identifiers.items()
        identifier = self.normaliser.identifier(kind, value)
        assert identifier is not None
        owner = profiles.owners(self.connection, [self.hasher.hash(identifier)])
        (profile_id,) = owner.values()
        return profiles.fold.decode(profiles.states(self.connection, [profile_id])[profile_id])

    def lake_rows(self, columns: str = "*") -> list[dict[str, Any]]:
        return self.lake.sql(f"select {columns} from events order by batch, place").to_pylist()

    def lake_bytes(self) -> bytes:
        """Every byte of every file of the lake, its log included."""
        root = Path(self.lake.path)
        return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())

    def close(self) -> None:
        self.engine.connection.close()
        self.ledger.close()
