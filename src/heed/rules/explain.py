"""Rules in sentences: what one asks, and which part of it a customer does not meet."""

from __future__ import annotations

import re
from collections.abc import Mapping

from heed.contracts.fold import State
from heed.rules.facts import Fact, UnknownFact, fact
from heed.rules.predicate import Readings, predicate
from heed.rules.tokens import COUNTS
from heed.rules.tree import (
    All,
    Any,
    Compare,
    Consents,
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

_purposes: Mapping[str, str] = {}


def call_purposes(names: Mapping[str, str]) -> None:
    """What this installation's purposes are called, by key."""
    global _purposes
    # A new one: threads that read meanwhile see all the old names or all the new.
    _purposes = dict(names)


def purpose_names() -> dict[str, str]:
    """What people call each purpose, by key."""
    return dict(_purposes)


def purpose_name(key: str) -> str:
    """What people call a purpose; one that nobody worded goes by its key."""
    return _purposes.get(key, key)


def consent_to(key: str) -> str:
    return f"consent to “{purpose_name(key)}”"


_WORDS = {
    "=": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}
_SCALE = re.compile(r", \S+ to \S+$")
"""The end of a label that says its scale: "mood, −1 to 1"."""
_LENGTH = re.compile(r"^(days|hours) (the .+?)( has waited| is late| came late)$")
_COUNTED = re.compile(r"^(days|hours|minutes|visits|contacts|orders|pieces|payments)( |$)")


def describe(rule: Rule) -> str:
    """What the rule asks, in words."""
    if isinstance(rule, All):
        return " and ".join(_inner(each) for each in rule.rules)
    if isinstance(rule, Any):
        return " or ".join(_inner(each) for each in rule.rules)
    if isinstance(rule, Not):
        return _denied(rule.rule)
    if isinstance(rule, Compare):
        return _asked(rule)
    if isinstance(rule, Did):
        return _did(rule)
    if isinstance(rule, Sequence):
        return " then ".join(_step(each) for each in rule.steps) + _when(rule.window)
    if isinstance(rule, Touch):
        return f"the {rule.which} “{rule.event}” was{_when(rule.window) or ' one'}{_having(rule.where)}"
    if isinstance(rule, Dated):
        return _dated(rule)
    if isinstance(rule, Holds):
        return rule.circumstance.replace("_", " ")
    if isinstance(rule, InSegment):
        return f"in the segment “{rule.segment}”"
    return consent_to(rule.purpose)


def _inner(rule: Rule) -> str:
    return f"({describe(rule)})" if isinstance(rule, (All, Any)) else describe(rule)


def _denied(rule: Rule) -> str:
    if isinstance(rule, Holds):
        return f"not {describe(rule)}"
    if isinstance(rule, Consents):
        return f"no {consent_to(rule.purpose)} (or paused)"
    if isinstance(rule, InSegment):
        return f"not in the segment “{rule.segment}”"
    if isinstance(rule, Did) and (rule.operator, rule.count, rule.total) == (">=", 1, ""):
        return _did(rule, "did not happen")
    if isinstance(rule, Compare) and isinstance(rule.value, bool) and _is_flag(rule):
        return _flag(fact(rule.field).label, (rule.value is True) != (rule.operator == "="))
    return f"not ({describe(rule)})"


def _known(field: str) -> Fact | None:
    try:
        return fact(field)
    except UnknownFact:
        return None


def _is_flag(rule: Compare) -> bool:
    known = _known(rule.field)
    return known is not None and known.kind == "flag" and rule.operator in {"=", "!="}


def _asked(rule: Compare) -> str:
    """A comparison of a trait or a fact, the fact in its own words and unit."""
    if rule.field.startswith("trait."):
        return _comparison(rule, _trait(rule.field))
    known = _known(rule.field)
    if known is None:
        return _comparison(rule, rule.field)
    if isinstance(rule.value, bool) and _is_flag(rule):
        return _flag(known.label, (rule.value is True) == (rule.operator == "="))
    label = _SCALE.sub("", known.label)
    if isinstance(rule.value, float | int) and not isinstance(rule.value, bool) and rule.operator in COUNTS:
        if lasting := _LENGTH.match(label):
            return _lasting(lasting, rule)
        if _COUNTED.match(label):
            unit, _, rest = label.partition(" ")
            return f"{_amount(rule, unit)} {rest}".rstrip()
    return _comparison(rule, label)


def _lasting(found: re.Match[str], rule: Compare) -> str:
    """`days the open order is late > 2` → "the open order is late by more than 2 days"."""
    unit, who, verb = found.groups()
    if (rule.operator, rule.value) == (">", 0):
        return f"{who}{verb}"
    by = "" if verb == " has waited" else " by"
    return f"{who}{verb}{by} {_amount(rule, unit)}"


def _amount(rule: Compare, unit: str) -> str:
    singular = unit[:-1] if rule.value == 1 else unit
    return f"{COUNTS[rule.operator]} {_spoken(rule.value)} {singular}"


def _flag(label: str, true: bool) -> str:
    if true:
        return label
    for start, denied in (
        ("has an ", "has no "),
        ("has a ", "has no "),
        ("has been ", "has not been "),
        ("has asked ", "has not asked "),
    ):
        if label.startswith(start):
            return denied + label.removeprefix(start)
    if label.startswith("we know "):
        return "we do not know " + label.removeprefix("we know ")
    return f"not ({label})"


def _trait(field: str) -> str:
    return field.removeprefix("trait.").replace(".", "’s ").replace("_", " ")


def _comparison(rule: Compare, label: str) -> str:
    if rule.operator in {"known", "unknown"}:
        return f"{label} is {rule.operator}"
    if isinstance(rule.value, tuple):
        return f"{label} is one of {', '.join(_spoken(each) for each in rule.value)}"
    words = _WORDS.get(rule.operator, rule.operator)
    return f"{label.removesuffix(' is')} {words} {_spoken(rule.value)}"


def _spoken(value: Literal_) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        figure = f"{value:,}" if isinstance(value, int) or not value.is_integer() else f"{int(value):,}"
        return figure.replace("-", "−")
    return str(value)


def _did(rule: Did, often: str = "") -> str:
    if rule.total:
        often = f"happened with a total {rule.total} of {COUNTS[rule.operator]} {_spoken(rule.count)}"
        often = often.replace("fewer than", "less than")
    if not often:
        simple = (rule.operator, rule.count) == (">=", 1)
        times = "once" if rule.count == 1 else f"{rule.count} times"
        often = "happened" if simple else f"happened {COUNTS[rule.operator]} {times}"
    return f"“{rule.event}” {often}{_when(rule.window)}{_having(rule.where)}"


def _when(window: Window | None) -> str:
    if window is None:
        return ""
    amount, unit = window.amount, window.unit
    if (amount, unit) == (1, "days"):
        return " today"
    return f" in the last {amount} {unit}" if amount > 1 else f" in the last {unit[:-1]}"


def _having(filters: tuple[Compare, ...]) -> str:
    return "".join(f", {_comparison(each, each.field.replace('_', ' '))}" for each in filters)


def _step(step: Step) -> str:
    gap = f" within {_length(step.gap)}" if step.gap else ""
    return f"{'no ' if step.absent else ''}“{step.event}”{_having(step.where)}{gap}"


def _length(length: Duration) -> str:
    return f"{length.amount} {length.unit}" if length.amount != 1 else f"1 {length.unit[:-1]}"


def _dated(rule: Dated) -> str:
    trait = rule.field.startswith("trait.")
    known = None if trait else _known(rule.field)
    name = known.label if known else _trait(rule.field)
    length = _length(rule.duration) if rule.duration else ""
    if rule.relation == "anniversary":
        when = f"within {length}" if rule.duration and rule.duration.amount else "today"
        return f"{name} comes round {when}"
    words = {
        "before": f"before {rule.date}",
        "since": f"{rule.date} or later",
        "last": f"in the last {length}",
        "next": f"in the next {length}",
        "ago": f"at least {length} ago",
        "ahead": f"more than {length} ahead",
    }
    return f"{name} is {words[rule.relation]}"


def unmet(rule: Rule, readings: Readings, state: State, now: int) -> list[str]:
    """The parts of the rule this customer does not meet, in words; empty where all is met."""
    if predicate(rule, readings)(state, now):
        return []
    if isinstance(rule, All):
        return [words for each in rule.rules for words in unmet(each, readings, state, now)]
    return [describe(rule)]


def met(rule: Rule, readings: Readings, state: State, now: int) -> list[Rule]:
    """The leaves that made the rule true for this customer; empty where it is not true."""
    if not predicate(rule, readings)(state, now):
        return []
    if isinstance(rule, (All, Any)):
        return [leaf for each in rule.rules for leaf in met(each, readings, state, now)]
    return [rule]
