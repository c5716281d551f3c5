"""What commerce gives to the fold and to the rule language."""

from __future__ import annotations

from heed.commerce.domain import FACTS, Orders, alarms, merge, projection, step
from heed.contracts.fold import Section
from heed.profiles import api as profiles
from heed.rules.facts import register_fact

SECTION = Section("orders", Orders, step, merge=merge)


def register() -> None:
    """Called once at start-up; a second call changes nothing."""
    profiles.register_section(SECTION)
    profiles.register_projection(projection)
    profiles.register_alarms(alarms)
    for fact in FACTS:
        register_fact(fact)
