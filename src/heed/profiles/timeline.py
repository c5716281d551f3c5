"""What happened to one customer, newest first, read from the lake with the customer's own key."""

from __future__ import annotations

import uuid
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import psycopg
from django.db import connection

from heed import settings as heed_settings
from heed.contracts import vocabulary
from heed.contracts.event import OWN_SOURCE, Event
from heed.kit.clock import DAY
from heed.kit.markup import plain
from heed.kit.money import as_text
from heed.kit.sealing import Unreadable, unseal
from heed.ports.current import lake_rows
from heed.profiles.customer import SCORES, action_names
from heed.profiles.domain.merging import is_merge
from heed.profiles.domain.telling import first_reason, told
from heed.profiles.store import event_purpose
from heed.profiles.store import keys as keys_of

_A_DAY = timedelta(days=1)

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


def mood_history(ids: Sequence[uuid.UUID], now: int, days: int = 42) -> list[tuple[int, float, float, str]]:
    """(ms, valence, confidence, event name) after each event with a mood, oldest first, at most 400."""
    since = datetime.fromtimestamp((now - days * DAY) / 1000, UTC)
    rows = lake_rows(
        """
        select epoch_ms(occurred) as at, valence, mood_confidence as confidence, name from (
            select occurred, valence, mood_confidence, name, batch, place from events
            where profile_id in (select unnest(?)) and day >= ?
                and valence is not null and mood_confidence > 0
            order by batch desc, place desc limit 400
        ) order by occurred, batch, place
        """,
        [[str(each) for each in ids], since.date()],
    )
    return [(int(r["at"]), float(r["valence"]), float(r["confidence"]), r["name"]) for r in rows]


def timeline(
    ids: Sequence[uuid.UUID],
    *,
    before: tuple[int, str] | None = None,
    kind: str = "",
    limit: int = 30,
    withheld: Container[str] = (),
) -> list[Moment]:
    """What happened, newest first. `ids` are the profile and all that were merged into it.

    `before` is (ms, message id) of the last moment shown; traits in `withheld` are left out. Events whose key is gone stay unreadable and are
    left out. With a kind given, up to 2,000 events are looked through.
    """
    found: list[Moment] = []
    names = action_names()
    looked = 0
    while len(found) < limit and looked < 2_000:
        rows = _timeline_rows(ids, before, 200 if kind else limit)
        if not rows:
            break
        keys = _keys(rows)
        for row in rows:
            before = (int(row["at"]), row["message_id"])
            looked += 1
            event = _opened(row, keys)
            if event is None or is_merge(event):
                continue
            moment = _moment(_without(event, withheld), row, names)
            if not kind or moment.kind == kind:
                found.append(moment)
                if len(found) == limit:
                    break
        if len(rows) < (200 if kind else limit):
            break
    return found


def _without(event: Event, withheld: Container[str]) -> Event:
    """The event as it may be told."""
    if event.name == vocabulary.SCORE_GIVEN and SCORES in withheld:
        event.properties = {name: said for name, said in event.properties.items() if name == "score_key"}
    event.traits = {name: value for name, value in event.traits.items() if name not in withheld}
    if isinstance(inner := event.context.get("traits"), Mapping):
        left = {name: value for name, value in inner.items() if name not in withheld}
        event.context = {**event.context, "traits": left}
    return event


def _keys(rows: Sequence[dict[str, Any]]) -> dict[uuid.UUID, bytes]:
    """The keys that these rows of the lake are sealed with."""
    under = {uuid.UUID(row["carried_under"]) for row in rows}
    with connection.cursor() as cursor:
        plain = cast(psycopg.Connection, _Plain(cursor.connection))
        return keys_of(plain, under, heed_settings.load().master_key)


_REACHES = (14, 90, 400, 40_000)
"""How many days back to look, one after the other: most pages fit into the first, and the lake is by day."""


def _timeline_rows(
    ids: Sequence[uuid.UUID], before: tuple[int, str] | None, limit: int
) -> list[dict[str, Any]]:
    """Up to `limit` rows of these profiles, newest first, before a moment and message."""
    first, last = _rows(
        "select min(first_seen), max(last_seen) from profile where id = any(%s)", [list(ids)]
    )[0]
    newest = datetime.fromtimestamp(before[0] / 1000, UTC) if before else (last or datetime.now(UTC)) + _A_DAY
    oldest = (first or newest) - _A_DAY
    rows: list[dict[str, Any]] = []
    for reach in _REACHES:
        since = max(newest - timedelta(days=reach), oldest) if newest.year > reach // 365 + 1 else oldest
        rows = lake_rows(
            """
            select epoch_ms(occurred) as at, message_id, carried_under, valence, sentiment, emotion, intent,
                private
            from events where profile_id in (select unnest(?)) and day between ? and ?
                and (occurred, message_id) < (?, ?)
            order by occurred desc, message_id desc limit ?
            """,
            [
                [str(each) for each in ids],
                since.date(),
                newest.date(),
                newest,
                before[1] if before else "",
                limit,
            ],
        )
        if len(rows) >= limit or since <= oldest:
            break
    return rows


def reading_of(ids: Sequence[uuid.UUID], message_id: str) -> dict[str, Any]:
    """How a message's text was read when it was carried: sentiment, intent and emotion."""
    rows = lake_rows(
        "select sentiment, intent, emotion from events where profile_id in (select unnest(?))"
        " and message_id = ? limit 1",
        [[str(each) for each in ids], message_id],
    )
    return {name: value for name, value in rows[0].items() if value is not None} if rows else {}


def _opened(row: dict[str, Any], keys: dict[uuid.UUID, bytes]) -> Event | None:
    under = uuid.UUID(row["carried_under"])
    key, private = keys.get(under), row["private"]
    if key is None or not isinstance(private, bytes):
        return None
    try:
        return msgspec.msgpack.decode(unseal(key, private, event_purpose(under)), type=Event)
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
    _V.SCORE_GIVEN: "profile",
    **dict.fromkeys((_V.SUBSCRIPTION_RENEWED, _V.SUBSCRIPTION_CANCELLED), "order"),
    **dict.fromkeys((_V.PAYMENT_FAILED, _V.CHECKOUT_STARTED, _V.COUPON_APPLIED), "order"),
    **dict.fromkeys((_V.CADENCE_CHOSEN, _V.CONTACT_PAUSED, _V.CONTACT_RESUMED), "profile"),
    **dict.fromkeys((_V.SEGMENT_ENTERED, _V.SEGMENT_LEFT, _V.LIST_MEMBER_ADDED), "profile"),
    **dict.fromkeys((_V.LIST_MEMBER_REMOVED, _V.ACCOUNT_REMOVED_USER, _V.SCORE_GIVEN), "profile"),
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


def _moment(event: Event, row: dict[str, Any], names: dict[str, str]) -> Moment:
    kind = kind_of(event)
    said = event.properties
    text = next((str(said[n]) for n in vocabulary.TEXT_PROPERTIES if isinstance(said.get(n), str)), "")
    text = plain(text).strip() or text
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
        title=told(event, names) or _title(event),
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
        if event.source == OWN_SOURCE:
            return f"Something new is known of {event.group_id}"
        return f"Belongs to {event.group_id}"
    if event.type == "alias":
        return "Turned out to be somebody known under another identifier"
    return event.name


_TELLS_ITS_ACTION = {_V.DECISION_MADE, _V.ACTION_ACCEPTED, _V.ACTION_DISMISSED}


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
        if name == "action" and event.name in _TELLS_ITS_ACTION:
            continue
        if isinstance(said.get(name), str) and said[name]:
            parts.append(f"{name} {said[name]}")
    if event.name == _V.DECISION_MADE and (why := first_reason(said)):
        parts.append(why)
    return " · ".join(parts)[:400]


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
