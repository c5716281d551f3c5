"""What a customer was offered and what became of it: the section behind frequency caps and propensities."""

from __future__ import annotations

import msgspec

from heed.contracts import vocabulary
from heed.contracts.consent import SERVICE
from heed.contracts.event import Effect, Event
from heed.contracts.fold import State
from heed.kit.clock import MINUTE

_MOST_ACTIONS = 100
_MOST_TIMES = 20
_LONGEST = 100

CONTACTING = frozenset({"email", "sms", "push", "phone", "whatsapp", "letter"})
"""Channels on which we come to the customer; on the others they came to us."""
SAME_SHOWING = 30 * MINUTE
"""Asked again within this time the same action is still the one showing: a page loaded twice, a reload."""


class Exposures(msgspec.Struct, array_like=True, omit_defaults=True):
    """Times (ms, oldest first, the last 20) each action was chosen for this customer; `answered` holds the
    decisions accepted or dismissed lately, so that one decision counts once. `contacts` are the times something that rests
    on consent was sent to them."""

    shown: dict[str, list[int]] = {}
    answered: list[str] = []
    contacts: list[int] = []


def fold_exposures(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    if event.type != "track":
        return ()
    if event.name == vocabulary.DECISION_MADE:
        return _made(state.decisions, event)
    if event.name in {vocabulary.ACTION_ACCEPTED, vocabulary.ACTION_DISMISSED}:
        return _answered(state.decisions, event)
    return ()


def _made(own: Exposures, event: Event) -> tuple[Effect, ...]:
    action, placement = event.properties.get("action"), event.properties.get("placement")
    if not isinstance(action, str) or not action or not isinstance(placement, str):
        return ()
    action, placement = action[:_LONGEST], placement[:_LONGEST]
    times = own.shown.get(action)
    if times is not None and any(abs(event.occurred - each) < SAME_SHOWING for each in times):
        return ()
    purpose, channel = event.properties.get("purpose"), event.properties.get("channel")
    if purpose and purpose != SERVICE and channel in CONTACTING:
        own.contacts = sorted([*own.contacts, event.occurred])[-_MOST_TIMES:]
    if times is None:
        if len(own.shown) >= _MOST_ACTIONS:
            own.shown.pop(min(own.shown, key=lambda each: own.shown[each][-1]))
        times = own.shown[action] = []
    times.append(event.occurred)
    times.sort()
    del times[:-_MOST_TIMES]
    return (Effect("decisions.count", {"action": action, "placement": placement, "outcome": "shown"}),)


def _answered(own: Exposures, event: Event) -> tuple[Effect, ...]:
    action, placement = event.properties.get("action"), event.properties.get("placement")
    decision = event.properties.get("decision_id")
    if not isinstance(action, str) or not isinstance(placement, str) or action not in own.shown:
        return ()
    placement = placement[:_LONGEST]
    if isinstance(decision, str) and decision:
        if decision in own.answered:
            return ()
        own.answered.append(decision[:80])
        del own.answered[:-_MOST_TIMES]
    outcome = "accepted" if event.name == vocabulary.ACTION_ACCEPTED else "dismissed"
    return (Effect("decisions.count", {"action": action, "placement": placement, "outcome": outcome}),)


def times_within(own: Exposures, action: str, since: int) -> int:
    return sum(1 for at in own.shown.get(action, ()) if at >= since)


def merge_exposures(kept: Exposures, absorbed: Exposures) -> Exposures:
    for action, times in absorbed.shown.items():
        kept.shown[action] = sorted([*kept.shown.get(action, []), *times])[-_MOST_TIMES:]
    kept.contacts = sorted([*kept.contacts, *absorbed.contacts])[-_MOST_TIMES:]
    kept.answered = [*kept.answered, *absorbed.answered][-_MOST_TIMES:]
    return kept
