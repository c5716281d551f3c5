"""What was accepted a moment ago is at hand for a decision, and only for a moment."""

from __future__ import annotations

import msgspec

from heed.contracts.event import Event
from heed.ports import recent as module
from heed.ports.recent import Recent

NOW = 1_764_000_000_000


def event(number: int, received: int = NOW, **who: str) -> Event:
    return Event(
        f"m{number}", "track", received, received, name="Seen", seq=number, **(who or {"user_id": "ada"})
    )


def test_what_somebody_did_under_either_name_is_there_in_order_and_once():
    recent = Recent()
    recent.add([event(2, user_id="ada"), event(1, anonymous_id="device")], 500)
    recent.add([event(3, user_id="ada", anonymous_id="device"), event(4, user_id="bob")], 500)
    assert [each.seq for each in recent.of("ada", "device")] == [1, 2, 3]
    assert [each.seq for each in recent.of("bob", "")] == [4]
    assert recent.of("", "") == []


def test_it_stays_fifteen_seconds_and_is_gone_after_a_minute():
    recent = Recent()
    recent.add([event(1)], 100)
    recent.add([event(2, NOW + 14_000, user_id="bob")], 100)
    recent.add([event(3, NOW + 15_500, user_id="bob")], 100)
    assert [each.seq for each in recent.of("ada", "")] == [1]
    recent.add([event(4, NOW + 60_000, user_id="bob")], 100)
    assert recent.of("ada", "") == []
    assert [each.seq for each in recent.of("bob", "")] == [4]


def test_a_flood_is_bounded_by_its_bytes_and_by_its_number(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 100)
    for size in (0, module._MOST_BYTES // 50):
        recent = Recent()
        for number in range(1_000):
            recent.add([event(number)], size)
        kept = recent.of("ada", "")
        assert len(kept) <= 2 * 102
        assert kept[-1].seq == 999


def test_what_was_left_as_json_is_read_once_and_of_a_flood_the_newest(monkeypatch):
    monkeypatch.setattr(module, "_MOST_ASKED", 3)
    recent = Recent()
    recent.add([event(number, user_id="ada", anonymous_id="device") for number in range(10)], 500)
    raw = event(11, user_id="ada", anonymous_id="device")
    raw.properties = msgspec.Raw(b'{"a":1}')
    recent.add([raw], 50)
    (*_, last) = asked = recent.of("ada", "device")
    assert [each.seq for each in asked] == [8, 9, 11]
    assert last.properties == {"a": 1}
    assert recent.of("", "device")[-1] is last
