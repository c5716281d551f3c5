"""The live reader: a rule as a compiled function of one customer's state and the time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from operator import eq, ge, gt, le, lt
from typing import Any as Anything
from typing import Protocol

from heed.contracts.event import Event
from heed.contracts.fold import State
from heed.contracts.lake import SEMANTIC, semantic
from heed.kit.money import in_e4
from heed.rules.dates import dated
from heed.rules.facts import fact
from heed.rules.moments import happened, touched, within
from heed.rules.tree import (
    All,
    Any,
    Atom,
    Compare,
    Consents,
    Dated,
    Did,
    InSegment,
    Literal_,
    Not,
    Rule,
    Sequence,
    Touch,
    atom_of,
    atoms_of,
)

Predicate = Callable[[State, int], bool]


class Readings(Protocol):
    """What the rules read of a state beside facts; the rooms that own the sections provide it."""

    def trait(self, state: State, name: str) -> Anything: ...
    def count(self, state: State, key: str, since_bucket: int) -> int: ...
    def holds(self, state: State, circumstance: str, now: int) -> bool: ...
    def consents(self, state: State, purpose: str, now: int) -> bool: ...
    def paused_until(self, state: State) -> int:
        """When a pause from everything they consent to ends (ms), 0 without one."""
        ...

    def member(self, state: State, segment: str, now: int) -> bool: ...
    def traits(self, state: State) -> Iterable[str]:
        """The names of the traits that are known."""
        ...

    def counted(self, state: State) -> Mapping[str, Mapping[int, int]]:
        """How much was counted by the key of the atom and by bucket, oldest first."""
        ...

    def buckets(self, state: State, key: str) -> Iterable[int]:
        """The buckets in which something was counted for the atom, oldest first."""
        ...


def predicate(rule: Rule, readings: Readings) -> Predicate:
    """Compile once, ask often: `predicate(rule, readings)(state, now)`."""
    if isinstance(rule, All):
        return _all(tuple(predicate(each, readings) for each in rule.rules))
    if isinstance(rule, Any):
        return _any(tuple(predicate(each, readings) for each in rule.rules))
    if isinstance(rule, Not):
        inner = predicate(rule.rule, readings)
        return lambda state, now: not inner(state, now)
    if isinstance(rule, Compare):
        return _compare(rule, readings)
    if isinstance(rule, Dated):
        return _dated(rule, readings)
    if isinstance(rule, Did):
        return _did(rule, readings)
    if isinstance(rule, Sequence | Touch):
        return _remembered(rule, readings)
    if isinstance(rule, Consents):
        purpose = rule.purpose
        return lambda state, now: readings.consents(state, purpose, now)
    if isinstance(rule, InSegment):
        segment = rule.segment
        return lambda state, now: readings.member(state, segment, now)
    circumstance = rule.circumstance
    return lambda state, now: readings.holds(state, circumstance, now)


def _all(parts: tuple[Predicate, ...]) -> Predicate:
    # Loops, not all() and any() over a generator: this runs for every rule and saved profile.
    def holds(state: State, now: int) -> bool:
        for part in parts:  # noqa: SIM110
            if not part(state, now):
                return False
        return True

    return holds


def _any(parts: tuple[Predicate, ...]) -> Predicate:
    def holds(state: State, now: int) -> bool:
        for part in parts:  # noqa: SIM110
            if part(state, now):
                return True
        return False

    return holds


def _compare(rule: Compare, readings: Readings) -> Predicate:
    test, read = tester(rule), reader(rule.field, readings)
    return lambda state, now: test(read(state, now))


def _did(rule: Did, readings: Readings) -> Predicate:
    key, window, enough = atom_of(rule).key, rule.window, often_enough(rule)
    if window is None:
        return lambda state, now: enough(readings.count(state, key, 0))
    return lambda state, now: enough(readings.count(state, key, window.first(now)))


def _dated(rule: Dated, readings: Readings) -> Predicate:
    test, read = dated(rule), reader(rule.field, readings)
    return lambda state, now: test(read(state, now), now)


def reader(field: str, readings: Readings) -> Callable[[State, int], Anything]:
    """How the value of a trait or a fact is read."""
    if field.startswith("trait."):
        name = field.removeprefix("trait.")
        return lambda state, now: readings.trait(state, name)
    return fact(field).read


def _remembered(rule: Sequence | Touch, readings: Readings) -> Predicate:
    keys = [atom.key for atom in atoms_of(rule)]

    def moments(state: State) -> list[list[int]]:
        return [list(readings.buckets(state, key)) for key in keys]

    if isinstance(rule, Sequence):
        return lambda state, now: happened(rule, moments(state), now)

    def holds(state: State, now: int) -> bool:
        at = touched(rule, *moments(state))
        return at is not None and within(rule.window, at, now)

    return holds


_ORDERS: dict[str, Callable[[Anything, Anything], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}
_COUNTS: dict[str, Callable[[float, float], bool]] = {"=": eq, **_ORDERS}


def often_enough(rule: Did) -> Callable[[int], bool]:
    """Whether so many times, or ten-thousandths, answer the question."""
    compare = _COUNTS[rule.operator]
    wanted = (in_e4(rule.count) or 0) if rule.total else rule.count
    return lambda found: compare(found, wanted)


def as_number(value: Anything) -> float | None:
    """The number a comparison sees: ints and finite floats, nothing else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def tester(rule: Compare) -> Callable[[Anything], bool]:
    """Whether a value satisfies the comparison; see `Compare` for unknown values and other kinds."""
    operator, wanted = rule.operator, rule.value
    if operator == "known":
        return lambda value: value is not None and value != ""
    if operator == "unknown":
        return lambda value: value is None or value == ""
    if operator == "contains":
        part = str(wanted)
        return lambda value: isinstance(value, str) and part in value
    if operator == "in":
        tests = [_equals(each) for each in (wanted if isinstance(wanted, tuple) else (wanted,))]
        return lambda value: any(test(value) for test in tests)
    if operator == "=":
        return _equals(wanted)
    if operator == "!=":
        return _differs(wanted)
    number = as_number(wanted)
    if number is None:
        return lambda value: False
    order = _ORDERS[operator]

    def test(value: Anything) -> bool:
        if type(value) is float and value - value == 0:
            return order(value, number)
        found = as_number(value)
        return found is not None and order(found, number)

    return test


def _equals(wanted: Literal_) -> Callable[[Anything], bool]:
    if isinstance(wanted, bool):
        return lambda value: value is wanted
    number = as_number(wanted)
    if number is not None:
        return lambda value: as_number(value) == number
    return lambda value: isinstance(value, str) and value == wanted


def _differs(wanted: Literal_) -> Callable[[Anything], bool]:
    if isinstance(wanted, bool):
        return lambda value: value is (not wanted)
    number = as_number(wanted)
    if number is not None:
        return lambda value: (found := as_number(value)) is not None and found != number
    return lambda value: isinstance(value, str) and value != "" and value != wanted


def counts(atom: Atom) -> Callable[[Event], int | None]:
    """What an event counts for the atom: 1, with a total its ten-thousandths, or None where it is not meant.

    The event's name and open properties are already known.
    """
    tests = [(each.field, tester(each)) for each in atom.where]
    name, total = atom.event, atom.total

    def amount(event: Event) -> int | None:
        if event.name != name:
            return None
        if tests:
            columns = event_columns(event)
            if not all(test(columns.get(field)) for field, test in tests):
                return None
        return semantic(event).get(total) if total else 1

    return amount


def event_columns(event: Event) -> Mapping[str, Anything]:
    """The event's filterable values: under the name of a typed column what the lake has there, or nothing;
    under any other name the open property."""
    columns = dict(event.open)
    typed = semantic(event)
    for name, (kind, _) in SEMANTIC.items():
        value = typed.get(name)
        if value is None:
            columns.pop(name, None)
        else:
            columns[name] = value / 10_000 if kind == "money" else value
    return columns
