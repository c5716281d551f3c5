"""Facts: what rooms let rules ask about a customer beside traits, events and membership.

A room registers each fact once at start-up. Live, a fact is read from the profile state; in the lake's
reader it is a column of the same name in the profiles table made by `profile_columns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

Kind = Literal["number", "text", "flag", "moment"]
Value = float | int | str | bool | None


class Fact(msgspec.Struct, frozen=True):
    """`read(state, now in ms)` gives the value, or None where it is not known. A moment is in ms.

    `label` says what it is in words people read, e.g. "days an order is late". `turn(state, now)` is the next moment at
    which time alone changes the value, 0 for none, of facts that change at a moment of their own.
    """

    name: str
    kind: Kind
    label: str
    read: Callable[[Any, int], Value]
    turn: Callable[[Any, int], int] | None = None


class Family(msgspec.Struct, frozen=True):
    """Facts named `<prefix>.<rest>` that come and go while Heed runs.

    `make(rest)` gives the fact, or None where no fact can be called so; `listed()` gives those to choose from.
    """

    prefix: str
    make: Callable[[str], Fact | None]
    listed: Callable[[], Iterable[Fact]]


class UnknownFact(LookupError):
    """A rule names a fact that no room registered."""


_facts: dict[str, Fact] = {}
_families: dict[str, Family] = {}


def register_fact(fact: Fact) -> None:
    """Make a fact known to rules; a second one of the same name is a mistake, the same one again is not."""
    known = _facts.get(fact.name)
    if known is not None and known != fact:
        raise ValueError(f"the fact {fact.name!r} is registered twice")
    _facts[fact.name] = fact


def register_family(family: Family) -> None:
    """Make facts of this prefix known to rules; registering the prefix again replaces them."""
    _families[family.prefix] = family


def fact(name: str) -> Fact:
    found = _facts.get(name)
    if found is None:
        prefix, _, rest = name.partition(".")
        family = _families.get(prefix)
        found = family.make(rest) if family is not None and rest else None
    if found is None:
        raise UnknownFact(name)
    return found


def facts() -> tuple[Fact, ...]:
    listed = (each for family in _families.values() for each in family.listed())
    return tuple(sorted((*_facts.values(), *listed), key=lambda each: each.name))
