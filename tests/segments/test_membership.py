"""Membership is live: what happens, time alone and a new rule move customers in and out, and that is an event."""

from __future__ import annotations

from heed.contracts import vocabulary as v
from heed.kit.clock import DAY, HOUR
from heed.pipeline.replay import replay
from tests.installation import Installation

BUYERS = 'did "Order Completed" at least 2 times within 30 days where value >= 10'


def moves(installation: Installation) -> list[tuple[str, str, str]]:
    """What the lake has of customers entering and leaving, in order: `(event, user, segment)`."""
    rows = installation.lake_rows("name, profile_id, properties")
    found = installation.connection.execute("select id, user_id from profile").fetchall()
    users = {str(each): user for each, user in found}
    return [
        (row["name"], users[row["profile_id"]], row["properties"].split('"segment":"')[1].split('"')[0])
        for row in rows
        if row["name"] in {v.SEGMENT_ENTERED, v.SEGMENT_LEFT}
    ]


def buy(installation: Installation, user: str, value: float = 20.0) -> None:
    installation.happen("Order Completed", userId=user, properties={"value": value, "order_id": "o"})


def test_an_event_brings_a_customer_in_with_the_batch_that_carries_it(installation: Installation) -> None:
    installation.segment("buyers", BUYERS)
    installation.carry()
    buy(installation, "ada")
    assert installation.members("buyers") == set()
    buy(installation, "ada", value=5)
    assert installation.members("buyers") == set()
    buy(installation, "ada")
    assert installation.members("buyers") == {"ada"}
    assert moves(installation) == [(v.SEGMENT_ENTERED, "ada", "buyers")]
    assert installation.state_of(user_id="ada").segments.since == {"buyers": installation.clock()}


def test_time_alone_moves_people_out_and_that_is_noted_once(installation: Installation) -> None:
    installation.segment("buyers", BUYERS)
    installation.carry()
    buy(installation, "ada")
    buy(installation, "ada")
    for _ in range(29):
        installation.clock.advance(DAY)
        installation.engine.wake()
        installation.carry()
    assert installation.members("buyers") == {"ada"}
    installation.clock.advance(DAY)
    assert installation.engine.wake() == 1
    installation.carry()
    assert installation.members("buyers") == set()
    assert moves(installation) == [(v.SEGMENT_ENTERED, "ada", "buyers"), (v.SEGMENT_LEFT, "ada", "buyers")]


def test_what_is_spent_within_days_is_summed_exactly(installation: Installation) -> None:
    for _ in range(3):
        buy(installation, "ada", 33.33)
    installation.segment("spenders", 'did "Order Completed" total value at least 133.32 within 30 days')
    installation.carry()
    assert installation.members("spenders") == set()
    buy(installation, "ada", 33.33)
    assert installation.members("spenders") == {"ada"}
    installation.clock.advance(30 * DAY)
    installation.engine.wake()
    assert installation.members("spenders") == set()


def test_amounts_beyond_all_measure_stop_nothing(installation: Installation) -> None:
    for _ in range(120):
        installation.send(installation.event("Order Completed", userId="ada", properties={"value": 9e12}))
    installation.carry()
    installation.segment("rich", 'did "Order Completed" total value more than 1000000000000')
    for value in (9e12, -9e12):
        installation.happen("Order Completed", userId="ada", properties={"value": value})
    assert installation.members("rich") == {"ada"}


def test_not_having_been_seen_is_not_ended_by_heed_saying_so(installation: Installation) -> None:
    """The event that somebody entered a segment of people gone quiet must not count as a sign of life."""
    installation.segment("quiet", "seen.days_ago >= 30")
    installation.happen("Login", userId="ada")
    for _ in range(40):
        installation.clock.advance(DAY)
        installation.engine.wake()
        installation.carry()
    assert installation.members("quiet") == {"ada"}
    assert moves(installation) == [(v.SEGMENT_ENTERED, "ada", "quiet")]


def test_a_new_segment_has_those_who_fit_already_and_calls_nobody_new(installation: Installation) -> None:
    for user in ("ada", "bob"):
        buy(installation, user)
    buy(installation, "ada")
    installation.segment("buyers", BUYERS)
    installation.carry()
    assert installation.members("buyers") == {"ada"}
    assert moves(installation) == []
    buy(installation, "bob")
    assert installation.members("buyers") == {"ada", "bob"}
    assert moves(installation) == [(v.SEGMENT_ENTERED, "bob", "buyers")]


def test_a_changed_rule_moves_people_in_silence(installation: Installation) -> None:
    installation.segment("pros", 'trait.plan = "pro"')
    installation.happen(type="identify", userId="ada", traits={"plan": "pro"})
    installation.happen(type="identify", userId="bob", traits={"plan": "free"})
    assert installation.members("pros") == {"ada"}
    before = moves(installation)
    installation.segment("pros", 'trait.plan = "free"')
    installation.carry()
    assert installation.members("pros") == {"bob"}
    assert moves(installation) == before


def test_profiles_that_change_while_a_segment_is_filled_end_up_right(installation: Installation) -> None:
    for number in range(40):
        installation.send(installation.event(type="identify", userId=f"u{number}", traits={"plan": "free"}))
    installation.carry()
    installation.segment("pros", 'trait.plan = "pro"')
    installation.engine.refresh_rules(force=True)
    for number in range(0, 40, 2):
        installation.send(installation.event(type="identify", userId=f"u{number}", traits={"plan": "pro"}))
    installation.engine.carry(0, 10)
    installation.engine.chores()
    installation.carry()
    assert installation.members("pros") == {f"u{number}" for number in range(0, 40, 2)}


def test_who_takes_back_consent_leaves_what_rests_on_it_at_once(installation: Installation) -> None:
    installation.segment("news", "trait.plan is known", purpose="marketing")
    installation.carry()
    installation.happen(type="identify", userId="ada", traits={"plan": "pro"})
    assert installation.members("news") == set()
    for granted in (True, False):
        installation.clock.advance(HOUR)
        installation.happen(
            "Consent Changed", userId="ada", properties={"purpose": "marketing", "granted": granted}
        )
        assert installation.members("news") == ({"ada"} if granted else set())


def test_a_list_has_whom_somebody_put_on_it(installation: Installation) -> None:
    installation.segment("press", kind="list")
    installation.segment("known_press", 'segment "press" and trait.plan is known')
    installation.carry()
    installation.happen(type="identify", userId="ada", traits={"plan": "pro"})
    installation.send(installation.own(v.LIST_MEMBER_ADDED, userId="ada", properties={"segment": "press"}))
    installation.carry()
    assert installation.members("press") == installation.members("known_press") == {"ada"}


def test_replay_finds_the_same_bytes_and_the_same_members_and_announces_nothing(
    installation: Installation,
) -> None:
    installation.segment("buyers", BUYERS)
    installation.carry()
    for user in ("ada", "bob", "ada", "eve"):
        buy(installation, user)
    before, members, said = installation.state_bytes(), installation.members("buyers"), moves(installation)
    assert members == {"ada"}
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == before
    installation.carry()
    assert installation.members("buyers") == members
    assert moves(installation) == said


def test_a_history_told_later_brings_people_in_without_news(installation: Installation) -> None:
    installation.segment("quiet", "seen.days_ago >= 30")
    installation.carry()
    for days in (90, 60, 5, 0):
        event = installation.event("Login", userId="ada")
        event.occurred -= days * DAY
        installation.send(event)
        installation.carry()
        assert installation.members("quiet") == ({"ada"} if days > 30 else set())
    assert moves(installation) == []


def _is_filled(installation: Installation, key: str) -> bool:
    row = installation.connection.execute(
        "select filled_at is not null from segment where key = %s", [key]
    ).fetchone()
    return bool(row and row[0])


def test_a_segment_is_called_filled_only_once_its_conditions_are(installation: Installation) -> None:
    for user in ("ada", "bob"):
        buy(installation, user)
        buy(installation, user)
    installation.segment("buyers", BUYERS)
    installation.engine.refresh_rules(force=True)
    while installation.engine.chores():
        pass
    assert not _is_filled(installation, "buyers"), "the lake has not been asked yet"
    buy(installation, "ada")
    assert _is_filled(installation, "buyers")
    assert installation.members("buyers") == {"ada", "bob"}
    assert moves(installation) == []


def test_a_segment_added_while_others_are_filled_waits_for_a_pass_of_its_own(
    installation: Installation,
) -> None:
    installation.happen(type="identify", userId="ada", traits={"plan": "pro"})
    installation.segment("pros", 'trait.plan = "pro"')
    installation.engine.refresh_rules(force=True)
    assert installation.engine.chores() == 1
    installation.segment("known", "trait.plan is known")
    assert installation.engine.chores() == 1
    assert [_is_filled(installation, key) for key in ("pros", "known")] == [True, False]
    installation.carry()
    assert _is_filled(installation, "known")
    assert installation.members("known") == {"ada"}


def test_a_change_is_noticed_whatever_the_clocks_of_others_showed(installation: Installation) -> None:
    installation.segment("early", "trait.plan is known")
    installation.connection.execute("update segment set changed_at = changed_at + interval '1 hour'")
    installation.segment("pros", 'trait.plan = "pro"')
    installation.carry()
    installation.happen(type="identify", userId="ada", traits={"plan": "pro"})
    assert installation.members("pros") == {"ada"}
    installation.segment("pros", 'trait.plan = "free"')
    installation.carry()
    assert installation.members("pros") == set()


def test_a_crash_between_announcing_and_forgetting_announces_once(installation: Installation) -> None:
    installation.segment("pros", 'trait.plan = "pro"')
    installation.carry()
    installation.send(installation.event(type="identify", userId="ada", traits={"plan": "pro"}))
    installation.engine.carry(0, 10)
    with installation.connection.transaction(force_rollback=True):
        assert installation.engine.chores() == 1
    installation.carry()
    assert moves(installation) == [(v.SEGMENT_ENTERED, "ada", "pros")]


def test_who_becomes_part_of_somebody_else_leaves_what_the_two_are_not_in(installation: Installation) -> None:
    installation.segment("new", 'not did "Bought" at least 2 times')
    installation.carry()
    contact = {"traits": {"email": "x@example.org"}}
    for _ in range(2):
        installation.happen("Bought", userId="u1")
    installation.happen("Seen", anonymousId="laptop", context=contact)
    assert installation.members("new") == {""}
    installation.happen("Asked", userId="u1", context=contact)
    assert len(installation.profile_ids()) == 1
    assert installation.members("new") == set()
    assert installation.state_of(user_id="u1").segments.since == {}
    assert installation.lake_rows("name")[-1]["name"] == v.SEGMENT_LEFT
