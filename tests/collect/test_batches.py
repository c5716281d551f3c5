"""A batch read at once, its objects left as they came, says what reading it call by call would have said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.collect.domain.batches import accept
from heed.collect.domain.protocol import RESERVED, Limits, parse
from heed.contracts import accepted
from heed.contracts.event import Event

NOW = 1_764_000_000_000
LIMITS = Limits()
GOOD = {
    "type": "track",
    "event": "Order Completed",
    "messageId": "m1",
    "userId": "ada",
    "timestamp": "2025-11-24T10:00:00Z",
    "properties": {"total": 12.5, "items": [{"sku": "a", "tags": ["x"]}], "note": "schön 🌷 {["},
    "context": {"ip": "203.0.113.9", "page": {"path": "/p"}},
}

_PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
_VALUE = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
_OBJECT = st.none() | st.dictionaries(st.text(), _VALUE, max_size=3) | _VALUE
_TEXT = st.none() | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_CALL = st.fixed_dictionaries(
    {"messageId": st.text(min_size=1)},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "group", "alias", "Track", "nothing"]),
        "userId": _TEXT,
        "anonymousId": _TEXT,
        "groupId": _TEXT,
        "event": _TEXT | st.sampled_from(sorted(RESERVED)),
        "name": _TEXT,
        "properties": _OBJECT,
        "traits": _OBJECT,
        "context": _OBJECT,
        "timestamp": _TEXT | st.just("2025-11-24T10:00:00Z"),
        "sentAt": _TEXT,
        "writeKey": st.none() | st.text(),
        "integrations": _OBJECT,
    },
)
_ENVELOPE = st.fixed_dictionaries(
    {"batch": st.lists(st.just(GOOD) | _CALL, max_size=4)},
    optional={"context": _OBJECT, "sentAt": _TEXT, "writeKey": st.none() | st.text()},
)


def kept(events: Any) -> list[Event]:
    """The events as whoever reads the ledger finds them."""
    return accepted.decode(accepted.encode(events))


@given(_ENVELOPE, st.booleans())
def test_both_ways_of_reading_agree(envelope: dict[str, Any], ascii: bool) -> None:
    body = json.dumps(envelope, ensure_ascii=ascii).encode("utf-8", "replace")
    if read := accept(body, NOW, LIMITS):
        parsed = parse(body, "batch", NOW, LIMITS)
        assert not parsed.dropped
        assert kept(read[0]) == kept(parsed.events)
        assert read[1] == parsed.write_key


@pytest.mark.parametrize(
    "properties",
    [
        '{"n":1e999}',
        '{"n":-1234567890123456789}',
        '{"n":' + "9" * 5_000 + "}",
        '{"n":-0.0,"m":18446744073709551615}',
    ],
)
def test_both_ways_of_reading_agree_on_numbers(properties: str) -> None:
    call = '{"type":"track","event":"E","messageId":"m","userId":"a","properties":' + properties + "}"
    body = f'{{"batch":[{call},{call}]}}'.encode()
    read, parsed = accept(body, NOW, LIMITS), parse(body, "batch", NOW, LIMITS)
    assert read
    assert not parsed.dropped
    assert kept(read[0]) == kept(parsed.events) == parsed.events


@pytest.mark.parametrize("count", [1, 3, 100])
def test_what_is_sent_as_nearly_always_is_read_at_once(count: int) -> None:
    body = json.dumps({"batch": [GOOD] * count}, ensure_ascii=False).encode()
    read = accept(body, NOW, LIMITS)
    assert read
    assert len(read[0]) == count
    assert kept(read[0]) == parse(body, "batch", NOW, LIMITS).events


@pytest.mark.parametrize(
    "call",
    [
        {"properties": []},
        {"properties": "{}"},
        {"traits": 1},
        {"context": None},
        {"context": {"deep": [[[[[[[[]]]]]]]]}},
        {"properties": {"note": "a\x00b"}},
        {"properties": {"note": "x" * 40_000}},
        {"event": " "},
        {"event": "Decision Made"},
        {"userId": " "},
        {"messageId": " "},
        {"groupId": "acme"},
        {"timestamp": " " * 40_000},
        {"type": "alias"},
    ],
)
def test_what_is_not_as_usual_is_read_call_by_call(call: dict[str, Any]) -> None:
    assert accept(json.dumps({"batch": [GOOD, GOOD | call]}).encode(), NOW, LIMITS) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"batch":[{"type":"track","event":"\\ud800","messageId":"m","userId":"a"}]}',
        b'{"batch":[{"type":"track","event":"E","messageId":"m","userId":"a","properties":{"n":"\xff"}}]}',
        b'{"batch":[{"type":"track","event":"E","messageId":"m","userId":"a","properties":{"n":NaN}}]}',
        b'{"batch":[{"type":"track","event":"E","messageId":"m","userId":"a","properties":{"n":1}]}',
        b'{"batch":[{"type":"track","event":"E","messageId":"m","userId":"a"}],"context":{"ip":"1"}}',
        b"[]",
        b"",
    ],
)
def test_bodies_in_doubt_are_read_call_by_call(body: bytes) -> None:
    assert accept(body, NOW, LIMITS) is None


def test_more_than_a_request_may_hold_is_read_call_by_call() -> None:
    body = json.dumps({"batch": [GOOD] * 3}).encode()
    assert accept(body, NOW, Limits(batch_events=2)) is None
