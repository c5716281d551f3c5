"""Events of Heed's own about a customer, addressed by the surest identifier they have."""

from __future__ import annotations

from heed.contracts.event import OWN_SOURCE, Event
from heed.contracts.fold import State


def event_about(state: State, message_id: str, name: str, at: int, now: int) -> Event | None:
    """A track call that happened `at` and is noted `now` (ms); None where nothing names the customer."""
    identifiers: dict[str, list[str]] = state.identity.identifiers
    event = Event(message_id, "track", at, now, name, source=OWN_SOURCE)
    if users := identifiers.get("user_id"):
        event.user_id = users[-1]
    elif devices := identifiers.get("anonymous_id"):
        event.anonymous_id = devices[-1]
    elif kind := next((kind for kind in ("email", "phone") if identifiers.get(kind)), ""):
        event.context = {"traits": {kind: identifiers[kind][-1]}}
    elif external := next((kind for kind in identifiers if kind.startswith("external:")), ""):
        value = identifiers[external][-1]
        event.context = {"externalIds": [{"type": external.removeprefix("external:"), "id": value}]}
    else:
        return None
    return event
