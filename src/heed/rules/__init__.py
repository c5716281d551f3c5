"""One rule language, two readers: a predicate over live state, an Ibis expression over the lake."""

from heed.rules.facts import Fact, UnknownFact, fact, facts, register_fact
from heed.rules.predicate import Predicate, Readings
from heed.rules.predicate import predicate as compile_rule
from heed.rules.text import RuleError, parse, text
from heed.rules.tree import Rule

__all__ = [
    "Fact",
    "Predicate",
    "Readings",
    "Rule",
    "RuleError",
    "UnknownFact",
    "compile_rule",
    "fact",
    "facts",
    "parse",
    "predicate",
    "register_fact",
    "set_readings",
    "text",
]

_readings: list[Readings] = []


def set_readings(readings: Readings) -> None:
    """Say how this installation reads traits, counts, circumstances and consent from a state."""
    _readings[:] = [readings]


def predicate(rule: Rule) -> Predicate:
    """The live reader over this installation's profile state."""
    return compile_rule(rule, _readings[0])
