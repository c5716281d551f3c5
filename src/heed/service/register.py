"""What service gives to the fold and to the rule language."""

from __future__ import annotations

from heed.contracts.fold import Section, State
from heed.profiles import api as profiles
from heed.rules.facts import register_fact
from heed.sense import api as sense
from heed.service.domain import FACTS, Cases, make_step, merge, next_change

SECTION = Section("cases", Cases, make_step(sense.share_of_scale), after=("orders",), merge=merge)


def _projection(state: State, now: int) -> tuple[dict[str, object], int | None]:
    return {}, next_change(state, now)


def register() -> None:
    """Called once at start-up; a second call changes nothing."""
    profiles.register_section(SECTION)
    profiles.register_projection(_projection)
    for fact in FACTS:
        register_fact(fact)
