"""What `segments` adds to the fold, the projection, the rules in force and the engine's chores."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from heed.contracts.fold import Section, State
from heed.pipeline.api import register_chore
from heed.profiles import api as profiles
from heed.rules.tree import Rule
from heed.segments import store
from heed.segments.domain import section
from heed.segments.domain.definitions import rules_of
from heed.segments.keeping import announce, fill
from heed.segments.membership import memberships


def _rules(connection: psycopg.Connection) -> Iterable[Rule]:
    return [rule for each in store.definitions(connection) for rule in rules_of(each)]


def _projection(state: State, now: int) -> tuple[dict[str, object], int | None]:
    found, turn = memberships.book.members(state, now)
    return {"segments": found}, turn or None


def register() -> None:
    """Called once at start-up; a second call changes nothing."""
    profiles.register_section(Section("segments", section.Memberships, section.step, merge=section.merge))
    profiles.register_projection(_projection)
    profiles.register_member(memberships.holds, memberships.any)
    profiles.register_book(store.mark, memberships.reload)
    profiles.register_rules(_rules)
    register_chore(fill)
    register_chore(announce)
