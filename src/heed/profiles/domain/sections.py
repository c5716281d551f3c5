"""The section `identity`, and what of a state says who somebody is."""

from __future__ import annotations

import msgspec

from heed.contracts.event import OWN_SOURCE, Effect, Event
from heed.contracts.fold import State
from heed.profiles.domain.fields import fields


class Identity(msgspec.Struct, array_like=True, omit_defaults=True):
    """`identifiers` by kind, oldest first; `first_seen` and `last_seen` in ms; `events` folded in all."""

    identifiers: dict[str, list[str]] = {}
    first_seen: int = 0
    last_seen: int = 0
    events: int = 0
    sources: list[str] = []


def fold_identity(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    own: Identity = state.identity
    if event.source == OWN_SOURCE:
        return ()
    own.first_seen = min(own.first_seen or event.occurred, event.occurred)
    own.last_seen = max(own.last_seen, event.occurred)
    own.events += 1
    if event.source and event.source not in own.sources and len(own.sources) < 20:
        own.sources.append(event.source)
    return ()


def merge_identity(kept: Identity, absorbed: Identity) -> Identity:
    for kind, values in absorbed.identifiers.items():
        mine = kept.identifiers.setdefault(kind, [])
        mine.extend(value for value in values if value not in mine)
    kept.first_seen = (
        min(each for each in (kept.first_seen, absorbed.first_seen) if each)
        if (kept.first_seen or absorbed.first_seen)
        else 0
    )
    kept.last_seen = max(kept.last_seen, absorbed.last_seen)
    kept.events += absorbed.events
    kept.sources = list(dict.fromkeys(kept.sources + absorbed.sources))[:20]
    return kept


def display_name(state: State) -> str:
    """What to call this customer on a page: a name, else an e-mail, else an identifier; "" for nobody."""
    name = _text(state, "name") or _text(state, "full_name")
    if not name:
        first = _text(state, "first_name") or _text(state, "firstName")
        last = _text(state, "last_name") or _text(state, "lastName")
        name = f"{first} {last}".strip()
    if name:
        return name
    for kind in ("email", "phone", "user_id"):
        if found := state.identity.identifiers.get(kind):
            return str(found[-1])
    return ""


def _text(state: State, name: str) -> str:
    value = fields.value(state, name)
    return value.strip() if isinstance(value, str) else ""


_IDENTIFYING = (
    "name",
    "first_name",
    "last_name",
    "firstName",
    "lastName",
    "full_name",
    "username",
    "address",
)


def identifying_texts(state: State) -> list[str]:
    """Texts that would give this customer away where they stand open."""
    texts = [
        value
        for kind in ("email", "phone", "user_id")
        for value in state.identity.identifiers.get(kind, ())
        if kind != "user_id" or not value.isdigit()
    ]
    for name in _IDENTIFYING:
        trait = state.traits.values.get(name)
        said = [] if trait is None else [trait.value, *(value for value, _ in trait.others.values())]
        for value in said if trait is None else [*said, trait.first]:
            if isinstance(value, str):
                texts.append(value)
                texts.extend(word for word in value.split()[:6] if len(word) >= 4)
    return texts
