"""When time alone changes what a rule says: windows run out, hours pass, feelings fade."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable

from heed.contracts.fold import State
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.rules.dates import next_change
from heed.rules.facts import fact
from heed.rules.moments import leaves, next_ending, touched
from heed.rules.predicate import Readings, predicate, reader, tester
from heed.rules.tree import (
    All,
    Any,
    Compare,
    Consents,
    Dated,
    Did,
    Not,
    Rule,
    Sequence,
    Touch,
    atom_of,
    atoms_of,
)

Turn = Callable[[State, int], int]
"""`(state, now)` → the next moment later than `now` (ms) at which the answer may change, 0 for none."""
Verdict = Callable[[State, int], tuple[bool, int]]
"""`(state, now)` → whether the rule holds, and the next moment (ms) at which time alone may change that, as a `Turn`."""

_RUNNING = (
    ("renewal.days", DAY, -1),
    ("promise.due_hours", HOUR, -1),
    ("order.days_late", DAY, 1),
    ("case.age_hours", HOUR, 1),
    ("hours_ago", HOUR, 1),
    ("days_ago", DAY, 1),
    ("known.days", DAY, 1),
    ("idle_minutes", MINUTE, 1),
)
"""Facts that grow (1) or shrink (−1) by one unit in that many ms, by the end of their name."""

_makers: dict[str, Callable[[Compare], Turn | None]] = {}


def register_turn(name: str, make: Callable[[Compare], Turn | None]) -> None:
    """Say how time changes comparisons of a fact that neither stands still nor runs evenly."""
    _makers[name] = make


@functools.cache
def running(name: str) -> tuple[int, int] | None:
    """The unit (ms) and direction in which a fact moves by itself, or None where only events move it."""
    return next(((unit, sign) for end, unit, sign in _RUNNING if name.endswith(end)), None)


def verdict(rule: Rule, readings: Readings) -> Verdict:
    """Both at once, as a rule that does not hold need only be looked at again when what stands in its way may change."""
    if isinstance(rule, All | Any):
        return _several([verdict(each, readings) for each in rule.rules], isinstance(rule, Any))
    if isinstance(rule, Not):
        inner = verdict(rule.rule, readings)

        def denied(state: State, now: int) -> tuple[bool, int]:
            held, stamp = inner(state, now)
            return not held, stamp

        return denied
    if isinstance(rule, Compare) and (passes := _passing(rule)) is not None:
        test, read = tester(rule), fact(rule.field).read

        def passing(state: State, now: int) -> tuple[bool, int]:
            value = read(state, now)
            return test(value), passes(value, now)

        return passing
    holds, turn = predicate(rule, readings), turn_of(rule, readings)
    if turn is None:
        return lambda state, now: (holds(state, now), 0)
    return lambda state, now: (holds(state, now), turn(state, now))


def _several(parts: list[Verdict], enough: bool) -> Verdict:
    """The first part that says `enough` decides, for as long as it says so; else none may change."""

    def several(state: State, now: int) -> tuple[bool, int]:
        soonest = 0
        for part in parts:
            held, stamp = part(state, now)
            if held is enough:
                return enough, stamp
            if stamp and (not soonest or stamp < soonest):
                soonest = stamp
        return not enough, soonest

    return several


def turn_of(part: Rule, readings: Readings) -> Turn | None:
    """When time alone may change what this condition says; None where only events can, and for groups."""
    if isinstance(part, Compare):
        return _fact_turn(part)
    if isinstance(part, Dated):
        return _date_turn(part, readings)
    if isinstance(part, Did):
        return _window_turn(part, readings)
    if isinstance(part, Sequence):
        return _sequence_turn(part, readings)
    if isinstance(part, Consents):
        return _pause_turn(readings)
    return _touch_turn(part, readings) if isinstance(part, Touch) else None


def _pause_turn(readings: Readings) -> Turn:
    def turn(state: State, now: int) -> int:
        until = readings.paused_until(state)
        return until if until > now else 0

    return turn


def _date_turn(rule: Dated, readings: Readings) -> Turn | None:
    if rule.duration is None:
        return None
    read = reader(rule.field, readings)
    return lambda state, now: next_change(rule, read(state, now), now)


def _sequence_turn(rule: Sequence, readings: Readings) -> Turn | None:
    if rule.window is None and rule.steps[-1].gap is None:
        return None
    keys = [atom.key for atom in atoms_of(rule)]
    return lambda state, now: next_ending(rule, [list(readings.buckets(state, key)) for key in keys], now)


def _touch_turn(rule: Touch, readings: Readings) -> Turn | None:
    """When what it is about leaves the window."""
    if rule.window is None:
        return None
    every, meant = (atom.key for atom in atoms_of(rule))

    def turn(state: State, now: int) -> int:
        at = touched(rule, list(readings.buckets(state, every)), list(readings.buckets(state, meant)))
        stamp = 0 if at is None else leaves(rule.window, at)
        return stamp if stamp > now else 0

    return turn


def _window_turn(rule: Did, readings: Readings) -> Turn | None:
    """When the oldest counted bucket leaves the window."""
    window, key = rule.window, atom_of(rule).key
    if window is None:
        return None

    def turn(state: State, now: int) -> int:
        first = window.first(now)
        oldest = next((bucket for bucket in readings.buckets(state, key) if bucket >= first), None)
        return 0 if oldest is None else window.leaves(oldest)

    return turn


def _fact_turn(compare: Compare) -> Turn | None:
    """When a fact passes what it is compared with; None where only events can make it."""
    if compare.field.startswith("trait."):
        return None
    if compare.field in _makers:
        return _makers[compare.field](compare)
    if (own := fact(compare.field).turn) is not None:
        return own
    passes = _passing(compare)
    if passes is None:
        return None
    read = fact(compare.field).read
    return lambda state, now: passes(read(state, now), now)


_ROUNDING = 0.001


def _passing(compare: Compare) -> Callable[[object, int], int] | None:
    """When a fact of this value passes what it is compared with; None for facts that do not run evenly."""
    limit, runs = compare.value, running(compare.field)
    if runs is None or isinstance(limit, bool) or not isinstance(limit, int | float):
        return None
    name = compare.field
    if name.startswith("trait.") or name in _makers or fact(name).turn is not None:
        return None
    unit, sign = runs
    past_limit = compare.operator in {"=", "!=", *((">", "<=") if sign > 0 else ("<", ">="))}

    def passes(value: object, now: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return 0
        away = (limit - value) * unit * sign
        if away < 0 or not math.isfinite(away):
            return 0
        if not away:
            return now + 1 if past_limit else 0
        # Rather looked at a moment early, and then once more, than late by what floats lose.
        return now + max(1, math.ceil(away - _ROUNDING))

    return passes


_AHEAD = tuple(round(hours * HOUR) for hours in (0.25, 1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440))


def fading(compare: Compare) -> Turn | None:
    """For facts that fade smoothly: looked for ahead in growing steps, then halved down to a second.

    A value that passes the limit and comes back within one step goes unnoticed until the next event.
    """
    test, read = tester(compare), fact(compare.field).read

    def turn(state: State, now: int) -> int:
        before, first = now, test(read(state, now))
        for step in _AHEAD:
            if test(read(state, now + step)) != first:
                return _halved(lambda at: test(read(state, at)) != first, before, now + step)
            before = now + step
        return before

    return turn


def _halved(changed: Callable[[int], bool], before: int, after: int) -> int:
    """The first second at which it has changed; it has not at `before` and has at `after` (ms)."""
    while after - before > 1_000:
        middle = (before + after) // 2
        if changed(middle):
            after = middle
        else:
            before = middle
    return after


def soonest(turns: Iterable[Turn], state: State, now: int) -> int:
    """The first of these turns, 0 where there is none."""
    found = 0
    for turn in turns:
        stamp = turn(state, now)
        if stamp and (not found or stamp < found):
            found = stamp
    return found
