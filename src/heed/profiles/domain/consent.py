"""What a customer permits, purpose by purpose, and a pause from everything that rests on their permission."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from heed.contracts import vocabulary
from heed.contracts.consent import CADENCES, SERVICE
from heed.contracts.event import Effect, Event
from heed.contracts.fold import State
from heed.kit.clock import DAY, parse_moment

_MOST_PURPOSES = 50
LONGEST_PAUSE = 400 * DAY


class Permission(msgspec.Struct, array_like=True):
    """What a customer said about one purpose: `wording` is the text they saw, `version` which one of it, `proof`
    where it can be seen that they said so."""

    granted: bool
    at: int
    source: str
    wording: str = ""
    version: str = ""
    proof: str = ""


class Consent(msgspec.Struct, array_like=True, omit_defaults=True):
    """`paused_until` (ms) ends a pause said at `paused_at`; 0 is none. Permissions stand still meanwhile. `cadence` is the
    days they want between two messages, said at `cadence_at`."""

    purposes: dict[str, Permission] = {}
    paused_until: int = 0
    paused_at: int = 0
    cadence: int = 0
    cadence_at: int = 0

    def permits(self, purpose: str, now: int) -> bool:
        found = self.purposes.get(purpose)
        return found is not None and found.granted and (purpose == SERVICE or not self.paused(now))

    def paused(self, now: int) -> bool:
        return now < self.paused_until


def fold_consent(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    """Consent comes from a consent event, from Segment's `context.consent`, and an unsubscribe withdraws it."""
    own: Consent = state.consent
    if event.type == "track":
        _told(own, event)
    consent = event.context.get("consent")
    preferences = consent.get("categoryPreferences") if isinstance(consent, Mapping) else None
    if isinstance(preferences, Mapping):
        for purpose, granted in preferences.items():
            if isinstance(granted, bool):
                known = own.purposes.get(purpose)
                if known is None or known.granted != granted:
                    _say(own, purpose, granted, event)
    return ()


def _told(own: Consent, event: Event) -> None:
    said = event.properties
    if event.name == vocabulary.CONSENT_CHANGED:
        purpose, granted = said.get("purpose"), said.get("granted")
        if isinstance(purpose, str) and isinstance(granted, bool):
            _say(own, purpose, granted, event)
    elif event.name == vocabulary.UNSUBSCRIBED:
        _say(own, "marketing", False, event)
    elif event.name == vocabulary.CONTACT_PAUSED and event.occurred >= own.paused_at:
        until = said.get("until")
        end = parse_moment(until) if isinstance(until, str) and len(until) <= 40 else None
        if end is not None:
            own.paused_until = max(0, min(end, event.occurred + LONGEST_PAUSE))
            own.paused_at = event.occurred
    elif event.name == vocabulary.CADENCE_CHOSEN and event.occurred >= own.cadence_at:
        if (days := said.get("days")) in CADENCES and not isinstance(days, bool):
            own.cadence, own.cadence_at = int(days), event.occurred
    elif event.name == vocabulary.CONTACT_RESUMED and event.occurred >= own.paused_at:
        own.paused_until, own.paused_at = 0, event.occurred


def _say(own: Consent, purpose: str, granted: bool, event: Event) -> None:
    purpose = purpose.strip().lower()[:60]
    known = own.purposes.get(purpose)
    full = known is None and len(own.purposes) >= _MOST_PURPOSES
    if not purpose or (known and known.at > event.occurred) or full:
        return
    said = (event.properties.get(name) for name in ("wording", "version", "proof"))
    wording, version, proof = (each if isinstance(each, str) else "" for each in said)
    own.purposes[purpose] = Permission(
        granted, event.occurred, event.source, wording[:500], version[:60], proof[:200]
    )


def merge_consent(kept: Consent, absorbed: Consent) -> Consent:
    """The latest word counts; at the same moment the refusal does, and of two pauses the longer."""
    for purpose, theirs in absorbed.purposes.items():
        mine = kept.purposes.get(purpose)
        if mine is None or (theirs.at, not theirs.granted) > (mine.at, not mine.granted):
            kept.purposes[purpose] = theirs
    if (absorbed.paused_at, absorbed.paused_until) > (kept.paused_at, kept.paused_until):
        kept.paused_at, kept.paused_until = absorbed.paused_at, absorbed.paused_until
    if (absorbed.cadence_at, absorbed.cadence) > (kept.cadence_at, kept.cadence):
        kept.cadence_at, kept.cadence = absorbed.cadence_at, absorbed.cadence
    return kept
