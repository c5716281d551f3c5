"""One rule language, two readers: a predicate over live state, an Ibis expression over the lake."""

from heed.contracts.fold import State
from heed.rules import explain
from heed.rules.dates import as_moment
from heed.rules.explain import call_purposes, consent_to, describe, purpose_name, purpose_names
from heed.rules.facts import Fact, Family, UnknownFact, fact, facts, register_fact, register_family
from heed.rules.parser import parse
from heed.rules.predicate import Predicate, Readings
from heed.rules.predicate import predicate as compile_rule
from heed.rules.text import is_name, quoted, text
from heed.rules.tokens import RuleError
from heed.rules.tree import Rule, fields_of

__all__ = [
    "Fact",
    "Family",
    "Predicate",
    "Readings",
    "Rule",
    "RuleError",
    "UnknownFact",
    "as_moment",
    "call_purposes",
    "compile_rule",
    "consent_to",
    "describe",
    "fact",
    "facts",
    "fields_in",
    "is_name",
    "met",
    "parse",
    "predicate",
    "purpose_name",
    "purpose_names",
    "quoted",
    "readings",
    "register_fact",
    "register_family",
    "set_readings",
    "text",
    "unmet",
]

_in_use: list[Readings] = []


def set_readings(how: Readings) -> None:
    """Say how this installation reads traits, counts, circumstances and consent from a state."""
    _in_use[:] = [how]


def readings() -> Readings:
    """How this installation reads a state."""
    return _in_use[0]


def predicate(rule: Rule) -> Predicate:
    """The live reader over this installation's profile state."""
    return compile_rule(rule, _in_use[0])


def unmet(rule: Rule, state: State, now: int) -> list[str]:
    """The parts of the rule this customer does not meet, in words."""
    return explain.unmet(rule, _in_use[0], state, now)


def met(rule: Rule, state: State, now: int) -> list[Rule]:
    """The leaves that made the rule true for this customer."""
    return explain.met(rule, _in_use[0], state, now)


def fields_in(rule: str) -> list[tuple[str, str]]:
    """What the text of a rule reads of customers and events: `("trait", name)` and `("property", name)`.

    Nothing where it cannot be read.
    """
    try:
        return sorted(fields_of(parse(rule))) if rule.strip() else []
    except RuleError:
        return []
