"""The rules in force, gathered from the rooms that own them, and what profiles must count for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from heed.rules.tree import Atom, Rule, atoms

RuleSource = Callable[[Any], Iterable[Rule]]

_sources: list[RuleSource] = []


def register_rules(source: RuleSource) -> None:
    """`source(connection)` gives the rules a room has in force now; it is asked again and again."""
    if source not in _sources:
        _sources.append(source)


def atoms_in_force(connection: Any) -> frozenset[Atom]:
    return frozenset(atom for source in _sources for rule in source(connection) for atom in atoms(rule))
