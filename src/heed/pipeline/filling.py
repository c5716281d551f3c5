"""Giving profiles the counters of new conditions, in pieces between batches.

The lake is asked in a thread, so that live events wait for nothing but the pieces.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import psycopg

from heed.pipeline import store
from heed.pipeline.store import Conflict
from heed.ports.lake import Lake
from heed.profiles import api as profiles
from heed.rules.tree import atom_from_json, bounded

PIECE, BRIEF = 200, 0.02
"""The most profiles in one go, and the seconds a piece shall take: live events wait meanwhile."""
_Counters = dict[str, dict[int, int]]
_Rows = Iterator[tuple[uuid.UUID, _Counters]]


class Filler:
    """One engine's part in it; whichever engine holds the lock fills, until it is done or dies."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="filling")
        self._job, self._size = 0, PIECE
        self._asked: Future[_Rows] | None = None
        self._rows: _Rows | None = None

    def piece(self, connection: psycopg.Connection, now: int) -> int:
        """Do the next profiles of the oldest filling; returns how many that were, 0 where nothing waits.

        Runs inside a transaction that shares the rules in force.
        """
        job = store.next_filling(connection)
        if job is None:
            return 0
        began, self._size = time.monotonic(), min(self._size, PIECE)
        done = self._next(connection, job, now)
        if done > 1:
            self._size = min(PIECE, max(10, round(done * BRIEF / max(time.monotonic() - began, 1e-6))))
        return done

    def _next(self, connection: psycopg.Connection, job: store.FillingJob, now: int) -> int:
        if not job.adds:
            return self._take_away(connection, job, now)
        if job.id != self._job:
            self._job, self._rows = job.id, None
            self._asked = self._thread.submit(self._ask, job)
        if self._rows is None:
            if self._asked is None or not self._asked.done():
                return 0
            self._rows = self._asked.result()
        return self._give(connection, job, self._rows, now)

    def waits(self) -> bool:
        """Whether the lake was asked and no piece has taken up its answer yet."""
        return self._rows is None and self._asked is not None

    def forget(self) -> None:
        """After a piece failed: ask anew from where the last good one ended."""
        self._job, self._rows, self._asked = 0, None, None

    def _ask(self, job: store.FillingJob) -> _Rows:
        # Ibis is loaded only where there is something to ask with it.
        import ibis

        from heed.rules.lake import bucket_counts

        events = self._lake.events()
        events = events.filter(events.batch <= job.upto, events.profile_id > str(job.after))
        tables = [
            bucket_counts(atom, events).mutate(key=ibis.literal(atom.key))
            for atom in map(atom_from_json, job.atoms)
        ]
        ordered = (
            ibis.union(*tables).order_by("profile_id")
            if len(tables) > 1
            else tables[0].order_by("profile_id")
        )
        batches = ordered.to_pyarrow_batches(chunk_size=10_000)
        return _by_profile(row for batch in batches for row in batch.to_pylist())

    def _give(
        self, connection: psycopg.Connection, job: store.FillingJob, rows_of_lake: _Rows, now: int
    ) -> int:
        found = dict(islice(rows_of_lake, self._size))
        if not found:
            store.end_filling(connection, job.id)
            self.forget()
            return 1
        merged = profiles.kept_by(connection, found)
        wanted: dict[uuid.UUID, list[_Counters]] = {}
        for lake_id, counters in found.items():
            wanted.setdefault(merged.get(lake_id, lake_id), []).append(counters)
        rows = []
        atoms = profiles.counting.atoms
        states = profiles.states(connection, wanted, lock=True)
        if profiles.kept_by(connection, found) != merged:
            raise Conflict("profiles became one person while they were being locked")
        for profile_id, data in states.items():
            state = profiles.fold.decode(data)
            own = state.activity.counters
            for counters in wanted[profile_id]:
                for key, buckets in counters.items():
                    if key in atoms:
                        own[key] = profiles.prune(_sum(own.get(key, {}), buckets), atoms[key])
            state.activity.counters = dict(sorted(own.items()))
            rows.append(profiles.row_of(profile_id, profiles.fold.encode(state), state, now))
        profiles.save(connection, rows, news=())
        store.move_filling(connection, job.id, max(found), len(found))
        return len(found)

    def _take_away(self, connection: psycopg.Connection, job: store.FillingJob, now: int) -> int:
        ids = profiles.following(connection, job.after, self._size)
        if not ids:
            store.end_filling(connection, job.id)
            return 1
        gone = {atom_from_json(text).key for text in job.atoms}
        rows = []
        for profile_id, data in profiles.states(connection, ids, lock=True).items():
            state = profiles.fold.decode(data)
            if keys := gone & state.activity.counters.keys():
                for key in keys:
                    del state.activity.counters[key]
                rows.append(profiles.row_of(profile_id, profiles.fold.encode(state), state, now))
        profiles.save(connection, rows, news=())
        store.move_filling(connection, job.id, ids[-1], len(ids))
        return len(ids)


def _by_profile(rows: Iterable[dict[str, Any]]) -> _Rows:
    """Rows in the order of profiles, gathered by profile."""
    for profile_id, own in groupby(rows, itemgetter("profile_id")):
        counters: _Counters = {}
        for row in own:
            counters.setdefault(row["key"], {})[row["bucket"]] = int(row["count"])
        yield uuid.UUID(profile_id), counters


def _sum(mine: dict[int, int], others: dict[int, int]) -> dict[int, int]:
    return {each: bounded(mine.get(each, 0) + others.get(each, 0)) for each in mine.keys() | others.keys()}
