"""From the outbox into the lake: in pieces, each batch once, however much waits."""

from __future__ import annotations

import pytest

from heed.contracts.event import Event
from heed.contracts.lake import open_event
from heed.pipeline import lake_rows, store
from heed.pipeline.lake_rows import RowBuilder, as_table
from heed.pipeline.lake_writer import write_out
from heed.ports.lake import SCHEMA
from heed.ports.ledger import BULK, LIVE
from tests.installation import START, Installation


def _batch(number: int, count: int) -> tuple[int, bytes]:
    rows = RowBuilder(LIVE if number % 2 else BULK)
    for place in range(count):
        said = {"value": 2.5 * place, "order_id": f"{number}/{place}", "rating": place}
        event = Event(f"m{number}-{place}", "track", START + place, START, "Order Completed", properties=said)
        open_event(event)
        rows.add(event, None, [], b"sealed" * place, None, True)
    return number, rows.encoded()


def test_what_is_turned_in_pieces_is_what_is_turned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [_batch(number, count) for number, count in ((3, 4), (4, 1), (7, 0), (9, 6))]
    at_once = as_table(batches)
    monkeypatch.setattr(lake_rows, "_AT_ONCE", 1)
    assert as_table(batches).equals(at_once)
    assert at_once["batch"].to_pylist() == [3] * 4 + [4] + [9] * 6
    assert at_once["place"].to_pylist() == [0, 1, 2, 3, 0, 0, 1, 2, 3, 4, 5]
    assert at_once["lane"].to_pylist() == [LIVE] * 4 + [BULK] + [LIVE] * 6
    assert as_table([]).schema == SCHEMA


def test_no_append_takes_more_than_there_is_room_for(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.carry()
    for number in range(5):
        installation.send(installation.event("Product Viewed", userId=f"u{number}"))
        installation.engine.carry(LIVE, 10)
    monkeypatch.setattr(store, "_MOST_BYTES", 1)
    assert [write_out(installation.connection, installation.lake) for _ in range(6)] == [1, 1, 1, 1, 1, 0]
    assert len(installation.lake_rows("message_id")) == 5


def test_a_lake_that_takes_nothing_stops_no_event(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise ValueError("no row of ours")

    monkeypatch.setattr(installation.lake, "append", full)
    for _ in range(2):
        installation.send(installation.event("Product Viewed", userId="u1"))
        installation.new_engine().turn()
    assert installation.state_of(user_id="u1").identity.events == 2
