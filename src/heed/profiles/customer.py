"""One customer as people see them: what is known, how sure, said by whom, and what happened when."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from heed.contracts.consent import CADENCES
from heed.contracts.event import PREFERENCES_SOURCE
from heed.contracts.mood import Circumstance, Mood, Stance
from heed.govern.rooms import door, has_door
from heed.kit.clock import in_ms
from heed.profiles.domain.fields import fields
from heed.profiles.domain.sections import display_name
from heed.profiles.domain.state import fold

SCORES = "\x00scores"
"""Among the names of what is withheld: what models say. No trait holds a NUL character."""


@dataclass(frozen=True)
class KnownTrait:
    """`withheld` is the purpose for want of whose permission the value is kept out of sight; `kept` is for nobody but
    the customer themselves."""

    name: str
    kept: Any
    at: int
    source: str
    withheld: str = ""

    @property
    def value(self) -> Any:
        return None if self.withheld else self.kept


@dataclass(frozen=True)
class Permission:
    purpose: str
    granted: bool
    at: int
    source: str
    wording: str
    version: str = ""
    proof: str = ""


@dataclass(frozen=True)
class KnownScore:
    """What a model says of a customer; `until` (ms) is 0 where it does not run out, `stale` says that it did."""

    key: str
    name: str
    high: str
    value: float
    at: int
    until: int
    by: str
    version: str
    why: list[str]
    stale: bool
    defined: bool = True


@dataclass(frozen=True)
class MergeNote:
    absorbed: uuid.UUID
    kind: str
    at: datetime
    undoing: bool = False

    @property
    def why(self) -> str:
        told = {"person": "as a colleague said", "match": "as a likely duplicate"}
        return told.get(self.kind) or f"by a shared {self.kind.removeprefix('external:').replace('_', ' ')}"


@dataclass(frozen=True)
class Customer:
    """Everything known of one profile as of `at` (ms). `mood` and `stance` are None while nothing is felt."""

    id: uuid.UUID
    at: int
    name: str
    email: str
    phone: str
    country: str
    first_seen: int
    last_seen: int
    events: int
    mood: Mood | None
    stance: Stance | None
    circumstances: tuple[Circumstance, ...]
    identifiers: list[tuple[str, list[str]]]
    traits: list[KnownTrait]
    consent: list[Permission]
    paused_until: int
    cadence: str
    merges: list[MergeNote]
    apart: list[tuple[uuid.UUID, datetime]]
    value: list[tuple[str, str]]
    scores: list[KnownScore] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    state: Any = None


def current_id(profile_id: uuid.UUID) -> uuid.UUID:
    """The profile that this one was merged into, or itself."""
    rows = _rows("select kept from profile_merge where absorbed = %s", [profile_id])
    return rows[0][0] if rows else profile_id


def get(profile_id: uuid.UUID, now: int) -> Customer | None:
    """The customer as of `now` in ms, or None where there is no such profile (any more)."""
    rows = _rows("select state, email, phone, country from profile where id = %s", [profile_id])
    if not rows:
        return None
    encoded, email, phone, country = rows[0]
    state = fold.decode(bytes(encoded))
    mood, circumstances, stance = _felt(state, now)
    identity = state.identity
    return Customer(
        id=profile_id,
        at=now,
        name=display_name(state) or "Somebody unknown",
        email=email,
        phone=phone,
        country=country,
        first_seen=identity.first_seen,
        last_seen=identity.last_seen,
        events=identity.events,
        mood=mood,
        stance=stance,
        circumstances=circumstances,
        identifiers=sorted((kind, values) for kind, values in identity.identifiers.items() if values),
        traits=[_trait(state, name) for name in sorted(state.traits.values)],
        consent=[
            Permission(purpose, p.granted, p.at, p.source, p.wording, p.version, p.proof)
            for purpose, p in sorted(state.consent.purposes.items())
        ],
        paused_until=state.consent.paused_until if state.consent.paused(now) else 0,
        cadence=CADENCES.get(state.consent.cadence, "") if state.consent.cadence else "",
        merges=[
            MergeNote(absorbed, kind, at, undoing)
            for absorbed, kind, at, undoing in _rows(
                "select absorbed, kind, at, exists (select from identity_unmerge as u where u.absorbed = m.absorbed)"
                " from profile_merge as m where kept = %s order by at desc limit 100",
                [profile_id],
            )
        ],
        apart=[
            (other, at)
            for other, at in _rows(
                "select case when one = %s then other else one end, at from identity_apart"
                " where %s in (one, other) and lifted_by = '' order by at desc limit 20",
                [profile_id, profile_id],
            )
        ],
        value=_value(state),
        scores=_scores(state, now),
        sources=list(identity.sources),
        state=state,
    )


def _trait(state: Any, name: str) -> KnownTrait:
    value, at, source = fields.told(state, name) or (None, 0, "")
    return KnownTrait(name, value, at, source, fields.missing(state, name))


def withheld(state: Any) -> frozenset[str]:
    """The names of traits that are kept out of sight; with `SCORES` what models say, of whoever may not be looked at."""
    hidden = frozenset(name for name in state.traits.values if fields.missing(state, name))
    return hidden if fields.looked_at(state) else hidden | {SCORES}


def withheld_of(profile_id: uuid.UUID) -> frozenset[str]:
    rows = _rows("select state from profile where id = %s", [profile_id])
    return withheld(fold.decode(bytes(rows[0][0]))) if rows else frozenset()


def _felt(state: Any, now: int) -> tuple[Mood | None, tuple[Circumstance, ...], Stance | None]:
    """From the room that senses; it stands above this one and lends its function."""
    if not has_door("feel"):
        return None, (), None
    mood, circumstances, stance = door("feel")(state, now)
    if mood is not None and mood.confidence <= 0:
        mood = None
    return mood, circumstances, stance


def source_names() -> dict[str, str]:
    """By id; from the room that keeps sources, which stands beside this one and lends its list."""
    own = {PREFERENCES_SOURCE: "preference centre"}
    return own | (dict(door("source_names")()) if has_door("source_names") else {})


def action_names() -> dict[str, str]:
    """By key; from the room that decides, which stands above this one."""
    return dict(door("action_names")()) if has_door("action_names") else {}


def _value(state: Any) -> list[tuple[str, str]]:
    """Lines about money from the room that keeps orders."""
    return list(door("value")(state)) if has_door("value") else []


def _scores(state: Any, now: int) -> list[KnownScore]:
    """From the room that keeps scores, which stands above this one."""
    return list(door("scores")(state, now)) if has_door("scores") else []


def family(profile_id: uuid.UUID) -> list[uuid.UUID]:
    """The profile and all that were merged into it: together they hold its events."""
    return [
        profile_id,
        *(r[0] for r in _rows("select absorbed from profile_merge where kept = %s", [profile_id])),
    ]


def at_ms(when: datetime | None) -> int:
    return in_ms(when) if when else 0


def _rows(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
