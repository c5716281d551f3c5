"""What of an event stands open in the lake: what it is worth does, what could be a person's number does not."""

from __future__ import annotations

from heed.contracts.event import Event
from heed.contracts.lake import open_event, semantic


def test_an_order_of_a_hundred_million_rupiah_counts_in_the_lake() -> None:
    event = Event("e", "track", 0, 0, "Order Completed", properties={"value": 125_000_000, "currency": "IDR"})
    assert open_event(event) == {}
    assert semantic(event) == {"value": 1_250_000_000_000, "currency": "IDR"}


def test_a_long_number_under_an_unknown_name_is_the_customers_own() -> None:
    event = Event("e", "track", 0, 0, "Login", properties={"reach_me": 491_701_234_567, "tries": 3})
    assert open_event(event) == {"properties": {"reach_me": 491_701_234_567}}
    assert event.open == {"tries": 3}
