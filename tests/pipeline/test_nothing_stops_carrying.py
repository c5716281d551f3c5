"""Whatever rules and data bring up between batches, events are carried."""

from __future__ import annotations

from typing import Any

import pytest

from heed.pipeline import chores, unmerge
from heed.pipeline.replay import replay
from heed.ports.ledger import LIVE
from heed.profiles import api as profiles
from tests.installation import Installation


@pytest.fixture(autouse=True)
def _no_conditions_left() -> Any:
    yield
    profiles.counting.set([])


@pytest.mark.parametrize("part", ["_fill", "chores", "_wake", "_unmerge"])
def test_what_fails_between_batches_is_put_off(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken() -> int:
        raise ValueError("somebody's rule")

    if part == "chores":
        monkeypatch.setattr(chores, "_chores", [lambda *_: broken()])
    else:
        monkeypatch.setattr(installation.engine, part, broken)
    for number in range(3):
        installation.send(installation.event("Seen", userId=f"u{number}"))
        assert installation.engine.turn() > 0 or installation.engine.carry(LIVE, 100) > 0
    installation.engine.drain()
    assert len(installation.profile_ids()) == 3


def test_a_chore_that_fails_puts_off_no_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def broken(connection: Any, *_: Any) -> int:
        connection.execute("select 1 / 0")
        return 1

    def good(connection: Any, *_: Any) -> int:
        done.append(connection.execute("select 'done'").fetchone()[0])
        return 0

    monkeypatch.setattr(chores, "_chores", [broken, good])
    for _ in range(3):
        installation.engine.chores()
    assert done


@pytest.mark.parametrize(
    "rule",
    [
        "known.days > 4000000",
        "not known.days > 1e12",
        "trait.day more than 30 days ago",
        "trait.day anniversary within next 180 days",
    ],
)
def test_no_date_or_number_stops_an_engine(installation: Installation, rule: str) -> None:
    installation.segment("s", rule)
    for day in ("9999-12-31", -9e13, 9e14, "0001-01-01", "2026-02-29"):
        installation.happen(type="identify", userId=f"u{day}", traits={"day": day})
    for _ in range(3):
        installation.carry()
    assert len(installation.profile_ids()) == 5


def test_amounts_beyond_reason_are_bounded_when_people_become_one(installation: Installation) -> None:
    installation.segment("s", 'did "Order Completed" total value at least 5')
    for device in range(5):
        for _ in range(50):
            amount = {"value": 9.9e12, "currency": "EUR"}
            installation.send(
                installation.event("Order Completed", anonymousId=f"a{device}", properties=amount)
            )
    installation.carry()
    for device in range(5):
        installation.happen(type="identify", anonymousId=f"a{device}", userId="u")
    assert len(installation.profile_ids()) == 1
    live = installation.state_bytes()
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes().keys() == live.keys()


def test_a_chain_of_strangers_does_not_hold_up_everybody(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    sql = type(installation.lake).sql

    def counted(lake: Any, *given: Any) -> Any:
        asked.append(given)
        return sql(lake, *given)

    for number in range(60):
        for email in (number, number + 1):
            installation.send(
                installation.event(
                    type="identify", userId=f"u{number}", traits={"email": f"e{email}@example.org"}
                )
            )
    installation.carry()
    monkeypatch.setattr(type(installation.lake), "sql", counted)
    with pytest.raises(unmerge.TooManyConcerned):
        unmerge._concerned(installation.engine.carrier, installation.lake, {min(installation.profile_ids())})
    assert len(asked) <= unmerge._HOPS
