"""What a profile counts so that every behavioural condition in force can be answered live."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from heed.contracts.event import OWN_SOURCE, Effect, Event
from heed.contracts.fold import State
from heed.rules.predicate import counts
from heed.rules.tree import Atom, bounded

MOST_NAMES = 200
DOUBTED = 8
"""Newest buckets that end nothing older."""


class Activity(msgspec.Struct, array_like=True, omit_defaults=True):
    """`names` counts events by name; `counters` holds, by atom key in the order of keys,
    `bucket → count`, oldest bucket first, so that equal histories have equal bytes."""

    names: dict[str, int] = {}
    counters: dict[str, dict[int, int]] = {}


class Counting:
    """The atoms in force, indexed by event name, and the step that counts them."""

    def __init__(self) -> None:
        self.atoms: dict[str, Atom] = {}
        self._by_event: dict[str, list[tuple[Atom, str, Callable[[Event], int | None]]]] = {}

    def set(self, atoms: Iterable[Atom]) -> None:
        self.atoms = {atom.key: atom for atom in atoms}
        by_event: dict[str, list[tuple[Atom, str, Callable[[Event], int | None]]]] = {}
        for key, atom in sorted(self.atoms.items()):
            by_event.setdefault(atom.event, []).append((atom, key, counts(atom)))
        self._by_event = by_event

    def step(self, state: State, event: Event, now: int) -> tuple[Effect, ...]:
        own: Activity = state.activity
        if not event.name and event.source == OWN_SOURCE:
            # Told by Heed, not done by anybody.
            return ()
        name = event.name or event.type
        if name in own.names or len(own.names) < MOST_NAMES:
            own.names[name] = own.names.get(name, 0) + 1
        for atom, key, counted in self._by_event.get(event.name, ()):
            bucket = event.occurred // atom.bucket_ms if atom.bucket_ms else 0
            if atom.reach and bucket < atom.since:
                continue
            amount = counted(event)
            if amount is not None:
                add(own, atom, key, bucket, amount)
        return ()


def add(own: Activity, atom: Atom, key: str, bucket: int, amount: int) -> None:
    """Count into a bucket and forget those out of reach of the newest one."""
    if key not in own.counters:
        own.counters[key] = {}
        own.counters = dict(sorted(own.counters.items()))
    buckets = own.counters[key]
    newest = next(reversed(buckets), bucket)
    buckets[bucket] = bounded(buckets.get(bucket, 0) + amount)
    if bucket != newest:
        own.counters[key] = prune(buckets, atom)


def count(own: Activity, key: str, since_bucket: int) -> int:
    """Events counted for the atom from this bucket on."""
    buckets = own.counters.get(key)
    if not buckets:
        return 0
    return sum(amount for bucket, amount in buckets.items() if bucket >= since_bucket)


def prune(buckets: dict[int, int], atom: Atom | None) -> dict[int, int]:
    """The buckets oldest first, without those out of reach of the newest, and of moments as many as are kept.

    The newest few are not believed to be that: stamped by a clock that was ahead, one would end all counting until its
    time has come. What is left of two histories together is the same whether or not each was pruned before.
    """
    if not buckets:
        return {}
    if atom is not None and atom.moments:
        kept = sorted(buckets)
        kept = kept[: atom.moments] if atom.unit == "oldest" else kept[-atom.moments :]
        return {bucket: buckets[bucket] for bucket in kept}
    kept = sorted(buckets)
    if atom is not None and atom.reach and len(kept) > DOUBTED:
        oldest = kept[-1 - DOUBTED] - atom.reach
        kept = [bucket for bucket in kept if bucket > oldest]
    return {bucket: buckets[bucket] for bucket in kept}


def merge_activity(kept: Activity, absorbed: Activity) -> Activity:
    for name, amount in absorbed.names.items():
        if name in kept.names or len(kept.names) < MOST_NAMES:
            kept.names[name] = kept.names.get(name, 0) + amount
    for key, buckets in absorbed.counters.items():
        mine = kept.counters.get(key, {})
        for bucket, amount in buckets.items():
            mine[bucket] = bounded(mine.get(bucket, 0) + amount)
        kept.counters[key] = prune(mine, counting.atoms.get(key))
    kept.counters = dict(sorted(kept.counters.items()))
    return kept


counting = Counting()
