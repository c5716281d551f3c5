"""The text form of a rule: from the tree to what its author would write."""

from __future__ import annotations

import json
import re

from heed.rules.tokens import COUNTS, KEYWORDS
from heed.rules.tree import (
    All,
    Any,
    Compare,
    Dated,
    Did,
    Duration,
    Holds,
    InSegment,
    Literal_,
    Not,
    Rule,
    Sequence,
    Step,
    Touch,
    Window,
)


def text(rule: Rule) -> str:
    """The rule as its author would write it; `parse(text(rule)) == rule`."""
    return _text(rule, 0)


def _text(rule: Rule, binding: int) -> str:
    if isinstance(rule, Any):
        body = " or ".join(_text(each, 2 if isinstance(each, Any) else 1) for each in rule.rules)
        return f"({body})" if binding >= 1 else body
    if isinstance(rule, All):
        body = " and ".join(_text(each, 2) for each in rule.rules)
        return f"({body})" if binding >= 2 else body
    if isinstance(rule, Not):
        return f"not {_text(rule.rule, 2)}"
    if isinstance(rule, Compare):
        return _comparison(rule, rule.field)
    if isinstance(rule, Did):
        parts = [f"did {quoted(rule.event)}"]
        if rule.total:
            parts.append(f"total {rule.total} {COUNTS[rule.operator]} {rule.count!r}")
        elif (rule.operator, rule.count) != (">=", 1):
            parts.append(f"{COUNTS[rule.operator]} {rule.count} times")
        return " ".join([*parts, *_within(rule.window), *_where(rule.where)])
    if isinstance(rule, Sequence):
        steps = " then ".join(_step(each) for each in rule.steps)
        return " ".join([f"did {steps}", *_within(rule.window)])
    if isinstance(rule, Touch):
        return " ".join([f"{rule.which} {quoted(rule.event)}", *_within(rule.window), *_where(rule.where)])
    if isinstance(rule, Dated):
        return f"{rule.field} {_relation(rule)}"
    if isinstance(rule, Holds):
        return f"circumstance {quoted(rule.circumstance)}"
    if isinstance(rule, InSegment):
        return f"segment {quoted(rule.segment)}"
    return f"consent {quoted(rule.purpose)}"


def _within(window: Window | None) -> list[str]:
    return [f"within {window.amount} {window.unit}"] if window else []


def _where(filters: tuple[Compare, ...]) -> list[str]:
    written = ", ".join(_comparison(each, _property(each.field)) for each in filters)
    return [f"where {written}"] if written else []


def _step(step: Step) -> str:
    gap = [f"in {_length(step.gap)}"] if step.gap else []
    return " ".join([*(["no"] if step.absent else []), quoted(step.event), *_where(step.where), *gap])


def _length(duration: Duration | None) -> str:
    return f"{duration.amount} {duration.unit}" if duration else ""


def _relation(rule: Dated) -> str:
    length = _length(rule.duration)
    if rule.relation in {"before", "since"}:
        return f"{rule.relation} {quoted(rule.date)}"
    if rule.relation == "anniversary":
        return (
            f"anniversary within next {length}"
            if rule.duration and rule.duration.amount
            else "anniversary today"
        )
    if rule.relation in {"last", "next"}:
        return f"within {rule.relation} {length}"
    return f"more than {length} {rule.relation}"


def _comparison(rule: Compare, field: str) -> str:
    if rule.operator in {"known", "unknown"}:
        return f"{field} is {rule.operator}"
    if isinstance(rule.value, tuple):
        return f"{field} in [{', '.join(_literal(each) for each in rule.value)}]"
    return f"{field} {rule.operator} {_literal(rule.value)}"


def _literal(value: Literal_) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(value: str) -> str:
    """A text as a rule holds it: in quotes, what is inside escaped."""
    return json.dumps(value, ensure_ascii=False)


def is_name(name: str) -> bool:
    """Whether a trait of this name can be written without quotes, as `trait.<name>` has to be."""
    return bool(re.fullmatch(r"[\w.:\-]+", name))


def _property(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][\w.:\-]*", name) and name not in KEYWORDS
    return name if plain else quoted(name)
