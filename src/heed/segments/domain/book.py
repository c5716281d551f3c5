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
from typing import Final

import msgspec

from heed.contracts.fold import State
from heed.rules.facts import UnknownFact, fact
from heed.rules.predicate import Readings, as_number, often_enough, predicate, tester
from heed.rules.tree import All, Any, Compare, Did, InSegment, Not, Rule, atom_of, atoms, to_json, walk
from heed.rules.turns import Turn, turn_of, window_turn

MOST: Final = 5_000


class Definition(msgspec.Struct, frozen=True):
    """A segment as the book needs it; a static list has no rule, and its members are told by events."""

    key: str
    rule: Rule | None


class Circle(ValueError):
    """Segments rest on each other; `keys` are those on the way round."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(" → ".join(keys))
        self.keys = keys


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


_ENDS: Final = {
    ">": (bisect_left, True),
    ">=": (bisect_right, True),
    "<": (bisect_right, False),
    "<=": (bisect_left, False),
}
"""How to find, among limits in order, where those that the value is above end."""
_Compiled = Callable[[_Flips], bool]


class Book:
    """The segments in force. `counted` are the keys of the atoms that profiles have counters for: a segment that
    rests on another one is not in force yet, nor is one that rests on a fact no room knows."""

    def __init__(self, definitions: Iterable[Definition], readings: Readings, counted: Iterable[str]) -> None:
        self._readings = readings
        self._counted = frozenset(counted)
        self._definitions = {each.key: each for each in definitions}
        self._leaves: list[_Leaf] = []
        self._known: dict[bytes, int] = {}
        self._by_atom: dict[str, list[int]] = {}
        self._by_trait: dict[str, list[int]] = {}
        self._by_fact: dict[str, _OfFact] = {}
        self._asked: list[int] = []
        self.keys: list[str] = []
        self._compiled: list[_Compiled] = []
        for key, definition in sorted(self._definitions.items()):
            self._take(key, definition)
        self._usual = frozenset(place for place, holds in enumerate(self._compiled) if holds(set()))

    def _take(self, key: str, definition: Definition) -> None:
        try:
            rule = expanded(InSegment(key), self._definitions)
        except Circle:
            return
        if not {atom.key for atom in atoms(rule)} <= self._counted:
            return
        try:
            self._compiled.append(self._compile(rule, len(self.keys)))
        except UnknownFact:
            return
        self.keys.append(key)

    def _compile(self, rule: Rule, segment: int) -> _Compiled:
        if isinstance(rule, All | Any):
            parts = [self._compile(each, segment) for each in rule.rules]
            wanted = isinstance(rule, Any)

            def several(flips: _Flips) -> bool:
                for part in parts:
                    if part(flips) is wanted:
                        return wanted
                return not wanted

            return several
        if isinstance(rule, Not):
            inner = self._compile(rule.rule, segment)
            return lambda flips: not inner(flips)
        place = self._leaf(rule)
        leaf = self._leaves[place]
        if not leaf.segments or leaf.segments[-1] != segment:
            leaf.segments.append(segment)
        if leaf.usual:
            return lambda flips: place not in flips
        return lambda flips: place in flips

    def _leaf(self, rule: Rule) -> int:
        # As JSON, where 1 and true are two things.
        written = to_json(rule)
        place = self._known.get(written)
        if place is not None:
            return place
        readings = self._readings
        turn: Turn | None = None
        usual = False
        if isinstance(rule, Did):
            key = atom_of(rule).key
            usual = often_enough(rule)(0)
            turn = window_turn(rule, readings)
        elif isinstance(rule, Compare):
            turn = turn_of(rule)
            if rule.field.startswith("trait."):
                usual = tester(rule)(None)
            else:
                fact(rule.field)
        place = self._known[written] = len(self._leaves)
        self._leaves.append(_Leaf(predicate(rule, readings), usual, turn, []))
        if isinstance(rule, Did):
            self._by_atom.setdefault(key, []).append(place)
        elif isinstance(rule, Compare) and rule.field.startswith("trait."):
            self._by_trait.setdefault(rule.field.removeprefix("trait."), []).append(place)
        elif isinstance(rule, Compare):
            self._by_fact.setdefault(rule.field, _OfFact()).take(rule, place, turn)
        else:
            self._asked.append(place)
        return place

    def __bool__(self) -> bool:
        return bool(self.keys)

    def members(self, state: State, now: int) -> tuple[list[str], int]:
        """The keys of the segments this customer is in at `now` (ms), in order, and the next moment at which time
        alone may change that, 0 for none."""
        if not self.keys:
            return [], 0
        leaves = self._leaves
        flips: _Flips = set()
        soonest = 0
        for place in self._concerned(state):
            leaf = leaves[place]
            if leaf.holds(state, now) is not leaf.usual:
                flips.add(place)
            if (
                leaf.turn is not None
                and (stamp := leaf.turn(state, now))
                and (stamp < soonest or not soonest)
            ):
                soonest = stamp
        for name, asking in self._by_fact.items():
            asking.flip(fact(name).read(state, now), flips)
            for turn in asking.turns:
                if (stamp := turn(state, now)) and (stamp < soonest or not soonest):
                    soonest = stamp
        members = set(self._usual)
        for segment in {segment for place in flips for segment in leaves[place].segments}:
            if self._compiled[segment](flips):
                members.add(segment)
            else:
                members.discard(segment)
        return [self.keys[place] for place in sorted(members)], soonest

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
        definition = self._definitions.get(key)
        if definition is None:
            return False
        if definition.rule is None:
            return key in state.segments.lists
        return key in self.members(state, now)[0]


def expanded(rule: Rule, definitions: Mapping[str, Definition], way: tuple[str, ...] = ()) -> Rule:
    """The rule with the rules of the segments it rests on in their place; static lists stay.

    Raises `Circle`.
    """
    if isinstance(rule, All | Any):
        return type(rule)(tuple(expanded(each, definitions, way) for each in rule.rules))
    if isinstance(rule, Not):
        return Not(expanded(rule.rule, definitions, way))
    if not isinstance(rule, InSegment):
        return rule
    if rule.segment in way:
        raise Circle((*way[way.index(rule.segment) :], rule.segment))
    definition = definitions.get(rule.segment)
    if definition is None or definition.rule is None:
        return rule
    return expanded(definition.rule, definitions, (*way, rule.segment))


def rests_on(rule: Rule) -> frozenset[str]:
    """The keys of the segments a rule asks for itself."""
    return frozenset(each.segment for each in walk(rule) if isinstance(each, InSegment))
