"""One customer as people see them: what is known, how sure, said by whom, and what happened when."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from django.db import connection

from heed import settings as heed_settings
from heed.contracts import vocabulary
from heed.contracts.event import Event
from heed.contracts.mood import Circumstance, Mood, Stance
from heed.govern.rooms import door, has_door
from heed.kit.clock import DAY, in_ms
from heed.kit.money import as_text
from heed.kit.sealing import Unreadable, unseal
from heed.ports import current
from heed.profiles.domain.sections import display_name
from heed.profiles.domain.state import fold
from heed.profiles.store import keys as keys_of

PRIVATE_PURPOSE = b"heed event "
"""What a lake row's private column is sealed for; the profile id follows."""

KINDS = {
    "message": "Messages",
    "order": "Orders",
    "service": "Service",
    "feedback": "Feedback",
    "web": "Web",
    "mail": "E-mail",
    "decision": "Decisions",
    "profile": "Profile",
}
"""Kinds of moments, in the order they are offered as filters."""


@dataclass(frozen=True)
class KnownTrait:
    name: str
    value: Any
    at: int
    source: str


@dataclass(frozen=True)
class Permission:
    purpose: str
    granted: bool
    at: int
    source: str
    wording: str


@dataclass(frozen=True)
class MergeNote:
    absorbed: uuid.UUID
    kind: str
    at: datetime


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
    merges: list[MergeNote]
    value: list[tuple[str, str]]
    sources: list[str] = field(default_factory=list)
    state: Any = None


@dataclass(frozen=True)
class Moment:
    """One event as a line of the timeline; `text` is the customer's words, `title` what happened."""

    message_id: str
    at: int
    kind: str
    kind_label: str
    title: str
    text: str
    detail: str
    tone: str
    source: str
    valence: float | None
    correctable: bool
    properties: dict[str, Any]


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
        traits=[KnownTrait(n, t.value, t.at, t.source) for n, t in sorted(state.traits.values.items())],
        consent=[
            Permission(purpose, p.granted, p.at, p.source, p.wording)
            for purpose, p in sorted(state.consent.purposes.items())
        ],
        merges=[
            MergeNote(absorbed, kind, at)
            for absorbed, kind, at in _rows(
                "select absorbed, kind, at from profile_merge where kept = %s order by at desc limit 100",
                [profile_id],
            )
        ],
        value=_value(state),
        sources=list(identity.sources),
        state=state,
    )


def _felt(state: Any, now: int) -> tuple[Mood | None, tuple[Circumstance, ...], Stance | None]:
    """From the room that senses; it stands above this one and lends its function."""
    if not has_door("feel"):
        return None, (), None
    mood, circumstances, stance = door("feel")(state, now)
    if mood is not None and mood.confidence <= 0:
        mood = None
    return mood, circumstances, stance


def _value(state: Any) -> list[tuple[str, str]]:
    """Lines about money from the room that keeps orders."""
    return list(door("value")(state)) if has_door("value") else []


def mood_history(ids: Sequence[uuid.UUID], now: int, days: int = 42) -> list[tuple[int, float, float, str]]:
    """(ms, valence, confidence, event name) after each event that has a mood, oldest first, at most 400."""
    since = datetime.fromtimestamp((now - days * DAY) / 1000, UTC)
    rows = _lake(
        f"""
        select epoch_ms(occurred) as at, valence, mood_confidence as confidence, name from (
            select occurred, valence, mood_confidence, name, batch, place from events
            where profile_id in ({_marks(ids)}) and day >= ? and valence is not null and mood_confidence > 0
            order by batch desc, place desc limit 400
        ) order by occurred, batch, place
        """,
        [*map(str, ids), since.date()],
    )
    return [(int(r["at"]), float(r["valence"]), float(r["confidence"]), r["name"]) for r in rows]


def timeline(
    ids: Sequence[uuid.UUID], *, before: tuple[int, str] | None = None, kind: str = "", limit: int = 30
) -> list[Moment]:
    """What happened, newest first. `ids` are the profile and all that were merged into it.

    `before` is (ms, message id) of the last moment shown. Events whose key is gone stay unreadable and are
    left out. With a kind given, up to 2,000 events are looked through.
    """
    found: list[Moment] = []
    with connection.cursor() as cursor:
        keys = keys_of(_Plain(cursor.connection), ids, heed_settings.load().master_key)
    looked = 0
    while len(found) < limit and looked < 2_000:
        rows = _timeline_rows(ids, before, 200 if kind else limit)
        if not rows:
            break
        for row in rows:
            before = (int(row["at"]), row["message_id"])
            looked += 1
            event = _opened(row, keys)
            if event is None:
                continue
            moment = _moment(event, row)
            if not kind or moment.kind == kind:
                found.append(moment)
                if len(found) == limit:
                    break
        if len(rows) < (200 if kind else limit):
            break
    return found


def _timeline_rows(
    ids: Sequence[uuid.UUID], before: tuple[int, str] | None, limit: int
) -> list[dict[str, Any]]:
    values: list[Any] = [*map(str, ids)]
    earlier = ""
    if before:
        at = datetime.fromtimestamp(before[0] / 1000, UTC)
        earlier = "and day <= ? and (occurred, message_id) < (?, ?)"
        values += [at.date(), at, before[1]]
    return _lake(
        f"""
        select epoch_ms(occurred) as at, message_id, profile_id, valence, sentiment, emotion, intent, private
        from events where profile_id in ({_marks(ids)}) {earlier}
        order by occurred desc, message_id desc limit {int(limit)}
        """,
        values,
    )


def _opened(row: dict[str, Any], keys: dict[uuid.UUID, bytes]) -> Event | None:
    owner = uuid.UUID(row["profile_id"])
    key, private = keys.get(owner), row["private"]
    if key is None or not isinstance(private, bytes):
        return None
    try:
        return msgspec.msgpack.decode(unseal(key, private, PRIVATE_PURPOSE + owner.bytes), type=Event)
    except (Unreadable, msgspec.DecodeError):
        return None


_V = vocabulary
_KIND_OF = {
    **dict.fromkeys((_V.MESSAGE_RECEIVED, _V.MESSAGE_SENT, _V.LIVE_CHAT_MESSAGE_RECEIVED), "message"),
    **dict.fromkeys((_V.LIVE_CHAT_MESSAGE_SENT, _V.LIVE_CHAT_CONVERSATION_STARTED), "message"),
    **dict.fromkeys((_V.CASE_OPENED, _V.CASE_RESOLVED, _V.CASE_REOPENED, _V.PROMISE_MADE), "service"),
    **dict.fromkeys((_V.PROMISE_KEPT, _V.PROMISE_MISSED, _V.GOODWILL_GIVEN), "service"),
    **dict.fromkeys((_V.SURVEY_ANSWERED, _V.PRODUCT_REVIEWED), "feedback"),
    **dict.fromkeys((_V.DECISION_MADE, _V.ACTION_ACCEPTED, _V.ACTION_DISMISSED), "decision"),
    **dict.fromkeys((_V.CONSENT_CHANGED, _V.MOOD_CORRECTED, _V.LABEL_CORRECTED), "profile"),
    **dict.fromkeys((_V.SUBSCRIPTION_RENEWED, _V.SUBSCRIPTION_CANCELLED), "order"),
    **dict.fromkeys((_V.PAYMENT_FAILED, _V.CHECKOUT_STARTED, _V.COUPON_APPLIED), "order"),
    _V.UNSUBSCRIBED: "mail",
}
_BURDENS = frozenset(
    {
        *(_V.PAYMENT_FAILED, _V.ORDER_DELAYED, _V.ORDER_CANCELLED, _V.ORDER_RETURNED, _V.PROMISE_MISSED),
        *(_V.CASE_OPENED, _V.CASE_REOPENED, _V.RAGE_CLICK, _V.DEAD_CLICK, _V.SCRIPT_ERROR),
        *(_V.SUBSCRIPTION_CANCELLED, _V.UNSUBSCRIBED, _V.EMAIL_MARKED_AS_SPAM, _V.PRODUCT_OUT_OF_STOCK),
    }
)
_SINGLE = {
    "message": "Message",
    "order": "Order",
    "service": "Service",
    "feedback": "Feedback",
    "web": "Web",
    "mail": "E-mail",
    "decision": "Decision",
    "profile": "Profile",
}


def kind_of(event: Event) -> str:
    if event.type in {"identify", "group", "alias"}:
        return "profile"
    if event.type in {"page", "screen"}:
        return "web"
    if found := _KIND_OF.get(event.name):
        return found
    if event.name.startswith("Order "):
        return "order"
    return "mail" if event.name.startswith("Email ") else "web"


def _moment(event: Event, row: dict[str, Any]) -> Moment:
    kind = kind_of(event)
    said = event.properties
    text = next((str(said[n]) for n in vocabulary.TEXT_PROPERTIES if isinstance(said.get(n), str)), "")
    sentiment = row["sentiment"]
    read = event.name in vocabulary.CUSTOMER_TEXT and bool(text) and sentiment is not None
    tone = "low" if event.name in _BURDENS or (read and sentiment < -0.2) else ""
    if event.name in {_V.PROMISE_KEPT, _V.GOODWILL_GIVEN, _V.ORDER_DELIVERED} or (read and sentiment >= 0.2):
        tone = "high"
    details = [row["intent"] or "", row["emotion"] or ""] if read else []
    channel = said.get("channel")
    details.insert(0, str(channel) if isinstance(channel, str) else "")
    return Moment(
        message_id=event.message_id,
        at=event.occurred,
        kind=kind,
        kind_label=_SINGLE[kind],
        title=_title(event),
        text=text,
        detail=" · ".join(d for d in [*details, _facts(event)] if d and d not in {"other", "neutral"}),
        tone=tone,
        source=event.source,
        valence=row["valence"],
        correctable=read,
        properties={"type": event.type, "name": event.name, "properties": said, "traits": event.traits,
                    "context": event.context},
    )  # fmt: skip


def _title(event: Event) -> str:
    if event.type == "identify":
        names = ", ".join(sorted(event.traits)[:6])
        return f"Said who they are: {names}" if names else "Said who they are"
    if event.type == "page":
        path = event.properties.get("path") or event.properties.get("url") or ""
        return " ".join(p for p in ("Viewed", event.name or "a page", f"({path})" if path else "") if p)
    if event.type == "screen":
        return f"Opened {event.name or 'a screen'}"
    if event.type == "group":
        return f"Belongs to {event.group_id}"
    if event.type == "alias":
        return "Turned out to be somebody known under another identifier"
    return event.name


def _facts(event: Event) -> str:
    """Order, product, amount, rating: the few figures that tell one event from its neighbours."""
    said = event.properties
    parts = []
    if order := said.get("order_id") or said.get("orderId"):
        parts.append(f"order {order}")
    if case := said.get("case_id"):
        parts.append(f"case {case}")
    if isinstance(product := said.get("product") or said.get("name"), str):
        parts.append(product)
    value = said.get("value", said.get("total", said.get("revenue")))
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
        parts.append(as_text(round(value * 10_000), str(said.get("currency") or "")))
    rating = said.get("rating", said.get("score"))
    if isinstance(rating, int | float) and not isinstance(rating, bool):
        parts.append(f"rated {rating:g}")
    for name in ("reason", "action", "placement", "purpose", "note", "query"):
        if isinstance(said.get(name), str) and said[name]:
            parts.append(f"{name} {said[name]}")
    return " · ".join(parts)[:400]


def identifying_event(customer: Customer, name: str, properties: dict[str, Any], now: int) -> Event:
    """A new event about this customer, addressed by the surest identifier they have."""
    known = dict(customer.identifiers)
    event = Event(
        message_id=f"heed-{uuid.uuid4()}",
        type="track",
        occurred=now,
        received=now,
        name=name,
        properties=properties,
        source="heed",
    )
    for kind in ("user_id", "anonymous_id"):
        if values := known.get(kind):
            setattr(event, kind, values[-1])
            return event
    for kind, values in known.items():
        if kind in {"email", "phone"}:
            event.context = {"traits": {kind: values[-1]}}
            return event
        external = kind.removeprefix("external:")
        event.context = {"externalIds": [{"type": external, "id": values[-1]}]}
    return event


def family(profile_id: uuid.UUID) -> list[uuid.UUID]:
    """The profile and all that were merged into it: together they hold its events."""
    return [
        profile_id,
        *(r[0] for r in _rows("select absorbed from profile_merge where kept = %s", [profile_id])),
    ]


def at_ms(when: datetime | None) -> int:
    return in_ms(when) if when else 0


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" for _ in values)


def _lake(query: str, values: list[Any]) -> list[dict[str, Any]]:
    try:
        lake = current.lake()
    except IndexError:
        return []
    return list(lake.sql(query, values).to_pylist())


class _Plain:
    """Django's connection as the statements of the carry path expect one: parameters bound by the server."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, query: Any, values: Any = None, binary: bool = False) -> psycopg.Cursor:
        return psycopg.Cursor(self._connection).execute(query, values, binary=binary)


def _rows(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
