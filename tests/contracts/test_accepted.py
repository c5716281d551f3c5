"""What is accepted as JSON is whole and sound for whoever folds it."""

from __future__ import annotations

import msgspec
import pytest

from heed.contracts import accepted
from heed.contracts.event import Event


def an_event(properties: str) -> accepted.Accepted:
    return Event("m", "track", 2, 3, "Seen", "ada", properties=msgspec.Raw(properties.encode()))


def test_its_objects_are_read_and_nothing_else_changes() -> None:
    found = accepted.decode(accepted.encode([an_event('{"a": [1, {"b": "schön"}]}')]))
    assert found == [Event("m", "track", 2, 3, "Seen", "ada", properties={"a": [1, {"b": "schön"}]})]
    assert type(found[0].properties) is dict


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", float(2**63)),
        ("1e999", None),
        ("9" * 5_000, None),
        ("-" + "9" * 30, -1e30),
        ("[" * 20 + "]" * 20, msgspec.json.decode("[" * 20 + "]" * 20)),
    ],
)
def test_what_no_store_can_keep_costs_its_neighbours_nothing(sent: str, kept: object) -> None:
    one, other = accepted.decode(accepted.encode([an_event('{"n": ' + sent + ', "m": "x"}'), an_event("{}")]))
    assert one.properties == {"n": kept, "m": "x"}
    assert one.occurred == 2
    assert other.properties == {}


def test_an_event_that_is_whole_stays_itself() -> None:
    event = Event("m", "track", 2, 3, "Seen", "ada", properties={"a": 1})
    assert accepted.whole(event) is event
    read = an_event('{"a":1}')
    assert accepted.whole(read) is read
    assert read == event
