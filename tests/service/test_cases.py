"""What happens in service, and what Heed then knows."""

from __future__ import annotations

import importlib
import itertools
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.contracts import vocabulary as v
from heed.contracts.event import Event, Understanding
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.rules.facts import Fact
from heed.service.domain import FACTS, Cases, make_step, merge, next_change

T0 = 1_700_000_000_000
ids = itertools.count()


def stars(event: Event) -> float | None:
    rating = event.properties.get("rating")
    return (rating - 1) / 4 if isinstance(rating, int) and 1 <= rating <= 5 else None


step = make_step(stars)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other room is installed: its facts are not known, unless a test says so."""
    monkeypatch.setattr(importlib.import_module("heed.rules.facts"), "_facts", {})


def event(name: str, at: int = T0, read: Understanding | None = None, **properties: Any) -> Event:
    return Event(f"m{next(ids)}", "track", at, at, name=name, properties=properties, understanding=read)


def after(*events: Event) -> SimpleNamespace:
    state = SimpleNamespace(cases=Cases(), order="88213")
    for each in events:
        step(state, each, each.received)
    return state


def ask(state: SimpleNamespace, name: str, now: int) -> Any:
    return next(fact for fact in FACTS if fact.name == name).read(state, now)


@pytest.fixture
def about_order(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Fact("order.about", "text", "order", lambda state, now: state.order)
    rule_facts = importlib.import_module("heed.rules.facts")
    monkeypatch.setitem(rule_facts._facts, "order.about", known)


def test_a_case_is_open_until_resolved_and_again_when_reopened() -> None:
    opened = event(v.CASE_OPENED, T0, case_id="2210")
    resolved = event(v.CASE_RESOLVED, T0 + HOUR, case_id="2210")
    reopened = event(v.CASE_REOPENED, T0 + 2 * HOUR, case_id="2210")
    assert ask(after(opened), "case.open", T0) is True
    assert ask(after(opened), "case.age_hours", T0 + 3 * HOUR) == 3
    assert ask(after(opened), "case.id", T0) == "2210"
    assert ask(after(opened, resolved), "case.open", T0) is False
    assert ask(after(resolved, opened), "case.open", T0) is False
    for events in itertools.permutations((opened, resolved, reopened)):
        assert ask(after(*events), "case.open", T0 + DAY) is True


def test_a_burst_of_messages_is_one_contact_and_a_later_one_another() -> None:
    burst = [event(v.MESSAGE_RECEIVED, T0 + i * MINUTE, text="hello?") for i in range(10)]
    state = after(*burst, event(v.CASE_OPENED, T0 + 12 * MINUTE, case_id="1"))
    assert ask(state, "contact.count_7d", T0 + HOUR) == 1
    state = after(*burst, event(v.MESSAGE_RECEIVED, T0 + 5 * HOUR, text="anyone?"))
    assert ask(state, "contact.count_7d", T0 + DAY) == 2
    assert ask(state, "contact.count_7d", T0 + 7 * DAY + 2 * HOUR) == 1


def test_one_long_chat_is_one_contact() -> None:
    chat = [event(v.LIVE_CHAT_MESSAGE_RECEIVED, T0 + i * 3 * HOUR, conversation_id="c") for i in range(4)]
    assert ask(after(*chat), "contact.count_7d", T0 + DAY) == 1


def test_the_third_contact_about_the_same_order_is_counted(about_order: None) -> None:
    state = after(
        event(v.MESSAGE_RECEIVED, T0, text="Wo bleibt mein Paket?"),
        event(v.MESSAGE_RECEIVED, T0 + DAY, order_id="77", text="the invoice please"),
        event(v.MESSAGE_RECEIVED, T0 + 2 * DAY, text="still waiting for 88213"),
        event(v.MESSAGE_RECEIVED, T0 + 3 * DAY, order_id="88213", text="third time I ask"),
    )
    now = T0 + 4 * DAY
    assert ask(state, "contact.about_same_order", now) == 3
    assert ask(state, "contact.order", now) == "88213"


def test_words_that_are_not_about_an_order_name_none(about_order: None) -> None:
    state = after(event(v.MESSAGE_RECEIVED, text="I forgot my password"))
    assert ask(state, "contact.about_same_order", T0) == 0
    assert ask(state, "contact.count_7d", T0) == 1


def test_a_promise_is_overdue_once_its_time_has_passed_and_not_when_kept() -> None:
    made = event(v.PROMISE_MADE, T0, promise_id="p", due_at=T0 + DAY)
    kept = event(v.PROMISE_KEPT, T0 + 2 * DAY, promise_id="p")
    assert ask(after(made), "promise.overdue", T0 + DAY) is False
    assert ask(after(made), "promise.due_hours", T0) == 24
    assert ask(after(made), "promise.overdue", T0 + DAY + 1) is True
    assert next_change(after(made), T0) == T0 + DAY + 1
    assert ask(after(made, kept), "promise.overdue", T0 + 3 * DAY) is False
    assert ask(after(kept, made), "promise.overdue", T0 + 3 * DAY) is False
    missed = event(v.PROMISE_MISSED, T0 + HOUR, promise_id="p")
    assert ask(after(made, missed), "promise.overdue", T0 + 2 * HOUR) is True


def test_a_second_promise_on_the_same_case_can_be_broken_too() -> None:
    state = after(
        event(v.PROMISE_MADE, T0, case_id="c", due_at=T0 + HOUR),
        event(v.PROMISE_KEPT, T0 + HOUR, case_id="c"),
        event(v.PROMISE_MADE, T0 + 2 * HOUR, case_id="c", due_at=T0 + 3 * HOUR),
    )
    assert ask(state, "promise.overdue", T0 + 2 * HOUR) is False
    assert ask(state, "promise.overdue", T0 + 4 * HOUR) is True


def complaint(score: float) -> Understanding:
    return Understanding("en", -0.7, "negative", "anger", 0.8, "complaint", score, 0.9)


def test_a_complaint_is_a_text_or_a_low_rating() -> None:
    assert ask(after(event(v.MESSAGE_RECEIVED, read=complaint(0.9))), "complaint.hours_ago", T0 + HOUR) == 1
    assert ask(after(event(v.MESSAGE_RECEIVED, read=complaint(0.3))), "complaint.hours_ago", T0) is None
    assert ask(after(event(v.SURVEY_ANSWERED, rating=2)), "complaint.hours_ago", T0) == 0
    assert ask(after(event(v.SURVEY_ANSWERED, rating=3)), "complaint.hours_ago", T0) is None


def test_what_we_wrote_ourselves_is_no_complaint_and_no_contact() -> None:
    state = after(event(v.MESSAGE_SENT, read=complaint(0.9)))
    assert ask(state, "complaint.hours_ago", T0) is None
    assert ask(state, "contact.count_7d", T0) == 0


json = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers())
keys = ["case_id", "promise_id", "order_id", "due_at", "text", "rating", "topic", "conversation_id"]
names = st.sampled_from([v.CASE_OPENED, v.CASE_RESOLVED, v.PROMISE_MADE, v.PROMISE_KEPT, v.MESSAGE_RECEIVED])
hostile_events = st.builds(
    lambda name, at, properties: Event(f"m{at}", "track", at, at, name=name, properties=properties),
    names,
    st.integers(T0, T0 + 90 * DAY),
    st.dictionaries(st.sampled_from(keys), json, max_size=5),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(hostile_events, max_size=60))
def test_whatever_senders_write_nothing_breaks_and_replay_gives_the_same_bytes(events: list[Event]) -> None:
    state, again = after(*events), after(*events)
    packed = msgspec.msgpack.encode(state.cases)
    assert packed == msgspec.msgpack.encode(again.cases)
    assert msgspec.msgpack.decode(packed, type=Cases) == state.cases
    assert max(len(state.cases.cases), len(state.cases.promises)) <= 16
    assert len(state.cases.contacts) <= 32
    now = T0 + 30 * DAY
    for fact in FACTS:
        fact.read(state, now)
    wake = next_change(state, now)
    assert wake is None or wake > now


def test_two_profiles_found_to_be_one_person_share_their_cases() -> None:
    opened = event(v.CASE_OPENED, T0, case_id="1")
    resolved = event(v.CASE_RESOLVED, T0 + HOUR, case_id="1")
    wrote = event(v.MESSAGE_RECEIVED, T0 + DAY, complaint(0.9), order_id="7", text="late")
    made = event(v.PROMISE_MADE, T0, promise_id="p", due_at=T0 + DAY)
    kept = event(v.PROMISE_KEPT, T0 + HOUR, promise_id="p")
    together = after(opened, resolved, made, kept, wrote)
    joined = SimpleNamespace(cases=merge(after(opened, made, wrote).cases, after(resolved, kept).cases))
    now = T0 + 2 * DAY
    assert {f.name: f.read(joined, now) for f in FACTS} == {f.name: f.read(together, now) for f in FACTS}


def test_a_complaint_a_person_reads_as_none_is_none() -> None:
    read = Understanding("en", -0.6, "negative", "anger", 0.8, "complaint", 0.9, 0.8)
    complaint = event(v.MESSAGE_RECEIVED, read=read, text="Great, as always")
    state = after(complaint)
    assert ask(state, "complaint.hours_ago", T0 + HOUR) == 1
    other = event(v.LABEL_CORRECTED, T0 + HOUR, message_id="another", intent="praise")
    step(state, other, T0 + HOUR)
    assert ask(state, "complaint.hours_ago", T0 + HOUR) == 1
    step(state, event(v.LABEL_CORRECTED, T0 + HOUR, message_id=complaint.message_id, intent="praise"), T0)
    assert ask(state, "complaint.hours_ago", T0 + HOUR) is None


def test_a_message_a_person_reads_as_a_complaint_is_one() -> None:
    state = after(event(v.LABEL_CORRECTED, message_id="m", intent="complaint"))
    assert ask(state, "complaint.hours_ago", T0 + HOUR) == 1
