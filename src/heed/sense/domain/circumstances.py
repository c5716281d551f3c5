"""Circumstances: facts true for a customer now, written as rules, with an expiry and evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from heed import rules
from heed.contracts.fold import State
from heed.contracts.mood import Circumstance
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.rules.tree import All, Compare, Holds, InSegment, walk
from heed.rules.turns import Turn, running, turn_of, verdict
from heed.sense.domain.built_in import BUILT_IN, Definition
from heed.sense.domain.surroundings import CLOCKS_TURN, Surroundings, offset_at

_UNITS = {"minutes": MINUTE, "hours": HOUR, "days": DAY}
_FIELD = re.compile(r"\{([\w.]+)(?::(\w+))?\}")
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}
_TIMES = {1: "once", 2: "twice"}
_TOPICS_KEPT = 4_096


class _Compiled:
    def __init__(self, definition: Definition) -> None:
        tree = rules.parse(definition.rule)
        if any(isinstance(each, Holds | InSegment) for each in walk(tree)):
            raise ValueError(
                f"the circumstance {definition.name!r} may rest on no other circumstance and no segment"
            )
        self.definition = definition
        self.holds: Callable[[State, int], bool] = rules.predicate(tree)
        self.verdict = verdict(tree, rules.readings())
        parts = tree.rules if isinstance(tree, All) else (tree,)
        self._ends = [turn for part in parts if (turn := turn_of(part, rules.readings()))]

    def may_hold(self, state: State) -> bool:
        """Cheap and certain: without any event of its topics a circumstance cannot be true."""
        topics = self.definition.topics
        return not topics or not state.circumstances.touches.keys().isdisjoint(topics)

    def until(self, state: State, now: int) -> int:
        """When it ends by itself, where its rule is a plain conjunction; 0 where that is not known."""
        return min((stamp for turn in self._ends if (stamp := turn(state, now))), default=0)


class Book:
    """The circumstances this installation knows.

    Rules are compiled at the first question, when every room has registered its facts; a circumstance about
    facts of a room that is not installed never holds.
    """

    def __init__(self, definitions: Iterable[Definition] = BUILT_IN) -> None:
        self._definitions = {one.name: one for one in definitions}
        self._compiled: dict[str, _Compiled] | None = None
        self._by_topics: dict[tuple[str, ...], tuple[_Compiled, ...]] = {}

    def define(self, definition: Definition) -> None:
        """Add a company's own circumstance or replace one of that name.

        Raises `rules.RuleError` where its rule cannot be read, `ValueError` where it rests on another
        circumstance.
        """
        compiled = _Compiled(definition)
        known = self._book()
        self._definitions[definition.name] = definition
        self._compiled = {**known, definition.name: compiled}
        self._by_topics.clear()

    def definitions(self) -> tuple[Definition, ...]:
        return tuple(self._definitions.values())

    def _book(self) -> dict[str, _Compiled]:
        if self._compiled is None:
            compiled = {}
            for name, definition in self._definitions.items():
                try:
                    compiled[name] = _Compiled(definition)
                except (rules.UnknownFact, rules.RuleError):
                    continue
            self._compiled = compiled
        return self._compiled

    def _possible(self, topics: tuple[str, ...]) -> tuple[_Compiled, ...]:
        """Those that may hold for somebody of whom these topics are known."""
        found = self._by_topics.get(topics)
        if found is None:
            if len(self._by_topics) >= _TOPICS_KEPT:
                self._by_topics.clear()
            found = tuple(
                one
                for one in self._book().values()
                if not one.definition.topics or not set(one.definition.topics).isdisjoint(topics)
            )
            self._by_topics[topics] = found
        return found

    def holds(self, state: State, name: str, now: int) -> bool:
        """Whether the circumstance of this name holds; one nobody defined does not."""
        known = self._book().get(name)
        return known is not None and known.may_hold(state) and known.holds(state, now)

    def overview(self, state: State, now: int) -> tuple[list[str], int | None]:
        """The names of everything true at `now` (ms), in the order of definition.

        With them comes the next moment (ms, later than `now`) at which time alone may start or end one.
        """
        names: list[str] = []
        soonest = 0
        for one in self._possible(tuple(state.circumstances.touches)):
            held, stamp = one.verdict(state, now)
            if held:
                names.append(one.definition.name)
            if stamp and (not soonest or stamp < soonest):
                soonest = stamp
        return names, soonest or None

    def at(self, state: State, now: int) -> tuple[Circumstance, ...]:
        """Everything true at `now` (ms), what weighs on the customer first."""
        found = [
            _describe(one, state, now)
            for one in self._book().values()
            if one.may_hold(state) and one.holds(state, now)
        ]
        return tuple(sorted(found, key=lambda one: (one.weight >= 0, -abs(one.weight), -one.since, one.name)))


def _value(name: str, state: State, now: int) -> Any:
    try:
        return rules.fact(name).read(state, now)
    except rules.UnknownFact:
        return None


def _describe(one: _Compiled, state: State, now: int) -> Circumstance:
    definition = one.definition
    section: Surroundings = state.circumstances
    touched = [section.touches[topic] for topic in definition.topics if topic in section.touches]
    return Circumstance(
        definition.name,
        _label(definition, state, now),
        _since(definition, state, now),
        one.until(state, now),
        tuple(dict.fromkeys(touch.message_id for touch in touched)),
        definition.weight,
    )


def _since(definition: Definition, state: State, now: int) -> int:
    unit = running(definition.since)
    value = _value(definition.since, state, now) if unit else None
    return now - round(value * unit[0]) if unit and isinstance(value, int | float) else 0


def local_turn(compare: Compare) -> Turn | None:
    """For `local.hour`: the hour itself, and midnight, when hours begin anew."""
    limit = compare.value
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 24:
        return None
    hour, past_limit = round(limit * HOUR), compare.operator in {">", "<=", "=", "!="}

    def turn(state: State, now: int) -> int:
        zone = state.circumstances.zone
        ahead = offset_at(zone, now) if zone else None
        if ahead is None:
            return 0
        there = (now + ahead) % DAY
        if there == hour and past_limit:
            return now + 1
        stamp = now + (hour - there if there < hour else DAY - there)
        sooner = (offset_at(zone, stamp) or 0) - ahead
        if sooner < 0:
            # Clocks go back before then, and an hour that was over comes again.
            change = now - now % CLOCKS_TURN + CLOCKS_TURN
            while change < stamp and offset_at(zone, change) == ahead:
                change += CLOCKS_TURN
            return min(change, stamp)
        if sooner == 0:
            return stamp
        # Clocks go forward before then: it comes sooner, and a time that is left out comes when they do.
        return stamp - sooner if stamp - sooner > now else now - now % CLOCKS_TURN + CLOCKS_TURN

    return turn


def _label(definition: Definition, state: State, now: int) -> str:
    for template in definition.labels:
        fields = dict(_FIELD.findall(template))
        values = {name: _value(name, state, now) for name in fields}
        if any(value in (None, "", 0) for value in values.values()):
            continue
        spoken = {name: _spoken(value, fields[name]) for name, value in values.items()}
        return _FIELD.sub(lambda field, said=spoken: said[field[1]], template)  # type: ignore[misc]
    return definition.name.replace("_", " ")


def _spoken(value: Any, kind: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)[:60]
    if kind in _UNITS:
        return span(value * _UNITS[kind])
    if kind == "ordinal":
        return _ORDINALS.get(int(value), f"{int(value)}th")
    if kind == "times":
        return _TIMES.get(int(value), f"{int(value)} times")
    return f"{value:g}"


def span(ms: float) -> str:
    """A length of time as people say it: "5 days", "3 hours", "1 minute"; rounded down, never zero."""
    length = abs(ms)
    unit, name = (DAY, "day") if length >= DAY else (HOUR, "hour") if length >= HOUR else (MINUTE, "minute")
    count = max(1, int(length // unit))
    return f"{count} {name}{'s' if count > 1 else ''}"
