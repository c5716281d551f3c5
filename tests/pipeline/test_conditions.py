"""A condition nobody asked before answers as if it had been counted from the first event on."""

from __future__ import annotations

import pytest

from heed import rules
from heed.pipeline import filling
from heed.pipeline.conditions import take_into_force
from heed.pipeline.replay import replay
from heed.ports.ledger import LIVE
from heed.profiles import api as profiles
from heed.rules.tree import Atom, atoms
from tests.installation import START, Installation

_DAY = 86_400_000


@pytest.fixture(autouse=True)
def _no_conditions_left() -> object:
    yield
    profiles.counting.set([])


def _force(installation: Installation, *texts: str) -> set[Atom]:
    wanted = {atom for text in texts for atom in atoms(rules.parse(text))}
    take_into_force(installation.connection, lambda: wanted, installation.engine.flush, installation.clock())
    _fill_all(installation)
    return wanted


def _history(installation: Installation) -> None:
    """Views over forty days, by somebody first unknown, out of order, some too cheap to count."""
    for day in (0, 3, 1, 39, 40, 20):
        installation.clock.now = START + 41 * _DAY
        who = {"anonymousId": "a1"} if day < 20 else {"anonymousId": "a1", "userId": "u1"}
        event = installation.event("Product Viewed", **who, properties={"value": day, "category": "Shoes"})
        event.occurred = START + day * _DAY
        installation.send(event)
        installation.carry()


RULES = (
    'did "Product Viewed" at least 2 times within 30 days where value > 5',
    'did "Product Viewed"',
    'did "Product Viewed" within 48 hours where category = "Shoes"',
    'did "Product Viewed" then no "Product Viewed" where value > 39 in 2 days',
    'first "Product Viewed" where value = 0',
)


def test_a_new_rule_is_filled_from_the_lake(installation: Installation) -> None:
    _force(installation)
    _history(installation)
    _force(installation, *RULES)
    late = installation.state_bytes()

    def naive(text: str) -> bool:
        return rules.predicate(rules.parse(text))(installation.state_of(user_id="u1"), installation.clock())

    assert [naive(text) for text in RULES] == [True, True, True, True, True]
    installation.clock.advance(12 * _DAY)
    assert [naive(text) for text in RULES] == [True, True, False, True, True]
    installation.clock.advance(19 * _DAY)
    assert [naive(text) for text in RULES] == [False, True, False, True, True]
    assert installation.state_bytes() == late, "time alone changes no state"


def test_filling_late_and_counting_from_the_start_give_the_same_bytes(
    installation: Installation,
    postgres: object,
    prepared_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    _force(installation)
    _history(installation)
    _force(installation, *RULES)
    filled = installation.state_bytes()
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == filled


def test_a_window_of_days_keeps_no_year(installation: Installation) -> None:
    """What no window of the condition reaches when it comes is neither asked of the lake nor counted later."""
    _force(installation)
    _history(installation)
    (atom,) = _force(installation, 'did "Product Viewed" within 20 days')
    today = installation.clock() // _DAY
    kept = installation.state_of(user_id="u1").activity.counters[atom.key]
    assert list(kept) == [today - 21, today - 2, today - 1]
    long_ago = installation.event("Product Viewed", userId="u1")
    long_ago.occurred = START
    installation.send(long_ago)
    assert installation.engine.carry(LIVE, 100) == 1
    assert installation.state_of(user_id="u1").activity.counters[atom.key] == kept


def test_windows_of_one_length_share_their_counters() -> None:
    def keys(text: str) -> set[str]:
        return {atom.key for atom in atoms(rules.parse(text))}

    month, week = keys('did "Paid" within 31 days'), keys('did "Paid" at least 3 times within 1 week')
    assert month == week
    assert month != keys('did "Paid" within 32 days') == keys('did "Paid" within 92 days')
    (atom,) = atoms(rules.parse('did "Paid" within 400 days'))
    assert atom.begun(START).key == atom.key


def test_counting_that_began_by_a_clock_ahead_begins_anew(installation: Installation) -> None:
    _force(installation)
    _history(installation)
    rule = 'did "Product Viewed" at least 3 times within 30 days'
    right = installation.clock.now
    installation.clock.advance(20 * _DAY)
    _force(installation, rule)
    installation.clock.now = right
    test = rules.predicate(rules.parse(rule))
    assert not test(installation.state_of(user_id="u1"), right)
    for _ in range(2):  # first the old counters go, then the new ones come
        _force(installation, rule)
    assert test(installation.state_of(user_id="u1"), right)
    filled = installation.state_bytes()
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == filled


def test_one_event_by_a_clock_ahead_ends_no_counting(installation: Installation) -> None:
    installation.segment("often", 'did "Bought" at least 3 times within 24 hours')
    installation.carry()
    right = installation.clock.now
    installation.clock.advance(40 * _DAY)
    installation.happen("Bought", userId="u1")
    installation.clock.now = right
    for _ in range(3):
        installation.clock.advance(_DAY // 24)
        installation.happen("Bought", userId="u1")
    assert installation.members("often") == {"u1"}


def test_replay_in_the_middle_of_filling_leaves_nothing_to_fill(installation: Installation) -> None:
    for _ in range(2):
        installation.happen("Bought", userId="ada")
    installation.segment("buyers", 'did "Bought" at least 2 times within 30 days')
    installation.engine.refresh_rules(force=True)
    while installation.engine.chores():
        pass
    installation.engine.flush()
    replay(installation.engine.carrier, installation.lake)
    installation.engine = installation.new_engine()
    installation.carry()
    assert installation.members("buyers") == {"ada"}


def test_a_rule_that_goes_leaves_nothing_behind(installation: Installation) -> None:
    _force(installation)
    _history(installation)
    before = installation.state_bytes()
    _force(installation, *RULES)
    assert installation.state_bytes() != before
    _force(installation)
    assert installation.state_bytes() == before


def _fill_all(installation: Installation) -> None:
    while installation.engine.fill() or installation.engine.filler.waits():
        pass


def test_events_that_arrive_while_a_rule_is_filled_count_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People also become one person meanwhile, and an engine dies in the middle of it."""
    monkeypatch.setattr(filling, "PIECE", 3)
    _force(installation)
    for number in range(30):
        who = {"anonymousId": f"a{number}"} if number % 3 else {"userId": f"u{number}"}
        for _ in range(1 + number % 2):
            installation.send(installation.event("Product Viewed", **who, properties={"value": 9}))
    installation.carry()
    wanted = {atom for text in RULES for atom in atoms(rules.parse(text))}
    take_into_force(installation.connection, lambda: wanted, installation.engine.flush, installation.clock())
    engine, pieces = installation.engine, 0
    while (done := engine.fill()) or engine.filler.waits():
        if not done:
            continue
        pieces += 1
        number = pieces % 30
        merging = {"anonymousId": f"a{number}", "userId": f"u{number - number % 3}"}
        installation.send(installation.event("Product Viewed", **merging, properties={"value": 9}))
        engine.carry(LIVE, 100)
        if pieces == 4:
            engine = installation.new_engine()
            installation.connection.execute("select pg_advisory_unlock_all()")
    engine.flush()
    filled = installation.state_bytes()
    assert pieces > 6
    assert any(state for state in filled.values())
    replay(engine.carrier, installation.lake)
    assert installation.state_bytes() == filled


def test_a_rule_that_comes_back_before_its_counters_are_gone_counts_once(installation: Installation) -> None:
    _force(installation)
    _history(installation)
    _force(installation, *RULES)
    first = installation.state_bytes()
    wanted = {atom for text in RULES for atom in atoms(rules.parse(text))}
    take_into_force(installation.connection, lambda: set(), installation.engine.flush, installation.clock())
    take_into_force(installation.connection, lambda: wanted, installation.engine.flush, installation.clock())
    _fill_all(installation)
    take_into_force(installation.connection, lambda: wanted, installation.engine.flush, installation.clock())
    _fill_all(installation)
    assert installation.state_bytes() == first


def test_the_very_first_batch_counts_once(installation: Installation) -> None:
    wanted = {atom for text in RULES for atom in atoms(rules.parse(text))}
    take_into_force(installation.connection, lambda: wanted, installation.engine.flush, installation.clock())
    installation.send(installation.event("Product Viewed", userId="u1", properties={"value": 9}))
    installation.engine.carry(LIVE, 100)
    installation.engine.flush()
    _fill_all(installation)
    filled = installation.state_bytes()
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == filled


def test_people_who_become_one_while_they_are_being_filled_lose_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _force(installation)
    for who in ({"anonymousId": "a1"}, {"userId": "u1"}):
        installation.send(installation.event("Product Viewed", **who, properties={"value": 9}))
    installation.carry()
    wanted = {atom for text in RULES for atom in atoms(rules.parse(text))}
    take_into_force(installation.connection, lambda: wanted, installation.engine.flush, installation.clock())
    other, kept_by, merging = installation.new_engine(), profiles.kept_by, [True]

    def another_engine_merges(connection: object, ids: object) -> object:
        found = kept_by(connection, ids)  # type: ignore[arg-type]
        if merging:
            merging.clear()
            installation.send(installation.event("Product Viewed", anonymousId="a1", userId="u1"))
            assert other.carry(LIVE, 100) == 1
        return found

    monkeypatch.setattr(profiles, "kept_by", another_engine_merges)
    _fill_all(installation)
    other.connection.close()
    installation.engine.flush()
    filled = installation.state_bytes()
    assert len(filled) == 1
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == filled
