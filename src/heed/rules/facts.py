"""Facts: what rooms let rules ask about a customer beside traits, events and membership.

A room registers each fact once at start-up. Live, a fact is read from the profile state; in the lake's
reader it is a column of the same name in the profiles table made by `profile_columns`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

Kind = Literal["number", "text", "flag", "moment"]
Value = float | int | str | bool | None


class Fact(msgspec.Struct, frozen=True):
    """`read(state, now in ms)` gives the value, or None where it is not known. A moment is in ms.

    `label` says what it is in words people read, e.g. "days an order is late".
    """

    name: str
    kind: Kind
    label: str
    read: Callable[[Any, int], Value]


class UnknownFact(LookupError):
    """A rule names a fact that no room registered."""


_facts: dict[str, Fact] = {}


def register_fact(fact: Fact) -> None:
    """Make a fact known to rules; a second one of the same name is a mistake, the same one again is not."""
    known = _facts.get(fact.name)
    if known is not None and known != fact:
        raise ValueError(f"the fact {fact.name!r} is registered twice")
    _facts[fact.name] = fact


def fact(name: str) -> Fact:
    try:
        return _facts[name]
    except KeyError:
        raise UnknownFact(name) from None


def facts() -> tuple[Fact, ...]:
    return tuple(sorted(_facts.values(), key=lambda each: each.name))
