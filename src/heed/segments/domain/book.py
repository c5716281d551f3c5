"""Who is in which segment, answered for one customer at a time and for all segments at once.

Rules are taken apart into their conditions, each asked once however many segments share it. A condition about a
trait nobody knows or an event that never happened to this customer has the same answer for everybody like them, so
only conditions about what is known of this customer are looked at, and only segments that rest on one with an
unusual answer are worked out. What a customer costs therefore grows with what they did, not with how many segments
there are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Final

import msgspec

from heed.contracts.fold import State
from heed.rules.facts import UnknownFact, fact
from heed.rules.predicate import Readings, as_number, often_enough, predicate, tester
from heed.rules.tree import (
    All,
    Any,
    Atom,
    Behaviour,
    Compare,
    Consents,
    Dated,
    Did,
    Holds,
    InSegment,
    Not,
    Rule,
    Sequence,
    atom_of,
    atoms_of,
    to_json,
)
from heed.rules.turns import Turn, soonest, turn_of
from heed.segments.domain.definitions import Definition, gone_by, rests_on


class _Leaf(msgspec.Struct, eq=False):
    """One condition. `usual` is its answer for somebody of whom nothing is known."""

    holds: Callable[[State, int], bool]
    usual: bool
    turn: Turn | None
    segments: list[int]


_Flips = set[int]


class _OfFact:
    """The conditions about one fact. Those that compare it with a number stand in the order of their limits, so
    that which of them hold is found by halving."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._others: list[tuple[int, Callable[[object], bool]]] = []
        self._limits: dict[str, list[float]] = {}
        self._places: dict[str, list[int]] = {}

    def take(self, rule: Compare, place: int, turn: Turn | None) -> None:
        if turn is not None:
            self.turns.append(turn)
        limit = as_number(rule.value)
        if rule.operator not in _ENDS or limit is None:
            self._others.append((place, tester(rule)))
            return
        limits = self._limits.setdefault(rule.operator, [])
        at = bisect_right(limits, limit)
        limits.insert(at, limit)
        self._places.setdefault(rule.operator, []).insert(at, place)

    def flip(self, value: object, flips: _Flips) -> None:
        """Add the conditions that hold of this value."""
        for place, test in self._others:
            if test(value):
                flips.add(place)
        if self._limits and (number := as_number(value)) is not None:
            for operator, limits in self._limits.items():
                halve, below = _ENDS[operator]
                at = halve(limits, number)
                places = self._places[operator]
                flips.update(places[:at] if below else places[at:])


class _OfAtom:
    """The conditions on how much was counted for one atom, all of whose windows end now in buckets of one size."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._asked: list[tuple[int, int, bool, Callable[[int], bool]]] = []

    def take(self, rule: Did, place: int, usual: bool) -> None:
        amount = rule.window.amount if rule.window else 0
        self._asked.append((place, amount, usual, often_enough(rule)))

    def flip(self, buckets: Mapping[int, int], now: int, flips: _Flips) -> int:
        """Add the conditions with an unusual answer; returns when the first counted bucket leaves a window (ms), 0
        for never. The buckets are in order, so that mostly the oldest one alone decides."""
        size, leaves = self._size, 0
        total, oldest = sum(buckets.values()), next(iter(buckets), 0)
        running = now // size if size else 0
        for place, amount, usual, enough in self._asked:
            found = total
            if amount and buckets:
                first, at = running - amount + 1, oldest
                if at < first:
                    inside = [bucket for bucket in buckets if bucket >= first]
                    found = sum([buckets[bucket] for bucket in inside])
                    at = inside[0] if inside else -amount
                stamp = (at + amount) * size
                if stamp and (not leaves or stamp < leaves):
                    leaves = stamp
            if enough(found) is not usual:
                flips.add(place)
        return leaves


_ENDS: Final = {
    ">": (bisect_left, True),
    ">=": (bisect_right, True),
    "<": (bisect_right, False),
    "<=": (bisect_left, False),
}
"""How to find, among limits in order, where those that the value is above end."""
_Members = set[int]
_Compiled = Callable[[_Flips, _Members], bool]


class Book:
    """The segments in force. `counted` are the keys of the atoms that profiles have counters for: a segment that
    asks for another one is not in force yet, nor is one that rests on a fact no room knows, on a segment that is
    not in force, or on itself. `versions` are those of the segments that go by their own rule, not by a former one, as
    does all they rest on.

    A segment stands behind those it rests on, so that each is worked out once for a customer.
    """

    def __init__(self, definitions: Iterable[Definition], readings: Readings, counted: Iterable[str]) -> None:
        self._readings = readings
        self._leaves: list[_Leaf] = []
        self._known: dict[bytes, int] = {}
        self._by_atom: dict[str, list[int]] = {}
        self._of_atom: dict[str, _OfAtom] = {}
        self._by_trait: dict[str, list[int]] = {}
        self._by_fact: dict[str, _OfFact] = {}
        self._asked: list[int] = []
        self.versions: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._keys: list[str] = []
        self._compiled: list[_Compiled] = []
        self._resting: list[list[int]] = []
        defined = {each.key: each for each in definitions}
        for key, rule in gone_by(defined, counted).items():
            self._take(defined[key], rule)
        usual: _Members = set()
        for place, holds in enumerate(self._compiled):
            if holds(set(), usual):
                usual.add(place)
        self._usual = frozenset(usual)

    def _take(self, definition: Definition, rule: Rule | None) -> None:
        key = definition.key
        if rule is not None and not rests_on(rule) <= self._places.keys():
            return
        place = len(self._keys)
        try:
            holds = self._listed(key, place) if rule is None else self._compile(rule, place)
            if definition.purpose:
                permits = self._compile(Consents(definition.purpose), place)
                holds = _both(holds, permits)
        except UnknownFact:
            return
        self._keys.append(key)
        self._places[key] = place
        self._compiled.append(holds)
        self._resting.append([])
        if rule is definition.rule and (rule is None or rests_on(rule) <= self.versions.keys()):
            self.versions[key] = definition.version
        for each in rests_on(rule) if rule is not None else ():
            if each in self._places:
                self._resting[self._places[each]].append(place)

    def _compile(self, rule: Rule, segment: int) -> _Compiled:
        if isinstance(rule, All | Any):
            parts = [self._compile(each, segment) for each in rule.rules]
            wanted = isinstance(rule, Any)

            def several(flips: _Flips, members: _Members) -> bool:
                for part in parts:
                    if part(flips, members) is wanted:
                        return wanted
                return not wanted

            return several
        if isinstance(rule, Not):
            inner = self._compile(rule.rule, segment)
            return lambda flips, members: not inner(flips, members)
        if isinstance(rule, InSegment):
            other = self._places.get(rule.segment)
            return lambda flips, members: other in members
        return self._asks(self._leaf(rule), segment)

    def _asks(self, place: int, segment: int) -> _Compiled:
        leaf = self._leaves[place]
        if not leaf.segments or leaf.segments[-1] != segment:
            leaf.segments.append(segment)
        if leaf.usual:
            return lambda flips, members: place not in flips
        return lambda flips, members: place in flips

    def _listed(self, key: str, segment: int) -> _Compiled:
        place = len(self._leaves)
        self._leaves.append(_Leaf(lambda state, now: key in state.segments.lists, False, None, []))
        self._asked.append(place)
        return self._asks(place, segment)

    def _leaf(self, rule: Compare | Dated | Behaviour | Holds | Consents) -> int:
        # As JSON, where 1 and true are two things.
        written = to_json(rule)
        place = self._known.get(written)
        if place is not None:
            return place
        place = len(self._leaves)
        turn = turn_of(rule, self._readings)
        usual = isinstance(rule, Did) and often_enough(rule)(0)
        if isinstance(rule, Did):
            atom = atom_of(rule)
            self._of_atom.setdefault(atom.key, _OfAtom(atom.bucket_ms)).take(rule, place, usual)
        elif isinstance(rule, Behaviour):
            # Without its last event nobody has the whole of a sequence, nor a touch without what is meant.
            self._by_atom.setdefault(_deciding(rule).key, []).append(place)
        elif isinstance(rule, Compare | Dated) and rule.field.startswith("trait."):
            usual = isinstance(rule, Compare) and tester(rule)(None)
            self._by_trait.setdefault(rule.field.removeprefix("trait."), []).append(place)
        elif isinstance(rule, Compare):
            fact(rule.field)
            self._by_fact.setdefault(rule.field, _OfFact()).take(rule, place, turn)
        else:
            self._asked.append(place)
        self._known[written] = place
        self._leaves.append(_Leaf(predicate(rule, self._readings), usual, turn, []))
        return place

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __contains__(self, key: str) -> bool:
        """Whether the segment of this key is in force."""
        return key in self._places

    def members(self, state: State, now: int) -> tuple[list[str], int]:
        """The keys of the segments this customer is in at `now` (ms), in order, and the next moment at which time
        alone may change that, 0 for none."""
        if not self._keys:
            return [], 0
        flips, soonest = self._flips(state, now)
        members: _Members = set(self._usual)
        waiting = list({segment for place in flips for segment in self._leaves[place].segments})
        heapify(waiting)
        last = -1
        while waiting:
            segment = heappop(waiting)
            if segment == last:
                continue
            last = segment
            if self._compiled[segment](flips, members) is (segment in self._usual):
                continue
            members.symmetric_difference_update((segment,))
            for resting in self._resting[segment]:
                heappush(waiting, resting)
        return sorted(self._keys[place] for place in members), soonest

    def _flips(self, state: State, now: int) -> tuple[_Flips, int]:
        """The conditions with an unusual answer, and the first moment at which time may change one."""
        leaves = self._leaves
        flips: _Flips = set()
        turns: list[Turn] = []
        for place in self._concerned(state):
            leaf = leaves[place]
            if leaf.holds(state, now) is not leaf.usual:
                flips.add(place)
            if leaf.turn is not None:
                turns.append(leaf.turn)
        for name, asking in self._by_fact.items():
            asking.flip(fact(name).read(state, now), flips)
            turns += asking.turns
        found = soonest(turns, state, now)
        for key, buckets in self._readings.counted(state).items():
            if (counting := self._of_atom.get(key)) is not None:
                leaves_at = counting.flip(buckets, now, flips)
                if leaves_at and (not found or leaves_at < found):
                    found = leaves_at
        return flips, found

    def _concerned(self, state: State) -> Iterable[int]:
        """The conditions about what is known of this customer, facts apart."""
        yield from self._asked
        for known, by in (
            (self._readings.counted(state), self._by_atom),
            (self._readings.traits(state), self._by_trait),
        ):
            if by:
                for name in known:
                    yield from by.get(name, ())

    def holds(self, state: State, key: str, now: int) -> bool:
        """Whether this customer is in the segment of this key."""
        return key in self._places and key in self.members(state, now)[0]


def _deciding(rule: Behaviour) -> Atom:
    """The atom without which the answer is the usual one."""
    if isinstance(rule, Sequence):
        return atoms_of(rule)[-2 if rule.steps[-1].absent else -1]
    return atoms_of(rule)[-1]


def _both(one: _Compiled, other: _Compiled) -> _Compiled:
    return lambda flips, members: one(flips, members) and other(flips, members)
