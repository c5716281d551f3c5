"""The promised day passes in silence, and Heed notices by itself."""

from __future__ import annotations

from heed.collect.domain.protocol import Limits, parse
from heed.kit.clock import DAY, HOUR, moment
from heed.pipeline.replay import replay
from heed.sense import api as sense
from tests.installation import START, Installation


def _ordered(installation: Installation, user: str = "u1", days: int = 3) -> None:
    expected = moment(START + days * DAY).isoformat()
    installation.happen(
        "Order Completed", userId=user, properties={"order_id": "88", "value": 10, "expected_at": expected}
    )


def _wake(installation: Installation, told: bool = True) -> None:
    """Time passes; where deliveries are `told` somebody else's parcel has just come."""
    if told:
        about = {"order_id": f"n{installation.clock()}", "value": 5}
        installation.happen("Order Completed", userId="neighbour", properties=about)
        installation.happen("Order Delivered", userId="neighbour", properties=about)
    while installation.engine.turn():
        pass


def _names(installation: Installation, user: str = "u1") -> dict[str, int]:
    return dict(installation.state_of(user_id=user).activity.names)


def test_waiting_for_a_parcel_weighs_on_the_mood_although_nothing_is_sent(installation: Installation) -> None:
    _ordered(installation)
    installation.clock.now = START + 3 * DAY - HOUR
    _wake(installation)
    assert "Order Overdue" not in _names(installation)
    before = sense.mood_at(installation.state_of(user_id="u1"), installation.clock()).valence
    installation.clock.now = START + 3 * DAY + HOUR
    _wake(installation)
    state = installation.state_of(user_id="u1")
    mood = sense.mood_at(state, installation.clock())
    assert mood.valence < before - 0.05
    assert "still waiting for an order" in {why.label for why in mood.evidence}
    assert "order_late" in {each.name for each in sense.circumstances_at(state, installation.clock())}


def test_it_is_noted_three_times_and_not_again(installation: Installation) -> None:
    _ordered(installation)
    for day in range(3, 30):
        installation.clock.now = START + day * DAY + HOUR
        _wake(installation)
    assert _names(installation)["Order Overdue"] == 3


def test_what_came_in_time_is_never_overdue(installation: Installation) -> None:
    _ordered(installation)
    installation.clock.now = START + 2 * DAY
    installation.happen("Order Delivered", userId="u1", properties={"order_id": "88"})
    installation.clock.now = START + 9 * DAY
    _wake(installation)
    assert "Order Overdue" not in _names(installation)


def test_a_crash_while_noting_notes_it_once(installation: Installation) -> None:
    _ordered(installation)
    installation.clock.now = START + 3 * DAY + HOUR
    with installation.connection.transaction(force_rollback=True):
        assert installation.engine.wake() == 1
    _wake(installation)
    assert _names(installation)["Order Overdue"] == 1


def test_replay_finds_what_was_noted(installation: Installation) -> None:
    _ordered(installation)
    _ordered(installation, "u2", days=200)
    installation.clock.now = START + 6 * DAY
    _wake(installation)
    installation.carry()
    before = installation.state_bytes()
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == before


def test_a_shop_that_never_tells_of_deliveries_gets_no_alarms(installation: Installation) -> None:
    _ordered(installation)
    installation.clock.now = START + 9 * DAY
    _wake(installation, told=False)
    assert "Order Overdue" not in _names(installation)
    installation.clock.now = START + 10 * DAY + HOUR
    _wake(installation)
    assert _names(installation)["Order Overdue"] == 1, "once deliveries are told, what is overdue is noted"


def test_a_promise_of_a_day_before_the_order_is_none(installation: Installation) -> None:
    about = {"order_id": "1", "expected_at": "1995-05-05"}
    installation.happen("Order Completed", userId="u1", properties=about)
    _wake(installation)
    assert "Order Overdue" not in _names(installation)


def test_no_tracker_may_say_that_an_order_is_overdue() -> None:
    body = b'{"type": "track", "event": "Order Overdue", "userId": "u1", "properties": {"noted": 99}}'
    (dropped,) = parse(body, "track", START, Limits()).dropped
    assert dropped.reason == "reserved"
