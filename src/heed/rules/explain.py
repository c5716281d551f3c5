"""Rules in sentences: what one asks, and which part of it a customer does not meet."""

from __future__ import annotations

from heed.contracts.fold import State
from heed.rules.facts import UnknownFact, fact
from heed.rules.predicate import Readings, predicate
from heed.rules.tree import All, Any, Compare, Did, Holds, Not, Rule

_WORDS = {
    "=": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}
_COUNTS = {">=": "at least", "<=": "at most", "=": "exactly", ">": "more than", "<": "fewer than"}


def describe(rule: Rule) -> str:
    """What the rule asks, in words."""
    if isinstance(rule, All):
        return " and ".join(_inner(each) for each in rule.rules)
    if isinstance(rule, Any):
        return " or ".join(_inner(each) for each in rule.rules)
    if isinstance(rule, Not):
        return f"not: {_inner(rule.rule)}"
    if isinstance(rule, Compare):
        return _comparison(rule, _label(rule.field))
    if isinstance(rule, Did):
        return _did(rule)
    if isinstance(rule, Holds):
        return rule.circumstance.replace("_", " ")
    return f"consent to {rule.purpose}"


def _inner(rule: Rule) -> str:
    return f"({describe(rule)})" if isinstance(rule, (All, Any)) else describe(rule)


def _label(field: str) -> str:
    if field.startswith("trait."):
        return field.removeprefix("trait.").replace("_", " ")
    try:
        return fact(field).label
    except UnknownFact:
        return field


def _comparison(rule: Compare, label: str) -> str:
    if rule.operator in {"known", "unknown"}:
        return f"{label} is {rule.operator}"
    if isinstance(rule.value, tuple):
        return f"{label} is one of {', '.join(str(each) for each in rule.value)}"
    return f"{label} {_WORDS.get(rule.operator, rule.operator)} {rule.value}"


def _did(rule: Did) -> str:
    if (rule.operator, rule.count) == (">=", 1):
        often = "happened"
    else:
        often = f"happened {_COUNTS[rule.operator]} {rule.count} times"
    when = f" in the last {rule.window.amount} {rule.window.unit}" if rule.window else ""
    where = "".join(f", {_comparison(each, each.field)}" for each in rule.where)
    return f"“{rule.event}” {often}{when}{where}"


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
