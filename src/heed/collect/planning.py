"""Holding accepted events against the tracking plan, in the worker: neither accepting nor carrying waits for it.

It reads the ledger behind the engine, with a position of its own, so each accepted event is looked at once. Counts and
position are one transaction. What is not as planned is kept all the same; it is counted, and no value of it is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from heed.collect import store
from heed.collect.domain.plans import Checker, PlanError, Problem
from heed.contracts.event import OWN_SOURCE, PREFERENCES_SOURCE, Event
from heed.contracts.lake import looks_personal, open_id
from heed.kit.clock import in_ms, moment
from heed.ports.ledger import BULK, LIVE, Ledger

AT_ONCE = 5_000
MOST_BEHIND = 3_000_000
"""Events further behind than this are not looked at: the newest tell more."""
MOST_SEEN, MOST_VIOLATIONS = 3_000, 3_000
"""Rows kept about names and about problems; senders may make up any number of either."""
_LONGEST = 200
_WRITE_EVERY = 50_000
HIDDEN = "a name with an address or number in it"


@dataclass
class Plan:
    """One event's schema, and from when on (ms) it counts."""

    checker: Checker
    since: int


@dataclass
class Count:
    events: int = 0
    bad: int = 0
    first: int = 0
    last: int = 0
    message_id: str = ""
    hint: str = ""

    def note(self, event: Event, bad: bool, hint: str = "") -> None:
        self.events += 1
        self.bad += bad
        self.first = min(self.first or event.received, event.received)
        if event.received >= self.last:
            self.last, self.message_id = event.received, open_id(event.message_id)[:_LONGEST]
            self.hint = hint


@dataclass
class Tally:
    """What a stretch of the ledger came to."""

    seen: dict[tuple[str, str], Count] = field(default_factory=dict)
    problems: dict[tuple[str, str, Problem], Count] = field(default_factory=dict)
    events: int = 0

    def add(self, event: Event, plans: dict[str, Plan]) -> None:
        self.events += 1
        if event.type != "track" or event.source in {OWN_SOURCE, PREFERENCES_SOURCE}:
            return
        plan = plans.get(event.name)
        if plan is not None and event.received < plan.since:
            return
        found = plan.checker.problems(event.properties) if plan is not None else {}
        name = HIDDEN if looks_personal(event.name) and plan is None else event.name[:_LONGEST]
        key = (name, event.source)
        if key in self.seen or len(self.seen) < MOST_SEEN:
            self.seen.setdefault(key, Count()).note(event, bool(found))
        for problem, hint in found.items():
            at = (*key, problem)
            if at in self.problems or len(self.problems) < MOST_VIOLATIONS:
                self.problems.setdefault(at, Count()).note(event, True, hint)


def plans_of(rows: list[tuple[str, Any, datetime]]) -> dict[str, Plan]:
    """Checkers by event name; a schema that this version cannot read is left out."""
    found = {}
    for name, schema, changed_at in rows:
        try:
            found[name] = Plan(Checker(schema), in_ms(changed_at))
        except PlanError:
            continue
    return found


def check(
    connection: psycopg.Connection,
    ledger: Ledger,
    seconds: float,
    ticks: Callable[[], float] = time.monotonic,
) -> int:
    """Look at what was accepted since the last time, for some seconds at most; returns how many events that was."""
    until = ticks() + seconds
    done = 0
    for lane in (LIVE, BULK):
        while ticks() < until:
            looked_at = _stretch(connection, ledger, lane, until, ticks)
            done += looked_at
            if not looked_at:
                break
    return done


def _stretch(
    connection: psycopg.Connection, ledger: Ledger, lane: int, until: float, ticks: Callable[[], float]
) -> int:
    """One transaction's worth; whoever holds the position of the lane is alone at it."""
    with connection.transaction():
        position = store.plan_position(connection, lane)
        plans = plans_of(store.planned(connection))
        skipped = max(0, ledger.head().get(lane, 0) - position - MOST_BEHIND)
        position += skipped
        tally = Tally()
        late = False
        while tally.events < _WRITE_EVERY and not late:
            span = ledger.read(lane, position, AT_ONCE)
            if span is None:
                break
            for event in span.events:
                tally.add(event, plans)
                position = event.seq
                if late := ticks() >= until:
                    break
        if tally.events or skipped:
            store.note_plan(
                connection,
                [(*key, each.events, each.bad, moment(each.first), moment(each.last), each.message_id)
                 for key, each in tally.seen.items()],
                [(name, source, problem.property, problem.words, each.hint, each.events, moment(each.last), each.message_id)
                 for (name, source, problem), each in tally.problems.items()],
                (MOST_SEEN, MOST_VIOLATIONS),
            )  # fmt: skip
            store.note_plan_position(connection, lane, position, skipped)
    return tally.events
