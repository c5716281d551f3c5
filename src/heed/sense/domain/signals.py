"""What an event says about how the customer feels, as pieces of evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from heed.contracts import vocabulary as v
from heed.contracts.event import Event, Understanding
from heed.contracts.fold import State
from heed.kit.markup import plain
from heed.rules.facts import UnknownFact, fact
from heed.sense.domain.mood import EXCERPT_LENGTH, Piece
from heed.sense.domain.ratings import rating_of
from heed.sense.domain.weights import FOR_A_MONTH, FOR_A_WEEK, Weights
from heed.sense.domain.words import text_of

FORM_ABANDONED = "Form Abandoned"

BY_NAME: dict[str, str] = {
    v.RAGE_CLICK: "rage_click",
    v.DEAD_CLICK: "dead_click",
    v.SCRIPT_ERROR: "script_error",
    FORM_ABANDONED: "form_abandoned",
    v.ORDER_COMPLETED: "order_placed",
    v.PAYMENT_FAILED: "payment_failed",
    v.PRODUCT_OUT_OF_STOCK: "out_of_stock",
    v.ORDER_DELAYED: "order_delayed",
    v.ORDER_OVERDUE: "order_overdue",
    v.ORDER_CANCELLED: "order_cancelled",
    v.ORDER_RETURNED: "order_returned",
    v.ORDER_REFUNDED: "order_refunded",
    v.SUBSCRIPTION_RENEWED: "subscription_renewed",
    v.SUBSCRIPTION_CANCELLED: "subscription_cancelled",
    v.CASE_OPENED: "case_opened",
    v.CASE_RESOLVED: "case_resolved",
    v.CASE_REOPENED: "case_reopened",
    v.PROMISE_KEPT: "promise_kept",
    v.PROMISE_MISSED: "promise_missed",
    v.GOODWILL_GIVEN: "goodwill",
    v.UNSUBSCRIBED: "unsubscribed",
    v.EMAIL_MARKED_AS_SPAM: "spam_mark",
}
"""Events that always say the same. What others say depends on what is known; see `_DEPENDS`."""

_CONTACTS = frozenset({v.MESSAGE_RECEIVED, v.LIVE_CHAT_MESSAGE_RECEIVED, v.LIVE_CHAT_CONVERSATION_STARTED})
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
_SPACE = re.compile(r"\s+")


def pieces_of(state: State, event: Event, weights: Weights) -> Iterator[Piece]:
    """The evidence in one event. Other rooms have folded it before; their facts are read as of the event."""
    if event.type != "track":
        return
    kind = BY_NAME.get(event.name)
    if kind is not None and not (kind == "case_opened" and _pleased(event.understanding)):
        yield signal(event, kind, weights)
    depends = _DEPENDS.get(event.name)
    if depends is not None:
        yield from depends(state, event, weights)
    if event.name in _CONTACTS:
        yield from _repeated(state, event, weights)
    rating = _rated(event, weights)
    if rating is not None:
        yield rating
    text = text_of(event)
    if text and event.understanding is not None:
        piece = text_piece(event, event.understanding, weights, order_late=_late(state, event.occurred) > 0)
        yield piece._replace(precision=piece.precision * weights.text.beside_rating) if rating else piece


def signal(event: Event, kind: str, weights: Weights, label: str = "", stronger: float = 1.0) -> Piece:
    """The piece that a kind of happening stands for in the table of weights."""
    row = weights.signals[kind]
    return Piece(
        event.message_id,
        kind,
        label or row.label,
        event.occurred,
        row.value,
        row.precision * stronger,
        row.fades,
        row.urgency,
        row.burst,
    )


def text_piece(
    event: Event, read: Understanding, weights: Weights, *, order_late: bool = False, excerpt: str = ""
) -> Piece:
    """What a text says: its sentiment, sharper with anger, a complaint, or a late order besides."""
    table = weights.text
    feeling = max(-1.0, min(1.0, read.sentiment))
    anger = read.emotion_score if read.emotion == "anger" and feeling < 0 else 0.0
    complaint = read.intent_score if read.intent == "complaint" and feeling < 0.2 else 0.0
    value = feeling + table.anger_shift * anger
    strength = table.neutral_share + (1 - table.neutral_share) * abs(feeling)
    precision = table.precision * read.confidence * strength
    precision *= 1 + (table.anger_precision - 1) * anger
    precision *= 1 + (table.complaint_precision - 1) * complaint
    calm = (1 - table.anger_urgency * anger) * (1 - table.complaint_urgency * complaint)
    if read.intent == "cancel":
        calm *= 1 - table.cancel_urgency * read.intent_score
    if order_late and feeling < 0:
        precision *= table.late_order_precision
        calm *= 1 - table.late_order_urgency
    return Piece(
        event.message_id,
        "text",
        _text_label(read, anger, complaint, order_late and feeling < 0),
        event.occurred,
        max(-1.0, min(1.0, value)),
        precision,
        table.fades,
        1 - calm,
        table.burst,
        excerpt or excerpt_of(text_of(event)),
    )


def excerpt_of(text: str) -> str:
    """The customer's own words, at most 140 characters, on one line."""
    line = _SPACE.sub(" ", plain(text)[: EXCERPT_LENGTH * 4]).strip()
    line = "".join(character for character in line if character.isprintable())
    if len(line) <= EXCERPT_LENGTH:
        return line
    cut = line[: EXCERPT_LENGTH - 1]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[100:] else cut}…"


def _text_label(read: Understanding, anger: float, complaint: float, late: bool) -> str:
    about = " about a late order" if late else ""
    if anger >= 0.4 and complaint >= 0.4:
        return f"wrote an angry complaint{about}"
    if anger >= 0.4:
        return f"wrote in anger{about}"
    if complaint >= 0.4:
        return f"complained{about}"
    if read.intent == "cancel":
        return "wrote to cancel"
    if read.emotion == "gratitude" and read.sentiment > 0:
        return "wrote with thanks"
    if read.intent == "praise" and read.sentiment > 0:
        return "wrote praise"
    if read.label == "negative":
        return f"wrote an unhappy message{about}"
    if read.label == "positive":
        return "wrote a pleased message"
    return "asked a question" if read.intent == "question" else "wrote a calm message"


def _pleased(read: Understanding | None) -> bool:
    return read is not None and read.label == "positive"


def _rated(event: Event, weights: Weights) -> Piece | None:
    rating = rating_of(event)
    if rating is None:
        return None
    table = weights.rating
    value = table.worst + (table.best - table.worst) * rating.share
    urgency = table.low_urgency if rating.share <= 0.25 else 0.0
    # What is asked about the relationship as a whole (NPS) lasts longer than the score of one encounter.
    fades = FOR_A_MONTH if rating.name == "NPS" else FOR_A_WEEK
    return Piece(
        event.message_id,
        "rating",
        rating.label,
        event.occurred,
        value,
        table.precision,
        fades,
        urgency,
        table.burst,
    )


def _fact(state: State, name: str, now: int) -> Any:
    try:
        return fact(name).read(state, now)
    except UnknownFact:
        return None


def _late(state: State, now: int) -> float:
    late = _fact(state, "order.days_late", now)
    return late if isinstance(late, int | float) else 0.0


def _delivered(state: State, event: Event, weights: Weights) -> Iterator[Piece]:
    late = _fact(state, "order.delivered_days_late", event.occurred)
    if not isinstance(late, int | float):
        yield signal(event, "delivered", weights)
    elif late > 0:
        days = max(1, round(late))
        label = f"order delivered {days} day{'s' if days > 1 else ''} late"
        yield signal(event, "delivered_late", weights, label, min(2.0, 0.8 + 0.2 * days))
    else:
        yield signal(event, "delivered_on_time", weights)


def _searched(state: State, event: Event, weights: Weights) -> Iterator[Piece]:
    for name in ("results", "result_count", "results_count", "hits", "total_results"):
        found = event.properties.get(name)
        if (found == 0 and not isinstance(found, bool)) or (isinstance(found, list) and not found):
            yield signal(event, "search_empty", weights)
            return


def _repeated(state: State, event: Event, weights: Weights) -> Iterator[Piece]:
    """A customer who has to come back about one order, or three times in a week about anything."""
    about = _fact(state, "contact.about_same_order", event.occurred)
    week = _fact(state, "contact.count_7d", event.occurred)
    times = (
        about if isinstance(about, int) and about >= 2 else week if isinstance(week, int) and week >= 3 else 0
    )
    if times < 2 or _pleased(event.understanding):
        return
    order = _fact(state, "contact.order", event.occurred) if times == about else None
    label = f"{_ORDINALS.get(times, f'{times}th')} contact"
    label += f" about order {order}" if isinstance(order, str) and order else " in a week"
    yield signal(event, "contact_repeated", weights, label, min(1.6, 0.5 + 0.25 * times))


_DEPENDS: dict[str, Callable[[State, Event, Weights], Iterator[Piece]]] = {
    v.ORDER_DELIVERED: _delivered,
    v.PRODUCTS_SEARCHED: _searched,
}
