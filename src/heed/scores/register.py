"""What `scores` adds to the fold and to the rules."""

from __future__ import annotations

import psycopg

from heed.contracts.fold import Section
from heed.profiles import api as profiles
from heed.rules.facts import register_family
from heed.scores import store
from heed.scores.domain import section
from heed.scores.naming import names

SECTION = Section("scores", section.Scores, section.step, after=("consent",), merge=section.merge)


def _unmarked(connection: psycopg.Connection) -> str:
    """Names change nothing that is kept of a customer, so that nobody need be looked at again."""
    return ""


def _reload(connection: psycopg.Connection) -> None:
    names.set(store.names(connection))


def register() -> None:
    """Called once at start-up; a second call changes nothing."""
    profiles.register_section(SECTION)
    profiles.register_book(_unmarked, _reload)
    register_family(names.family())
