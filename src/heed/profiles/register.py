"""What `profiles` adds to the fold and to the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from heed import rules
from heed.contracts.fold import Section, State
from heed.profiles import field_book
from heed.profiles.api import register_section
from heed.profiles.domain import activity, consent, sections, traits
from heed.profiles.domain.fields import fields
from heed.profiles.domain.purposes import DEFAULTS
from heed.profiles.lent import holds, lent_trait, lent_traits, member, register_book
from heed.rules.facts import Fact, register_fact


class StateReadings:
    """How rules read this installation's profile state."""

    def trait(self, state: State, name: str) -> Any:
        if name in state.traits.values:
            return fields.value(state, name)
        return None if fields.missing_of(state, name) else lent_trait(state, name)

    def count(self, state: State, key: str, since_bucket: int) -> int:
        return activity.count(state.activity, key, since_bucket)

    def holds(self, state: State, circumstance: str, now: int) -> bool:
        return holds(state, circumstance, now)

    def consents(self, state: State, purpose: str, now: int) -> bool:
        return bool(state.consent.permits(purpose, now))

    def paused_until(self, state: State) -> int:
        return int(state.consent.paused_until)

    def member(self, state: State, segment: str, now: int) -> bool:
        return member(state, segment, now)

    def traits(self, state: State) -> Iterable[str]:
        return chain(
            fields.seen(state), (name for name in lent_traits(state) if not fields.missing_of(state, name))
        )

    def counted(self, state: State) -> Mapping[str, Mapping[int, int]]:
        counters: Mapping[str, Mapping[int, int]] = state.activity.counters
        return counters

    def buckets(self, state: State, key: str) -> Iterable[int]:
        found: Iterable[int] = state.activity.counters.get(key, ())
        return found


readings = StateReadings()


def register() -> None:
    register_section(
        Section("identity", sections.Identity, sections.fold_identity, merge=sections.merge_identity)
    )
    register_section(Section("traits", traits.Traits, traits.fold_traits, merge=traits.merge_traits))
    register_section(Section("consent", consent.Consent, consent.fold_consent, merge=consent.merge_consent))
    register_section(
        Section("activity", activity.Activity, activity.counting.step, merge=activity.merge_activity)
    )
    register_book(field_book.mark, field_book.reload)
    rules.set_readings(readings)
    rules.call_purposes({key: name for key, name, *_ in DEFAULTS})
    for fact in (
        Fact("seen.days_ago", "number", "days since last seen", _seen_days_ago),
        Fact("known.days", "number", "days since first seen", _known_days),
        Fact("identified", "flag", "we know who they are", _identified),
        Fact("paused", "flag", "has asked for a pause", _paused, _pause_ends),
    ):
        register_fact(fact)


def _paused(state: State, now: int) -> bool:
    return bool(state.consent.paused(now))


def _pause_ends(state: State, now: int) -> int:
    return int(state.consent.paused_until) if state.consent.paused(now) else 0


def _seen_days_ago(state: State, now: int) -> float | None:
    last = state.identity.last_seen
    return max(0.0, (now - last) / 86_400_000) if last else None


def _known_days(state: State, now: int) -> float | None:
    first = state.identity.first_seen
    return max(0.0, (now - first) / 86_400_000) if first else None


def _identified(state: State, now: int) -> bool:
    identifiers = state.identity.identifiers
    return any(kind != "anonymous_id" and values for kind, values in identifiers.items())
