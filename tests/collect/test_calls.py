"""A call read at once is what the patient way would have made of it."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.collect.domain import calls
from heed.collect.domain.calls import is_plain, made_sound, read_call, read_envelope
from heed.collect.domain.protocol import own_visitor_only
from heed.contracts.event import Event
from heed.contracts.lake import open_event
from heed.contracts.soundness import DEEPEST, TooDeep

_PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
_VALUE = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
_OBJECT = st.none() | st.dictionaries(st.text(), _VALUE, max_size=3)
_TEXT = st.none() | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_CALL = st.fixed_dictionaries(
    {}, optional={"userId": _TEXT, "event": _TEXT, "properties": _OBJECT, "traits": _OBJECT}
)
_patiently = msgspec.json.Decoder(calls.Call[dict[str, Any]]).decode


def _nested(levels: int) -> dict[str, Any]:
    value: Any = {}
    for level in range(levels - 1):
        value = [value] if level % 2 else {"in": value}
    return {"in": value}


@given(_CALL)
def test_both_ways_of_reading_agree(call: dict[str, Any]) -> None:
    raw = json.dumps(call).encode()
    assert read_call(raw, is_plain(raw)) == made_sound(_patiently(raw))


@given(st.integers(1, DEEPEST - 1))
def test_what_is_nested_deeper_than_usual_is_read_all_the_same(levels: int) -> None:
    raw = json.dumps({"userId": "anna", "properties": _nested(levels)}).encode()
    assert read_call(raw, True).properties == _nested(levels)


def test_what_is_nested_too_deep_is_refused() -> None:
    nested = _nested(DEEPEST + 2)
    with pytest.raises(TooDeep):
        read_call(json.dumps({"properties": nested}).encode(), True)
    with pytest.raises(TooDeep):
        read_envelope(json.dumps({"batch": [], "context": nested}).encode(), True)


def test_integers_beyond_64_bits_become_floats_and_texts_lose_nul() -> None:
    raw = json.dumps(
        {"userId": 2**70, "properties": {"big": 2**63, "name": "a\x00b", "low": -(2**63)}}
    ).encode()
    call = read_call(raw, is_plain(raw))
    assert call.properties == {"big": float(2**63), "name": "ab", "low": -(2**63)}
    assert call.user_id == 2**70


def test_a_website_says_nothing_about_two_people_or_an_account() -> None:
    at = Event("m", "alias", 1, 1, user_id="dora", previous_id="emil", anonymous_id="e")
    own = Event("n", "alias", 1, 1, user_id="dora", previous_id="e", anonymous_id="e")
    group = Event("o", "group", 1, 1, anonymous_id="e", group_id="acme", traits={"plan": "free"})
    kept, dropped = own_visitor_only([at, own, group])
    assert [each.message_id for each in kept] == ["n", "o"]
    assert [each.reason for each in dropped] == ["alias_needs_server"]
    assert group.traits == {}


def test_a_name_without_end_is_read_at_once() -> None:
    event = Event(
        "m", "track", 1, 1, name="Seen", user_id="a", properties={"n" * 2_000_000: 1, "1 " * 500_000: 2}
    )
    began = time.process_time()
    open_event(event)
    assert time.process_time() - began < 1
    assert event.open == {}
