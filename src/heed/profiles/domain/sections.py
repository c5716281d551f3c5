"""The sections of the profile state that `profiles` itself owns: identity, traits, consent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from heed.contracts.event import OWN_SOURCE, Effect, Event
from heed.contracts.fold import State

MOST_TRAITS = 500
LONGEST_TEXT = 4_000


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


class Trait(msgspec.Struct, array_like=True):
    """One thing known of a customer; `at` is when it was said (ms), `source` who said it."""

    value: Any
    at: int
    source: str


class Traits(msgspec.Struct, array_like=True, omit_defaults=True):
    values: dict[str, Trait] = {}


def fold_traits(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    """The latest said wins; null takes a trait away."""
    own: Traits = state.traits
    inner = event.context.get("traits")
    if isinstance(inner, Mapping) and inner:
        _take(own, inner, event)
    if event.traits and event.type != "group":
        _take(own, event.traits, event)
    return ()


def _take(own: Traits, traits: Mapping[str, Any], event: Event) -> None:
    for name, value in traits.items():
        known = own.values.get(name)
        if known is not None and known.at > event.occurred:
            continue
        if value is None:
            own.values.pop(name, None)
            continue
        if known is None and len(own.values) >= MOST_TRAITS:
            continue
        own.values[name] = Trait(_bounded(value), event.occurred, event.source)


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, (dict, list)) and len(msgspec.json.encode(value)) > LONGEST_TEXT:
        return None
    return value


def merge_traits(kept: Traits, absorbed: Traits) -> Traits:
    for name, theirs in absorbed.values.items():
        mine = kept.values.get(name)
        if mine is None or theirs.at > mine.at:
            kept.values[name] = theirs
    return kept


def display_name(state: State) -> str:
    """What to call this customer on a page: a name, else an e-mail, else an identifier; "" for nobody."""
    values = state.traits.values
    name = _text(values, "name") or _text(values, "full_name")
    if not name:
        first = _text(values, "first_name") or _text(values, "firstName")
        last = _text(values, "last_name") or _text(values, "lastName")
        name = f"{first} {last}".strip()
    if name:
        return name
    for kind in ("email", "phone", "user_id"):
        if found := state.identity.identifiers.get(kind):
            return str(found[-1])
    return ""


def _text(values: Mapping[str, Trait], name: str) -> str:
    trait = values.get(name)
    return trait.value.strip() if trait is not None and isinstance(trait.value, str) else ""


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
        if trait is not None and isinstance(trait.value, str):
            texts.append(trait.value)
            texts.extend(word for word in trait.value.split()[:6] if len(word) >= 4)
    return texts
