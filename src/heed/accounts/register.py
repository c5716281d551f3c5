"""What `accounts` adds to the fold, the projection, the rules and the engine's work."""

from __future__ import annotations

from heed.accounts import store
from heed.accounts.domain import section
from heed.accounts.telling import tell
from heed.contracts.fold import Section, State
from heed.pipeline.api import register_chore, register_effect, register_unmerged
from heed.profiles import api as profiles
from heed.rules.facts import Fact, register_fact


def _projection(state: State, now: int) -> tuple[dict[str, object], int | None]:
    return {"accounts": section.in_order(state.accounts)}, None


def _count(state: State, now: int) -> float:
    return len(state.accounts.of)


def register() -> None:
    """Called once at start-up; a second call changes nothing."""
    profiles.register_section(Section("accounts", section.Accounts, section.step, merge=section.merge))
    profiles.register_projection(_projection)
    profiles.register_traits("account", section.trait, section.trait_names)
    register_fact(Fact("account.count", "number", "accounts they belong to", _count))
    register_effect(section.TOLD, store.told)
    register_chore(tell)
    register_unmerged(store.tell_of)
