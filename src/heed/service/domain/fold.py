"""The step that folds one event into the section `cases`. It reads the event, never `now`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from heed.contracts import vocabulary as v
from heed.contracts.event import Effect, Event
from heed.contracts.fold import State, Step
from heed.kit.clock import parse_moment
from heed.kit.markup import plain
from heed.rules.facts import UnknownFact, fact
from heed.service.domain.cases import Case, Cases, Contact, Promise, add_contact, make_room

ShareOfScale = Callable[[Event], float | None]
"""Where an event's rating lies on its own scale, 0 (worst) … 1 (best), or None where it rates nothing."""

COMPLAINT_PROBABILITY = 0.5
COMPLAINT_RATING = 0.25
"""Two stars of five, on every scale."""

CONTACT_EVENTS = frozenset(
    {v.MESSAGE_RECEIVED, v.LIVE_CHAT_MESSAGE_RECEIVED, v.LIVE_CHAT_CONVERSATION_STARTED, v.CASE_OPENED}
)
_ABOUT_AN_ORDER = re.compile(
    r"\b(order(ed|s)?|parcel|package|deliver(y|ed|ies)?|shipment|shipping|tracking|courier"
    r"|bestell\w*|paket\w*|liefer\w*|sendung\w*|versand\w*|commandes?|commandé\w*|colis|livraison\w*|livr[ée]\w*"
    r"|pedidos?|paquetes?|env[ií]os?|entrega\w*|encomendas?|ordin[ei]|pacco|pacchi|consegn\w*|spedi\w*)\b",
    re.IGNORECASE,
)
_TEXT_READ = 2_000


def make_step(share_of_scale: ShareOfScale) -> Step:
    """The step, given how ratings are read."""

    def step(state: State, event: Event, now: int) -> Iterable[Effect]:
        if event.type != "track":
            return ()
        cases: Cases = state.cases
        if event.name in CONTACT_EVENTS:
            _contact(state, cases, event)
        handle = _HANDLERS.get(event.name)
        if handle is not None:
            handle(cases, event)
        if event.name == v.LABEL_CORRECTED:
            _read_again(cases, event)
        if _complains(event, share_of_scale) and event.occurred >= cases.complained_at:
            cases.complained_at = event.occurred
            cases.complaint_message_id = event.message_id
        return ()

    return step


def _complains(event: Event, share_of_scale: ShareOfScale) -> bool:
    read = event.understanding
    if event.name in v.CUSTOMER_TEXT and read is not None:
        likely = read.intent_score >= COMPLAINT_PROBABILITY
        if likely and read.intent == "complaint":
            return True
    if event.name in {v.SURVEY_ANSWERED, v.PRODUCT_REVIEWED}:
        share = share_of_scale(event)
        return share is not None and share <= COMPLAINT_RATING
    return False


def _read_again(cases: Cases, event: Event) -> None:
    """A person says that what was taken for a complaint is none, or that something else is."""
    intent = event.properties.get("intent")
    if not isinstance(intent, str) or not intent:
        return
    message_id = event.properties.get("message_id")
    if intent == "complaint":
        if isinstance(message_id, str) and event.occurred >= cases.complained_at:
            cases.complained_at, cases.complaint_message_id = event.occurred, message_id
    elif message_id == cases.complaint_message_id:
        cases.complained_at, cases.complaint_message_id = 0, ""


def _id(event: Event, *names: str) -> str:
    for name in names:
        value: Any = event.properties.get(name)
        if isinstance(value, bool):
            continue
        if isinstance(value, int) and abs(value) < 10**30:
            return str(value)
        if isinstance(value, str) and value.strip():
            return value.strip()[:100]
    return ""


def _moment(event: Event, *names: str) -> int:
    for name in names:
        value: Any = event.properties.get(name)
        if isinstance(value, str) and len(value) <= 40:
            parsed = parse_moment(value)
            if parsed is not None and parsed > 0:
                return parsed
        if isinstance(value, int | float) and not isinstance(value, bool) and 10**8 < value < 10**13:
            return int(value if value >= 10**11 else value * 1000)
    return 0


def _text(event: Event) -> str:
    for name in v.TEXT_PROPERTIES:
        value = event.properties.get(name)
        if isinstance(value, str) and value:
            return plain(value)[:_TEXT_READ]
    return ""


def _order(state: State, event: Event) -> str:
    """The order a contact is about: the one it names, or the likeliest when its words are about an order."""
    named = _id(event, "order_id", "orderId")
    if named:
        return named
    try:
        likely = fact("order.about").read(state, event.occurred)
    except UnknownFact:
        return ""
    text = _text(event)
    if isinstance(likely, str) and (likely in text or _ABOUT_AN_ORDER.search(text)):
        return likely
    return ""


def _contact(state: State, cases: Cases, event: Event) -> None:
    add_contact(
        cases,
        Contact(
            event.occurred,
            event.occurred,
            _order(state, event),
            _id(event, "topic", "category")[:40],
            _id(event, "conversation_id", "thread_id", "case_id", "caseId"),
            event.message_id,
        ),
    )


def _case(cases: Cases, event: Event) -> Case | None:
    key = _id(event, "case_id", "caseId")
    if not key and event.name == v.CASE_OPENED:
        key = event.message_id
    if not key:
        unresolved = [case for case in cases.cases.values() if case.is_open()]
        return unresolved[0] if len(unresolved) == 1 else None
    case = cases.cases.get(key)
    if case is None:
        case = cases.cases[key] = Case()
        make_room(cases, key)
    return case


def _opened(cases: Cases, event: Event) -> None:
    case = _case(cases, event)
    if case is not None:
        case.opened_at = min(case.opened_at, event.occurred) if case.opened_at else event.occurred
        case.order_id = case.order_id or _id(event, "order_id", "orderId")
        case.topic = case.topic or _id(event, "topic", "category")[:40]
        case.message_id = case.message_id or event.message_id


def _reopened(cases: Cases, event: Event) -> None:
    case = _case(cases, event)
    if case is not None:
        case.reopened_at = max(case.reopened_at, event.occurred)
        case.message_id = event.message_id


def _resolved(cases: Cases, event: Event) -> None:
    case = _case(cases, event)
    if case is not None:
        case.resolved_at = max(case.resolved_at, event.occurred)


def _promise(cases: Cases, event: Event) -> Promise | None:
    key = _id(event, "promise_id") or _id(event, "case_id", "caseId")
    if not key and event.name == v.PROMISE_MADE:
        key = event.message_id
    if not key:
        waiting = sorted((p.due or p.made_at, key) for key, p in cases.promises.items() if not p.settled())
        return cases.promises[waiting[0][1]] if waiting else None
    promise = cases.promises.get(key)
    if promise is None:
        promise = cases.promises[key] = Promise()
        make_room(cases, key)
    return promise


def _promised(cases: Cases, event: Event) -> None:
    promise = _promise(cases, event)
    if promise is None:
        return
    if promise.settled() and promise.kept_at <= event.occurred:
        # A new promise on the same case follows one that was kept.
        promise.kept_at = promise.missed_at = promise.due = 0
    if event.occurred >= promise.made_at:
        promise.made_at = event.occurred
        promise.due = _moment(event, "due_at", "due", "promised_for") or promise.due
        promise.message_id = event.message_id


def _kept(cases: Cases, event: Event) -> None:
    promise = _promise(cases, event)
    if promise is not None:
        promise.kept_at = max(promise.kept_at, event.occurred)


def _missed(cases: Cases, event: Event) -> None:
    promise = _promise(cases, event)
    if promise is not None:
        promise.missed_at = max(promise.missed_at, event.occurred)
        promise.message_id = event.message_id


_HANDLERS: dict[str, Callable[[Cases, Event], None]] = {
    v.CASE_OPENED: _opened,
    v.CASE_REOPENED: _reopened,
    v.CASE_RESOLVED: _resolved,
    v.PROMISE_MADE: _promised,
    v.PROMISE_KEPT: _kept,
    v.PROMISE_MISSED: _missed,
}
