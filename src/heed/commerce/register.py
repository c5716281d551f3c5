"""What commerce gives to the fold and to the rule language."""

from __future__ import annotations

import psycopg

from heed.commerce.domain import FACTS, Orders, alarms, late_turn, merge, projection, step
from heed.contracts.fold import Section
from heed.profiles import api as profiles
from heed.rules.facts import register_fact
from heed.rules.turns import register_turn

SECTION = Section("orders", Orders, step, merge=merge)


def _deliveries_are_told(connection: psycopg.Connection) -> bool:
    """Whether anybody heard of a delivery lately: where nobody ever does, every order would look overdue."""
    return profiles.anybody_in(connection, "order_delivered")


def register() -> None:
    """Called once at start-up; a second call changes nothing."""
    profiles.register_section(SECTION)
    profiles.register_projection(projection)
    profiles.register_alarms(alarms, _deliveries_are_told)
    for fact in FACTS:
        register_fact(fact)
    register_turn("order.days_late", late_turn)
