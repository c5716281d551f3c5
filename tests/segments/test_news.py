"""What is told of coming into and leaving segments: in order, and nothing that is not so."""

from __future__ import annotations

import pytest

from heed.contracts import vocabulary as v
from heed.contracts.event import Event
from heed.kit.clock import DAY, HOUR
from heed.ports.ledger import BULK, LIVE
from tests.installation import Installation
from tests.segments.test_membership import moves

MANY = 40


def _plan(installation: Installation, user: str, plan: str) -> Event:
    return installation.event(type="identify", userId=user, traits={"plan": plan})


def _told(installation: Installation, user: str) -> list[str]:
    return [name for name, who, _ in moves(installation) if who == user]


@pytest.fixture
def pros(installation: Installation) -> Installation:
    """Many come in at once, in the middle of an import."""
    installation.segment("pros", 'trait.plan = "pro"')
    installation.carry()
    installation.send(*(installation.event("Imported", userId=f"b{n % 7}") for n in range(2_000)), lane=BULK)
    installation.send(*(_plan(installation, f"u{n}", "pro") for n in range(MANY)))
    return installation


def test_who_leaves_right_after_many_came_in_is_told_of_in_that_order(pros: Installation) -> None:
    for turn in range(12):
        pros.send(_plan(pros, "u1", "free") if turn == 4 else pros.event("Seen", userId="somebody"))
        pros.engine.turn()
        pros.clock.advance(40)
    pros.carry()
    assert _told(pros, "u1") == [v.SEGMENT_ENTERED, v.SEGMENT_LEFT]
    assert pros.state_of(user_id="u1").segments.since == {}


def test_who_left_among_many_and_came_back_is_known_since_when(pros: Installation) -> None:
    pros.carry()
    pros.clock.advance(1000)
    pros.send(*(_plan(pros, f"u{n}", "free") for n in range(MANY)))
    pros.engine.carry(LIVE, 5_000)
    pros.engine.chores()
    pros.clock.advance(1000)
    back = pros.clock()
    pros.send(_plan(pros, "u1", "pro"))
    pros.carry()
    assert pros.members("pros") == {"u1"}
    assert pros.state_of(user_id="u1").segments.since == {"pros": back}


def test_of_two_engines_one_tells_at_a_time(pros: Installation) -> None:
    pros.engine.carry(LIVE, 5_000)
    other = pros.new_engine()
    with other.connection.transaction():
        other.connection.execute("select pg_advisory_xact_lock(7341, 9)")
        assert pros.engine.chores() == 0
    assert pros.engine.chores() > 0


def test_a_segment_whose_rule_is_changed_keeps_its_people_until_the_new_one_is_counted(
    installation: Installation,
) -> None:
    installation.segment("buyers", 'did "Bought" within 30 days')
    installation.segment("vip", 'segment "buyers" and trait.plan = "pro"')
    installation.carry()
    installation.send(_plan(installation, "ada", "pro"), installation.event("Bought", userId="ada"))
    installation.carry()
    before = moves(installation)
    installation.clock.advance(HOUR)
    installation.segment("buyers", 'did "Bought" within 60 days')
    installation.engine.refresh_rules(force=True)
    installation.send(installation.event("Bought", userId="ada"))
    installation.engine.carry(LIVE, 5_000)
    assert installation.members("buyers") == installation.members("vip") == {"ada"}
    installation.carry()
    assert installation.members("buyers") == installation.members("vip") == {"ada"}
    assert moves(installation) == before
    installation.engine.refresh_rules(force=True)
    installation.carry()
    assert installation.connection.execute("select former_rule from segment").fetchall() == [("",), ("",)]
    installation.clock.advance(40 * DAY)
    installation.engine.wake()
    installation.carry()
    assert installation.members("vip") == {"ada"}


def test_a_segment_counted_by_a_clock_ahead_has_news_once_the_clock_is_right(
    installation: Installation,
) -> None:
    installation.happen("Seen", userId="ada")
    right = installation.clock.now
    installation.clock.advance(3 * DAY)
    installation.segment("buyers", 'did "Bought" within 30 days')
    installation.carry()
    installation.clock.now = right
    for _ in range(3):
        installation.engine.refresh_rules(force=True)
        installation.carry()
    installation.clock.advance(HOUR)
    installation.happen("Bought", userId="ada")
    assert installation.members("buyers") == {"ada"}
    assert moves(installation) == [(v.SEGMENT_ENTERED, "ada", "buyers")]
