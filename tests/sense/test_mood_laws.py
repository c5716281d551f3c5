"""What holds of a mood whatever happens to somebody."""

from __future__ import annotations

import importlib
import math
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.contracts import vocabulary as v
from heed.contracts.event import Event, Understanding
from heed.contracts.mood import Mood
from heed.kit.clock import DAY, HOUR
from heed.sense.domain.mood import Feelings, mood_at, next_change
from heed.sense.domain.weights import DEFAULT
from tests.sense.feeling import T0, event, folded, mood, step, wrote


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other room is installed: its facts are not known, unless a test says so."""
    monkeypatch.setattr(importlib.import_module("heed.rules.facts"), "_facts", {})


DEFAULT_NAMES = [
    v.RAGE_CLICK,
    v.PAYMENT_FAILED,
    v.ORDER_COMPLETED,
    v.ORDER_DELAYED,
    v.ORDER_DELIVERED,
    v.CASE_OPENED,
]
DEFAULT_NAMES += [
    v.CASE_RESOLVED,
    v.PROMISE_MISSED,
    v.PROMISE_KEPT,
    v.GOODWILL_GIVEN,
    v.UNSUBSCRIBED,
    v.SCRIPT_ERROR,
]
NEGATIVE = [v.RAGE_CLICK, v.PAYMENT_FAILED, v.ORDER_DELAYED, v.CASE_OPENED, v.PROMISE_MISSED, v.UNSUBSCRIBED]

moments = st.integers(T0, T0 + 60 * DAY) | st.sampled_from([0, -1, 1, 10**15])
hostile = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.lists(st.floats(), max_size=2)
)
properties = st.dictionaries(
    st.sampled_from(
        ["rating", "scale", "valence", "urgency", "by", "note", "message_id", "sentiment", "text", "results"]
    ),
    hostile,
    max_size=5,
)
readings = st.none() | st.builds(
    Understanding,
    st.just("en"),
    st.floats(-1, 1) | st.just(math.nan),
    st.sampled_from(["negative", "neutral", "positive"]),
    st.sampled_from(["anger", "joy", "neutral"]),
    st.floats(0, 1),
    st.sampled_from(["complaint", "praise", "cancel"]),
    st.floats(0, 1),
    st.floats(0, 1),
)
all_names = [
    *DEFAULT_NAMES,
    v.SURVEY_ANSWERED,
    v.MESSAGE_RECEIVED,
    v.MOOD_CORRECTED,
    v.LABEL_CORRECTED,
    v.PRODUCTS_SEARCHED,
]
any_event = st.builds(
    lambda name, at, props, read: Event(
        "m", "track", at, at, name=name, properties=props, understanding=read
    ),
    st.sampled_from(all_names),
    moments,
    properties,
    readings,
)
streams = st.lists(any_event, max_size=25)


def in_bounds(one: Mood) -> bool:
    numbers = [one.valence, one.spread, one.urgency, one.confidence, one.baseline]
    numbers += [piece.contribution for piece in one.evidence]
    finite = all(math.isfinite(number) for number in numbers)
    return (
        finite
        and -1 <= one.valence <= 1
        and -1 <= one.baseline <= 1
        and 0 <= one.urgency <= 1
        and 0 <= one.confidence <= 1
    )


@settings(max_examples=200, deadline=None)
@given(streams, moments)
def test_whatever_happens_the_mood_stays_a_mood_and_replay_gives_the_same_bytes(
    events: list[Event], now: int
) -> None:
    state, again = folded(*events), folded(*events)
    packed = msgspec.msgpack.encode(state.mood)
    assert packed == msgspec.msgpack.encode(again.mood)
    assert msgspec.msgpack.decode(packed, type=Feelings) == state.mood
    assert in_bounds(mood_at(state.mood, now))
    assert len(mood_at(state.mood, now).evidence) <= 8
    wake = next_change(state.mood, now)
    assert wake is None or wake > now


@settings(max_examples=150, deadline=None)
@given(streams, st.sampled_from(NEGATIVE), st.integers(T0, T0 + 90 * DAY))
def test_bad_news_never_cheers_anyone_up(events: list[Event], name: str, at: int) -> None:
    state = folded(*events)
    now = max(at, state.mood.at)
    before = mood_at(state.mood, now).valence
    step(state, event(name, at), at)
    assert mood_at(state.mood, now).valence <= before + 1e-9


@settings(max_examples=100, deadline=None)
@given(streams)
def test_after_years_of_silence_everyone_is_back_at_their_usual(events: list[Event]) -> None:
    state = folded(*(e for e in events if e.occurred < T0 + 100 * DAY))
    quiet = mood_at(state.mood, T0 + 3000 * DAY)
    assert quiet.valence == pytest.approx(quiet.baseline, abs=1e-6)
    assert quiet.baseline == pytest.approx(DEFAULT.prior_valence, abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(streams, st.floats(-1, 1))
def test_a_correction_wins_over_everything_before_it(events: list[Event], valence: float) -> None:
    known = [e for e in events if e.occurred <= T0 + 60 * DAY and e.name not in {v.MOOD_CORRECTED}]
    at = T0 + 61 * DAY
    state = folded(*known, event(v.MOOD_CORRECTED, at, valence=valence, by="Ravi"))
    assert mood_at(state.mood, at).valence == pytest.approx(valence, abs=0.3)


@settings(max_examples=100, deadline=None)
@given(
    st.permutations(
        [(v.ORDER_DELAYED, 0), (v.PAYMENT_FAILED, 5), (v.PROMISE_MISSED, 9), (v.GOODWILL_GIVEN, 14)]
    )
)
def test_the_order_of_arrival_hardly_matters(order: list[tuple[str, int]]) -> None:
    now = T0 + 15 * DAY
    arrived = mood(*(event(name, T0 + day * DAY) for name, day in order), now=now)
    straight = mood(
        *(event(name, T0 + day * DAY) for name, day in sorted(order, key=lambda one: one[1])), now=now
    )
    assert arrived.valence == pytest.approx(straight.valence, abs=0.1)
    assert arrived.urgency == pytest.approx(straight.urgency, abs=1e-6)
    assert arrived.confidence == pytest.approx(straight.confidence, abs=1e-6)


def test_ten_thousand_events_leave_a_small_state() -> None:
    state = SimpleNamespace(mood=Feelings())
    names = sorted(DEFAULT_NAMES)
    for i in range(10_000):
        at = T0 + i * HOUR
        if i % 3:
            step(state, event(names[i % len(names)], at), at)
        else:
            step(state, wrote("word " * 80, math.sin(i), at, "anger", "complaint"), at)
    assert len(msgspec.msgpack.encode(state.mood)) < 4096
