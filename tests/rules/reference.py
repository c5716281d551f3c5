"""The meaning of a rule, said again in the plainest way: what the readers of rules are held against.

Events are `(name, age, properties)`, their ages in milliseconds before `NOW`.
"""

from __future__ import annotations

import itertools
from calendar import isleap
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from heed.kit.clock import moment
from heed.rules.predicate import as_number
from heed.rules.tree import (
    BUCKET_MS,
    All,
    Consents,
    Dated,
    Did,
    Holds,
    InSegment,
    Not,
    Sequence,
    Step,
    Touch,
)
from heed.rules.tree import Any as Either

NOW = 1_790_000_123_456


def naive(rule: Any, state: Any, now: int) -> bool:
    """The meaning of a rule, said again in the plainest way, from what really happened."""
    if isinstance(rule, All):
        return all(naive(each, state, now) for each in rule.rules)
    if isinstance(rule, Either):
        return any(naive(each, state, now) for each in rule.rules)
    if isinstance(rule, Not):
        return not naive(rule.rule, state, now)
    if isinstance(rule, Holds):
        return rule.circumstance in state.true_now
    if isinstance(rule, Consents):
        return rule.purpose in state.consented
    if isinstance(rule, InSegment):
        return rule.segment in state.lists
    if isinstance(rule, Did):
        meant = [event for event in state.events if _counts(rule, event, now)]
        if rule.total:
            amounts = [Decimal(str(value)) for *_, props in meant if (value := props.get("value")) is not None
                       and not isinstance(value, bool) and value != "x"]  # fmt: skip
            return bool(_compare(float(sum(amounts)), rule.operator, rule.count))
        return bool(_compare(len(meant), rule.operator, rule.count))
    if isinstance(rule, Sequence):
        return _sequence(rule, state, now)
    if isinstance(rule, Touch):
        same = [event for event in state.events if event[0] == rule.event]
        if not same:
            return False
        pick = max if rule.which == "first" else min  # of ages
        edge = pick(age for _, age, _ in same)
        return any(
            _counts(Did(rule.event, window=rule.window, where=rule.where), event, now)
            for event in same
            if event[1] == edge
        )
    if isinstance(rule, Dated):
        return _dated(rule, state.traits.get("due"), now)
    if rule.field.startswith("trait."):
        return _compare(state.traits.get(rule.field[6:]), rule.operator, rule.value)
    if rule.field.startswith("score."):
        value, until = state.given.get(rule.field[6:], (None, 0))
        unknown = (until and until <= now) or getattr(state, "profiling", None) is False
        return _compare(None if unknown else value, rule.operator, rule.value)
    from heed.rules import fact

    return _compare(fact(rule.field).read(state, now), rule.operator, rule.value)


def _sequence(rule: Sequence, state: Any, now: int) -> bool:
    """Every choice of events for the steps is tried."""
    wanted = [step for step in rule.steps if not step.absent]

    def meant(step: Step) -> list[int]:
        return [
            NOW - event[1] for event in state.events if _counts(Did(step.event, where=step.where), event, now)
        ]

    for chosen in itertools.product(*(meant(step) for step in wanted)):
        if any(
            before > after
            or (before == after and last.event == step.event)
            or (step.gap and after - before > step.gap.ms)
            for before, after, last, step in zip(chosen, chosen[1:], wanted, wanted[1:], strict=False)
        ):
            continue
        end, last = chosen[-1], rule.steps[-1]
        if rule.window:
            size = BUCKET_MS[rule.window.unit]
            if end // size <= now // size - rule.window.amount:
                continue
        if last.absent:
            if last.gap and end + last.gap.ms >= now:
                continue
            same = rule.steps[-2].event == last.event
            if any(
                (at > end or (at == end and not same)) and (not last.gap or at - end <= last.gap.ms)
                for at in meant(last)
            ):
                continue
        return True
    return False


def _dated(rule: Dated, value: Any, now: int) -> bool:
    try:
        if isinstance(value, str):
            when = datetime.fromisoformat(value)
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
        elif isinstance(value, bool) or value is None or value > 1e14:
            return False
        else:
            when = moment(value if value > 1e11 else value * 1000)
    except ValueError:
        return False
    here = moment(now)
    if rule.relation in {"before", "since"}:
        other = datetime.fromisoformat(rule.date)
        other = other if other.tzinfo else other.replace(tzinfo=UTC)
        return (when < other) is (rule.relation == "before")
    length = timedelta(**{rule.duration.unit: rule.duration.amount})
    if rule.relation == "anniversary":
        for ahead in range(rule.duration.amount + 1):
            day = (here + timedelta(days=ahead)).date()
            born = when.astimezone(UTC).date()
            leap = (born.month, born.day) == (2, 29) and not isleap(day.year)
            if (day.month, day.day) == ((2, 28) if leap else (born.month, born.day)):
                return True
        return False
    if rule.relation == "last":
        return here - length < when <= here
    if rule.relation == "ago":
        return when <= here - length
    if rule.relation == "ahead":
        return when > here + length
    begins = here.replace(microsecond=0, second=0)
    if rule.duration.unit != "minutes":
        begins = begins.replace(minute=0)
    if rule.duration.unit == "days":
        begins = begins.replace(hour=0)
    return begins <= when <= here + length


def _counts(rule: Did, event: tuple[str, int, dict[str, Any]], now: int) -> bool:
    name, age, props = event
    if name != rule.event:
        return False
    if rule.window:
        size = BUCKET_MS[rule.window.unit]
        if (NOW - age) // size <= now // size - rule.window.amount:
            return False
    return all(_compare(_property(props, each.field), each.operator, each.value) for each in rule.where)


def _property(props: dict[str, Any], name: str) -> Any:
    value = props.get(name)
    if name == "value":
        if isinstance(value, bool) or value == "x" or value is None:
            return None
        return float(value)
    if name == "rating":
        return None if isinstance(value, (bool, str)) else value
    if name == "category":
        if isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) >= 10**15):
            return None
        return value if value is None else str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**8:
        return None
    return value


def _compare(found: Any, operator: str, wanted: Any) -> bool:
    if operator == "known":
        return found is not None and found != ""
    if operator == "unknown":
        return found is None or found == ""
    if operator == "contains":
        return isinstance(found, str) and str(wanted) in found
    if operator == "in":
        return any(_compare(found, "=", each) for each in wanted)
    if isinstance(wanted, bool) or isinstance(found, bool):
        both = isinstance(wanted, bool) and isinstance(found, bool)
        return both and {"=": found == wanted, "!=": found != wanted}.get(operator, False)
    if isinstance(wanted, str) or isinstance(found, str):
        both = isinstance(wanted, str) and isinstance(found, str)
        return both and {"=": found == wanted, "!=": found != wanted and found != ""}.get(operator, False)
    a, b = as_number(found), as_number(wanted)
    if a is None or b is None:
        return False
    return {"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
