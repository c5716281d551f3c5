"""The engine: carries live events first and bulk in between, wakes profiles whose time has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import psycopg
import structlog

from heed.kit.clock import Clock, moment
from heed.pipeline import store
from heed.pipeline.carry import MUCH, Carrier
from heed.pipeline.chores import Chore, registered
from heed.pipeline.conditions import take_into_force
from heed.pipeline.filling import Filler
from heed.pipeline.lake_writer import write_out
from heed.pipeline.store import Conflict
from heed.pipeline.unmerge import unmerge_next
from heed.ports.lake import Lake
from heed.ports.ledger import BULK, LIVE, Ledger, LedgerUnavailable
from heed.profiles import api as profiles

_LATE, _IN_NEED_EVERY = 50, 0.5
"""While live events are late (ms), all else has a turn each half second: it holds back, and never stands still."""
_BULK_TURN = 4
"""While live events come in time, bulk has every fourth turn."""
_BULK_BESIDE, _BULK_ALONE, _BESIDE = 0.08, 0.12, 1.0
"""Seconds a turn of bulk may take while live events come, as those wait behind it, and while none came for so long: the first
that comes after a pause waits behind one, too. Longer turns carry no more."""
_BULK_LEAST, _BULK_MOST = 50, 1_000
_DUE_BATCH = 500
_RULES_EVERY = 2.0
_REST = 0.25
"""Seconds an engine with nothing to do waits: the leading one is woken by every append, the others look by themselves."""
_CHORES_EVERY, _QUIET, _GIVE_WAY = 0.1, 0.05, 10
"""Seconds between chores while live events come, and how many times as long as those wait (never above half a second): news
of segments is an event itself, and would take up whatever time live events leave."""
_AGAIN = 60.0
_WAKE_EVERY = 1.0
"""Seconds; also while events never cease."""
log = structlog.get_logger()


class Engine:
    """One engine over one database connection; `run` returns when `stop` is called."""

    def __init__(
        self,
        carrier: Carrier,
        ledger: Ledger,
        lake: Lake,
        clock: Clock,
        batch: int,
        spare_processors: bool = True,
    ) -> None:
        self.carrier = carrier
        self.ledger = ledger
        self.lake = lake
        self.clock = clock
        self.batch = batch
        self.spare_processors = spare_processors
        self.filler = Filler(lake)
        self.stopping = threading.Event()
        self._rules_at = 0.0
        self._live_turns = self._live_waited = self._live_head = 0
        self._live_own = False
        self._woken_at = self._chores_at = self._live_at = self._bulk_at = 0.0
        self._bulk_pace = 0.001
        self._put_off: dict[str, float] = {}

    @property
    def connection(self) -> psycopg.Connection:
        return self.carrier.connection

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        while not self.stopping.is_set():
            if self.turn():
                continue
            if self.carrier.leads():
                self.ledger.wait(_REST)
            else:
                self.stopping.wait(_REST)

    def turn(self) -> int:
        """Do what there is to do now; returns how much was done, 0 for nothing."""
        self._guarded("rules", self.refresh_rules)
        leads = self.carrier.leads()
        least = 1 if leads else MUCH
        live = self.carry(LIVE, self.batch, least)
        self._live_turns = self._live_turns + 1 if live else 0
        if live and not self._live_own:
            self._live_at = time.monotonic()
        if not leads and not self.spare_processors and self._live_come():
            return live
        bulk = 0
        if not live or self._bulk_is_due():
            bulk = self._carry_bulk(least)
        woken = 0
        if not live + bulk or time.monotonic() - self._woken_at > _WAKE_EVERY:
            woken = self.wake()
            self._woken_at = time.monotonic()
        return live + bulk + woken + self.in_between()

    def _live_come(self) -> bool:
        """Whether live events came of late, whoever carries them: what one engine does besides takes processors from
        the front, the database and the engine that hurries for those."""
        head, now = self.ledger.head()[LIVE], time.monotonic()
        if head != self._live_head:
            self._live_head, self._live_at = head, now
        return now - self._live_at < _BESIDE

    def carry(self, lane: int, limit: int, least: int = 1) -> int:
        try:
            carried = self.carrier.carry(lane, limit, least)
        except (Conflict, psycopg.errors.DeadlockDetected):
            log.info("engine.conflict", lane=lane)
            return 1
        if carried is None:
            return 0
        if lane == LIVE:
            self._live_waited, self._live_own = carried.waited, carried.own
        return max(1, carried.events)

    def _carry_bulk(self, least: int) -> int:
        """As many bulk events as fit the time there is for them, by what they took of late (s each)."""
        began = time.monotonic()
        time_for = _BULK_BESIDE if began - self._live_at < _BESIDE else _BULK_ALONE
        size = min(_BULK_MOST, max(_BULK_LEAST, int(time_for / self._bulk_pace)))
        bulk = self.carry(BULK, size, least)
        self._bulk_at = time.monotonic()
        if bulk > size // 2:
            self._bulk_pace = max(1e-5, (self._bulk_pace + (self._bulk_at - began) / bulk) / 2)
        return bulk

    def _bulk_is_due(self) -> bool:
        if self._live_waited > _LATE:
            return time.monotonic() - self._bulk_at > _IN_NEED_EVERY
        return self._live_turns % _BULK_TURN == 0

    def drain(self) -> int:
        """Carry all that waits and bring the lake up to date; for commands that run without a server."""
        done = 0
        self.refresh_rules(force=True)
        while True:
            turn = (
                self.carry(LIVE, self.batch)
                or self.carry(BULK, self.batch)
                or self.fill()
                or self.chores()
                or self.unmerge()
            )
            done += turn
            if not turn and not self.filler.waits():
                break
            if not turn:
                time.sleep(0.005)
        self.flush()
        return done

    def in_between(self) -> int:
        """Fillings, chores and merges to undo; while live events come, ten times a second at most and the seldomer the later
        those are: they go first, and news is told together."""
        now = time.monotonic()
        every = min(_IN_NEED_EVERY, max(_CHORES_EVERY, _GIVE_WAY * self._live_waited / 1_000))
        if now - self._live_at < _QUIET and now - self._chores_at < every:
            return 0
        self._chores_at = now
        # Who began a filling goes on with it until its connection ends, so it must not be one that stands back for live events.
        filled = self.fill() if self.spare_processors or self.carrier.leads() else 0
        return filled + self.chores() + self.unmerge()

    def chores(self) -> int:
        """A piece of what rooms have to do between batches, in one transaction; returns how much was done.

        Where one fails, each is done by itself for a while, so that it puts off no other.
        """
        if not self._is_put_off("chores"):
            done = self._guarded("chores", lambda: self._do(registered()))
            if not self._is_put_off("chores"):
                return done
        return sum(self._guarded(_name(each), partial(self._do, [each])) for each in registered())

    def _do(self, wanted: Sequence[Chore]) -> int:
        with self.connection.transaction():
            self.carrier.take_rules()
            return sum(chore(self.connection, self.ledger, self.clock()) for chore in wanted)

    def _is_put_off(self, name: str) -> bool:
        return time.monotonic() < self._put_off.get(name, 0.0)

    def _guarded(self, name: str, do: Callable[[], int]) -> int:
        """Do it, unless it failed a moment ago: whatever somebody's rule or data brings up there, events are carried."""
        if self._is_put_off(name):
            return 0
        try:
            return do()
        except (Conflict, psycopg.errors.DeadlockDetected):
            log.info("engine.conflict", doing=name)
            return 1
        except (psycopg.OperationalError, LedgerUnavailable):
            raise
        except Exception as error:
            if self.connection.closed or self.connection.broken:
                raise
            log.error("engine.failed", doing=name, error=type(error).__name__)
            self._put_off[name] = time.monotonic() + _AGAIN
            return 0

    def fill(self) -> int:
        """A piece of giving profiles the counters of new conditions; returns how many profiles that were."""
        return self._guarded("filling", self._fill)

    def _fill(self) -> int:
        try:
            with self.connection.transaction():
                self.carrier.take_rules()
                return self.filler.piece(self.connection, self.clock())
        except Exception:
            self.filler.forget()
            raise

    def unmerge(self) -> int:
        """Undo the merges asked for, as far as nothing stands in the way; returns how many. One that fails stops
        nothing and is tried again in a while."""
        return self._guarded("unmerging", self._unmerge)

    def _unmerge(self) -> int:
        done = 0
        while unmerge_next(self.carrier, self.lake, self.flush):
            done += 1
        return done

    def flush(self) -> None:
        while write_out(self.connection, self.lake):
            pass

    def refresh_rules(self, force: bool = False) -> int:
        """Notice rules, segments and weights that came or went; looked at every two seconds. Returns 1 where
        something is in force anew, else 0."""
        if not force and time.monotonic() - self._rules_at < _RULES_EVERY:
            return 0
        now = self.clock()
        atoms = profiles.atoms_in_force(self.connection)
        changed = (
            {atom.key for atom in atoms} != profiles.counting.atoms.keys()
            or any(atom.begun_ahead_of(now) for atom in profiles.counting.atoms.values())
            or profiles.mark(self.connection) != store.rules(self.connection)[1]
            or not self._rules_at
        )
        taken = changed and take_into_force(
            self.connection, lambda: profiles.atoms_in_force(self.connection), self.flush, now
        )
        if taken:
            log.info("engine.rules_in_force", conditions=len(atoms))
        self._rules_at = time.monotonic()
        return int(taken)

    def wake(self) -> int:
        """Refresh the columns of profiles whose answers time alone has changed, and note what time brought.

        Events are noted before the rows are saved: a crash in between notes them again, under the same ids.
        """
        return self._guarded("waking", self._wake)

    def _wake(self) -> int:
        now = self.clock()
        with self.connection.transaction():
            self.carrier.take_rules()
            found = profiles.due(self.connection, moment(now), _DUE_BATCH)
            states = [profiles.fold.decode(data) for _, data in found]
            rows = [
                profiles.row_of(profile_id, bytes(data), state, now)
                for (profile_id, data), state in zip(found, states, strict=True)
            ]
            if events := profiles.alarms(self.connection, states, now):
                self.ledger.append(LIVE, events)
            profiles.save(self.connection, rows)
        return len(found)


def _name(chore: Chore) -> str:
    return f"chore {chore.__module__}.{chore.__qualname__}"


def run_forever(make_engine: object, stopping: threading.Event) -> None:
    """Run an engine, making it anew after the database went away, until `stopping` is set."""
    pause = 0.1
    while not stopping.is_set():
        try:
            engine: Engine = make_engine()  # type: ignore[operator]
            engine.stopping = stopping
            pause = 0.1
            engine.run()
        except (psycopg.OperationalError, LedgerUnavailable) as error:
            log.warning("engine.database_gone", error=type(error).__name__)
            stopping.wait(pause)
            pause = min(pause * 2, 5.0)
