"""What of a state stands in columns of its own, and when time alone will change it.

Rooms register what they contribute; `profiles` owns the columns.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from heed.contracts.fold import State
from heed.kit.clock import moment_if_any
from heed.profiles.domain.fields import fields
from heed.profiles.domain.sections import display_name

Projection = Callable[[State, int], tuple[Mapping[str, Any], int | None]]
"""`(state, now)` → columns, and the next moment (ms) at which time alone changes one of them, if any."""

_projections: list[Projection] = []

COLUMNS = (
    *("display_name", "email", "phone", "user_id", "country", "first_seen", "last_seen"),
    *("valence", "spread", "urgency", "confidence", "baseline", "circumstances", "segments", "accounts"),
    *("attention", "attention_reason", "revenue", "currency", "orders", "refreshed_at", "due_at"),
)
_DEFAULTS: dict[str, Any] = {
    "valence": 0.0,
    "spread": 1.0,
    "urgency": 0.0,
    "confidence": 0.0,
    "baseline": 0.0,
    "circumstances": [],
    "segments": [],
    "accounts": [],
    "attention": 0.0,
    "attention_reason": "",
    "revenue": 0,
    "currency": "",
    "orders": 0,
}
_TEXTS = ("display_name", "email", "phone", "user_id", "country", "attention_reason")
_LONGEST = 300


def register_projection(projection: Projection) -> None:
    """Contribute columns; once is enough, again changes nothing."""
    if projection not in _projections:
        _projections.append(projection)


def columns(state: State, now: int) -> dict[str, Any]:
    """Every column of a profile but its id and state, as of `now`."""
    identifiers = state.identity.identifiers
    row = {
        **_DEFAULTS,
        "display_name": display_name(state),
        "email": _reached_at(state, "email"),
        "phone": _reached_at(state, "phone"),
        "user_id": _last(identifiers, "user_id"),
        "country": _country(state),
        "first_seen": moment_if_any(state.identity.first_seen),
        "last_seen": moment_if_any(state.identity.last_seen),
        "refreshed_at": moment_if_any(now),
    }
    due = 0
    for projection in _projections:
        found, turn = projection(state, now)
        row.update(found)
        if turn is not None and turn > now and (not due or turn < due):
            due = turn
    row["due_at"] = moment_if_any(due)
    for name in _TEXTS:
        if (text := row[name]) and (len(text) > _LONGEST or "\x00" in text):
            row[name] = text[:_LONGEST].replace("\x00", "")
    return row


def row_of(profile_id: uuid.UUID, encoded: bytes, state: State, now: int) -> tuple[Any, ...]:
    """A profile's row in the order `id, state, *COLUMNS`."""
    values = columns(state, now)
    return (profile_id, encoded, *(values[name] for name in COLUMNS))


def _last(identifiers: Mapping[str, list[str]], kind: str) -> str:
    found = identifiers.get(kind)
    return found[-1] if found else ""


def _reached_at(state: State, kind: str) -> str:
    """Of several addresses or numbers the one whose word counts, where it is theirs: what the page says they have."""
    values, said = state.identity.identifiers.get(kind, ()), fields.value(state, kind)
    own = said.strip().casefold() if isinstance(said, str) else ""
    return own if own in values else (values[-1] if values else "")


def _country(state: State) -> str:
    for name in ("country", "country_code"):
        if isinstance(found := fields.value(state, name), str):
            return found
    address = fields.value(state, "address")
    found = address.get("country") if isinstance(address, dict) else None
    return found if isinstance(found, str) else ""
