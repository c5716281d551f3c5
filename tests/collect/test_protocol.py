"""Segment's protocol: what a tracker sends becomes events, or a drop with its reason; never an exception."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.collect.domain.protocol import REASONS, BadRequest, Limits, parse

NOW = 1_790_000_000_000
DAY = 86_400_000
LIMITS = Limits()


def one(call: dict[str, Any], sent_at: str | None = None) -> Any:
    body: dict[str, Any] = {"batch": [call]}
    if sent_at:
        body["sentAt"] = sent_at
    parsed = parse(json.dumps(body).encode(), "batch", NOW, LIMITS)
    (found,) = [*parsed.events, *parsed.dropped]
    return found


def track(**more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "A", "userId": "u", **more}


@pytest.mark.parametrize(
    ("said", "sent", "occurred", "marks"),
    [
        ("2026-09-21T14:13:20Z", None, NOW, ()),
        ("2026-09-21T14:03:20Z", None, NOW - 600_000, ()),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:30Z", NOW - 30_000, ()),
        ("2031-01-01T00:00:00Z", "2031-01-01T00:01:00Z", NOW - 60_000, ()),
        ("2031-01-01T00:00:00Z", None, NOW, ("time_in_the_future",)),
        ("1999-01-01T00:00:00Z", None, NOW - LIMITS.past_ms, ("time_too_long_ago",)),
        ("next tuesday", None, NOW, ("time_unreadable",)),
        (None, None, NOW, ()),
    ],
)
def test_the_senders_clock_is_put_right(
    said: str | None, sent: str | None, occurred: int, marks: Any
) -> None:
    found = one(track(timestamp=said), sent)
    assert (found.occurred, found.marks) == (occurred, marks)


def test_original_timestamp_is_what_some_clients_send() -> None:
    assert one(track(originalTimestamp="2026-09-21T14:03:20Z")).occurred == NOW - 600_000


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ({"type": "dance", "userId": "u"}, "unknown_type"),
        ({"type": "track", "userId": "u"}, "no_event_name"),
        ({"type": "track", "event": "A"}, "no_identity"),
        (track(properties="text"), "wrong_shape"),
        (track(userId={"a": 1}), "wrong_shape"),
        (track(properties={"x": "y" * 40_000}), "too_large"),
    ],
)
def test_a_bad_event_is_dropped_with_its_reason_and_sinks_no_other(call: dict[str, Any], reason: str) -> None:
    good = track(messageId="good")
    parsed = parse(json.dumps({"batch": [good, call, good]}).encode(), "batch", NOW, LIMITS)
    assert [each.message_id for each in parsed.events] == ["good", "good"]
    assert [each.reason for each in parsed.dropped] == [reason]
    assert reason in REASONS


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"batch": 5}', b"[" * 100_000])
def test_a_body_that_is_no_batch_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(body, "batch", NOW, LIMITS)


def test_half_a_character_in_one_event_sinks_no_other() -> None:
    """A lone surrogate, as JavaScript makes by cutting an emoji in two."""
    body = b'{"batch":[{"type":"track","event":"A","userId":"u"},{"type":"track","event":"\\ud83d","userId":"u"}]}'
    parsed = parse(body, "batch", NOW, LIMITS)
    assert len(parsed.events) + len(parsed.dropped) == 2
    assert parsed.events[0].name == "A"


def test_numbers_serve_as_identifiers() -> None:
    assert one(track(userId=42)).user_id == "42"
    assert one(track(userId=17850.0)).user_id == "17850"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "type",
    "event",
    "userId",
    "anonymousId",
    "properties",
    "traits",
    "context",
    "timestamp",
    "messageId",
    "sentAt",
    "name",
]


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values | st.sampled_from(["track", "identify", "page"])))
def test_whatever_is_sent_is_an_event_or_a_drop(call: dict[str, Any]) -> None:
    body = json.dumps({"batch": [call, track()]}).encode()
    parsed = parse(body, "batch", NOW, LIMITS)
    assert len(parsed.events) + len(parsed.dropped) == 2
    for event in parsed.events:
        assert 0 <= event.occurred <= NOW
        assert event.user_id or event.anonymous_id or event.context.get("externalIds")
    for dropped in parsed.dropped:
        assert dropped.reason in REASONS


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    for kind in ("batch", "track", "identify"):
        assert _outcome(body, kind)


def _outcome(body: bytes, kind: str) -> bool:
    try:
        parse(body, kind, NOW, LIMITS)
    except BadRequest as error:
        return bool(str(error))
    return True


@pytest.mark.parametrize("name", ["Mood Corrected", "Label Corrected", "Decision Made"])
def test_nobody_puts_heeds_own_words_into_its_mouth(name: str) -> None:
    for written in (
        name,
        f" {name} ",
        f"{name}\x00",
        f"\x00{name}",
        f"\x00 {name}",
        f"{name[:4]}\x00{name[4:]}",
    ):
        assert one(track(event=written)).reason == "reserved", repr(written)


def test_what_is_taken_out_leaves_no_call_of_nobody_and_no_event_without_a_name() -> None:
    assert one(track(userId="\x00", anonymousId=None)).reason == "no_identity"
    assert one(track(event="\x00")).reason == "no_event_name"
    assert one(track(userId=12345678901234567890123)).user_id == "12345678901234567890123"


def test_what_no_store_can_keep_is_taken_out_or_refused() -> None:
    deep: Any = "end"
    for _ in range(100):
        deep = [deep]
    assert one(track(traits={"deep": deep})).reason == "too_deep"
    kept = one(track(properties={"a\x00b": "c\x00d", "n": 10**26}, messageId="m\x00"))
    assert kept.properties == {"ab": "cd", "n": 1e26}
    assert kept.message_id == "m"
    assert one(track(timestamp=10**400)).occurred == NOW


def test_numbers_json_does_not_know_cost_only_themselves() -> None:
    body = b'{"batch":[{"type":"track","event":"A","userId":"u","properties":{"a":1e999,"b":NaN}},{"type":"track","event":"B","userId":"u"}]}'
    parsed = parse(body, "batch", NOW, LIMITS)
    assert [each.name for each in parsed.events] == ["A", "B"]
    assert parsed.events[0].properties == {"a": None, "b": None}


def test_a_flood_of_small_events_becomes_few_letters_and_none_of_it_is_lost() -> None:
    calls = [track(messageId=f"m{number}") for number in range(5_000)]
    body = json.dumps({"batch": calls}).encode()
    parsed = parse(body, "batch", NOW, msgspec.structs.replace(LIMITS, batch_events=100))
    assert len(parsed.events) == 100
    assert len(parsed.dropped) < 30
    letters = b",".join(each.payload for each in parsed.dropped)
    again = parse(b'{"batch":[' + letters + b"]}", "batch", NOW, LIMITS)
    assert [each.message_id for each in parsed.events + again.events] == [each["messageId"] for each in calls]
