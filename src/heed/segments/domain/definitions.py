"""What segments are defined as, and which of them rest on which."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from heed.rules.tree import InSegment, Rule, walk


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


def in_order(definitions: Mapping[str, Definition]) -> list[str]:
    """The keys, each behind those it rests on; segments that rest on themselves, and what rests on those, are left
    out."""
    wanted = {
        key: {each for rule in rules_of(definition) for each in rests_on(rule) if each in definitions}
        for key, definition in sorted(definitions.items())
        if definition.rule is not None
    }
    resting: dict[str, list[str]] = {}
    for key, others in wanted.items():
        for each in others:
            resting.setdefault(each, []).append(key)
    found = [key for key in sorted(definitions) if not wanted.get(key)]
    for key in found:
        for each in resting.get(key, ()):
            wanted[each].discard(key)
            if not wanted[each]:
                found.append(each)
    return found


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
