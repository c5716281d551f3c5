"""What segments are defined as, and which of them rest on which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from heed.rules.tree import InSegment, Rule, atoms, walk


class Definition(msgspec.Struct, frozen=True):
    """A segment as the book needs it; a static list has no rule, and its members are told by events.

    With a `purpose` only those who permit it are members. `version` tells a changed definition from the one before.
    Where the rule was changed, `former` is the one gone by until what the new one asks for is counted: meanwhile nobody
    is out of a segment that others rest on, or that keeps messages from its members.
    """

    key: str
    rule: Rule | None
    purpose: str = ""
    version: str = ""
    former: Rule | None = None


def gone_by(definitions: Mapping[str, Definition], counted: Iterable[str]) -> dict[str, Rule | None]:
    """The rule each segment goes by, `counted` being the keys of what is counted of everybody; behind those it rests on.

    Left out is what cannot be answered yet: one that asks for something not counted, that rests on itself, or on a
    segment that is left out or unknown. Where new and former rules make a circle together, the former ones are gone by.
    """
    known = set(counted)
    answered = {
        key: [rule for rule in rules_of(definition) if {each.key for each in atoms(rule)} <= known]
        for key, definition in definitions.items()
    }
    by = {
        key: next(iter(answered[key]), None)
        for key, definition in definitions.items()
        if answered[key] or definition.rule is None
    }
    for key in by.keys() - set(_in_order(by)):
        if (former := definitions[key].former) in answered[key]:
            by[key] = former
    return {key: by[key] for key in _in_order(by)}


def _in_order(by: Mapping[str, Rule | None]) -> list[str]:
    """The keys, each behind those it rests on; left out are those that rest on themselves or on what is not there, and
    what rests on those."""
    wanted = {key: set(rests_on(rule)) for key, rule in sorted(by.items()) if rule is not None}
    resting: dict[str, list[str]] = {}
    for key, others in wanted.items():
        for each in others:
            resting.setdefault(each, []).append(key)
    found = [key for key in sorted(by) if not wanted.get(key)]
    for key in found:
        for each in resting.get(key, ()):
            wanted[each].discard(key)
            if not wanted[each]:
                found.append(each)
    return found


def resting(key: str, definitions: Mapping[str, Definition]) -> frozenset[str]:
    """The segments that rest on this one by a rule they go by or may, each in turn."""
    found: set[str] = set()
    waiting = {key}
    while waiting:
        waiting = {
            other
            for other, definition in definitions.items()
            if other not in found and any(rests_on(rule) & waiting for rule in rules_of(definition))
        }
        found |= waiting
    return frozenset(found - {key})


def circle(key: str, definitions: Mapping[str, Definition]) -> tuple[str, ...]:
    """The way on which a segment rests on itself, empty where it does not."""
    came_from: dict[str, str] = {}
    waiting = [key]
    while waiting:
        at = waiting.pop()
        definition = definitions.get(at)
        for each in sorted(rests_on(definition.rule)) if definition and definition.rule is not None else ():
            if each == key:
                way = [key, at]
                while at != key:
                    at = came_from[at]
                    way.append(at)
                return tuple(reversed(way))
            if each not in came_from:
                came_from[each] = at
                waiting.append(each)
    return ()


def rules_of(definition: Definition) -> list[Rule]:
    """The rules that the segment goes by, or may."""
    return [each for each in (definition.rule, definition.former) if each is not None]


def rests_on(rule: Rule) -> frozenset[str]:
    """The keys of the segments a rule asks for itself."""
    return frozenset(each.segment for each in walk(rule) if isinstance(each, InSegment))
