"""Several engines share the work: nothing is lost, nothing happens twice, and replay finds the same again."""

from __future__ import annotations

import random
import threading
import time
import uuid
from types import SimpleNamespace

import pytest

from heed.contracts.event import Event
from heed.pipeline import engine as engine_module
from heed.pipeline.carry import MUCH
from heed.pipeline.engine import Engine
from heed.pipeline.replay import replay
from heed.pipeline.store import Conflict
from heed.ports.ledger import BULK, LIVE, PARTS, part_of
from heed.profiles import api as profiles
from tests.installation import Installation
from tests.serving import eventually

_PEOPLE = 40


def _crowd(installation: Installation, count: int, seed: int) -> list[object]:
    """People met by device, by user id, by both and by e-mail, who share devices: engines meet in one profile."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        person = chance.randrange(_PEOPLE)
        device = f"device-{chance.randrange(25)}" if chance.random() < 0.4 else f"device-{person}-own"
        way = chance.randrange(6)
        if way == 0:
            event = installation.event(
                type="identify", userId=f"u{person}", anonymousId=device, traits={"email": f"p{person}@x.org"}
            )
        elif way == 1:
            event = installation.event("Product Viewed", anonymousId=device, properties={"value": number})
        elif way == 2:
            event = installation.event("Product Viewed", anonymousId=device, userId=f"u{person}")
        elif way == 5:
            mail = {"traits": {"email": f"p{person}@x.org"}}
            event = installation.event("Product Viewed", anonymousId=device, context=mail)
        elif way == 3:
            event = installation.event(
                "Message Received", userId=f"u{person}", properties={"text": "Where is my parcel?"}
            )
        else:
            event = installation.event("Order Completed", userId=f"u{person}", properties={"value": 10})
        made.append(event)
    return made


def _at_once(engines: list[Engine]) -> None:
    failed: list[BaseException] = []

    def work(engine: Engine) -> None:
        try:
            while engine.carry(LIVE, 60) or engine.carry(BULK, 60):
                pass
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert failed == []


def test_what_little_comes_is_carried_by_one_and_much_by_all(installation: Installation) -> None:
    first, second = installation.engine, installation.new_engine()
    assert first.carrier.leads()
    installation.send(installation.event("A", userId="u1"))
    assert second.turn() == 0
    assert first.turn() > 0
    for number in range(MUCH // 50):
        installation.send(
            *[
                installation.event("B", userId=f"u{number}-{each}", anonymousId=f"d{each}")
                for each in range(50)
            ]
        )
    assert 0 < second.turn() < MUCH, "its share"
    assert first.turn() > 0
    first.connection.close()
    installation.send(installation.event("C", userId="u2"))
    eventually(second.carrier.leads)
    while second.turn():
        pass
    second.flush()
    assert len({row["name"] for row in installation.lake_rows("name")} & {"A", "B", "C"}) == 3
    second.connection.close()


def test_without_spare_processors_a_second_engine_leaves_an_import_alone_while_live_events_come(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(engine_module, "time", SimpleNamespace(monotonic=lambda: now))
    first, second = installation.engine, installation.new_engine()
    second.spare_processors = False
    assert first.carrier.leads()
    many = [installation.event("B", userId=f"u{number}") for number in range(MUCH)]
    installation.send(*many, lane=BULK)
    installation.send(installation.event("A", userId="u1"))
    assert second.turn() == 0
    assert first.carry(LIVE, 5_000) == 1
    assert second.turn() == 0, "one came a moment ago"
    now += 2
    assert second.turn() > 0
    installation.send(*(installation.event("C", userId=f"u{number}") for number in range(MUCH)))
    assert 0 < second.turn() < MUCH, "of many live events it takes its share"
    second.connection.close()


def test_a_segment_is_filled_while_live_events_come_whichever_engine_was_idle_when_it_was_made(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(engine_module, "time", SimpleNamespace(monotonic=lambda: now, sleep=time.sleep))
    first, second = installation.engine, installation.new_engine()
    second.spare_processors = False
    assert first.carrier.leads()
    installation.send(*(installation.event("Bought", userId=f"u{number}") for number in range(20)))
    installation.carry()
    second.turn()
    installation.segment("buyers", 'did "Bought" within 30 days')
    now += 5
    second.turn()

    def filled() -> bool:
        nonlocal now
        installation.send(installation.event("Seen", userId="somebody"))
        now += 0.6
        first.turn()
        second.turn()
        return len(installation.members("buyers")) == 20

    eventually(filled)
    second.connection.close()


def test_engines_that_meet_in_the_same_people_carry_each_event_once(installation: Installation) -> None:
    engines = [installation.engine, installation.new_engine(), installation.new_engine()]
    events = _crowd(installation, 1_500, 3)
    for start in range(0, len(events), 50):
        installation.send(*events[start : start + 50], lane=LIVE if start % 100 else BULK)  # type: ignore[arg-type]
    installation.send(*events[:200])  # type: ignore[arg-type]  the same again
    installation.engine.refresh_rules(force=True)
    _at_once(engines)
    installation.carry()
    rows = installation.lake_rows("message_id, batch, place")
    assert len(rows) == len({row["message_id"] for row in rows}) == 1_500
    before = installation.state_bytes()
    assert sum(profiles.fold.decode(data).identity.events for data in before.values()) == 1_500
    identifiers = _identifiers(installation)
    replay(installation.engine.carrier, installation.lake)
    assert _identifiers(installation) == identifiers
    assert installation.state_bytes() == before
    for engine in engines[1:]:
        engine.connection.close()


def _identifiers(installation: Installation) -> dict[uuid.UUID, uuid.UUID]:
    return dict(installation.connection.execute("select hash, profile_id from identifier").fetchall())


def test_a_part_one_engine_has_in_hand_is_left_to_it_and_the_others_are_carried(
    installation: Installation,
) -> None:
    events = [installation.event("A", userId=f"u{number}") for number in range(200)]
    held = part_of(events[0])
    elsewhere = sum(part_of(event) != held for event in events)
    installation.send(*events)
    other = installation.new_engine()
    with other.connection.transaction():
        other.connection.execute(
            "select 1 from carry_position where lane = %s and part = %s for update", [LIVE, held]
        )
        while installation.engine.carry(LIVE, 5_000):
            pass
        assert len(installation.profile_ids()) == elsewhere
    installation.carry()
    assert len(installation.profile_ids()) == 200
    assert len({part_of(event) for event in events}) == PARTS
    other.connection.close()


def test_a_rule_one_engine_takes_into_force_is_counted_by_the_other_from_the_next_event_on(
    installation: Installation,
) -> None:
    from heed import rules
    from heed.pipeline.conditions import take_into_force
    from heed.rules.tree import atoms

    rule = rules.parse('did "Product Viewed" at least 2 times')
    other = installation.new_engine()
    installation.send(installation.event("Product Viewed", userId="u1"))
    assert other.carry(LIVE, 100)
    take_into_force(
        installation.connection, lambda: atoms(rule), installation.engine.flush, installation.clock()
    )
    profiles.counting.set([])  # what the other engine, in a process of its own, still believes
    installation.send(installation.event("Product Viewed", userId="u1"))
    other.carry(LIVE, 100)
    while other.fill() or other.filler.waits():
        pass
    assert rules.predicate(rule)(installation.state_of(user_id="u1"), installation.clock())
    other.connection.close()
    profiles.counting.set([])


def test_time_moves_people_also_while_events_never_cease(installation: Installation) -> None:
    installation.happen("Product Added", userId="idle", properties={"product_id": "1", "price": 5})
    installation.clock.advance(31 * 60_000)
    installation.send(installation.event("A", userId="busy"))
    assert installation.engine.turn()
    row = installation.connection.execute(
        "select circumstances from profile where user_id = 'idle'"
    ).fetchone()
    assert row is not None
    assert "basket_left" in row[0]


def test_what_conflicts_for_ever_stops_no_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.happen("A", userId="known")
    apply = profiles.fold.apply

    def conflicts(state: object, event: Event, now: int) -> object:
        if event.name == "Cursed":
            raise Conflict("always")
        return apply(state, event, now)

    events = [installation.event("A", userId=f"u{number}") for number in range(20)]
    with monkeypatch.context() as patched:
        patched.setattr(profiles.fold, "apply", conflicts)
        installation.send(*events, installation.event("Cursed", userId="u1"))
        installation.carry()
    assert len(installation.profile_ids()) == 21
    letters = installation.connection.execute("select reason from dead_letter").fetchall()
    assert letters == [("not_carried",)]


def test_on_a_shared_device_each_gets_what_they_did_however_much_waits(installation: Installation) -> None:
    installation.send(*(installation.event("Noise", userId=f"n{number}") for number in range(300)))
    device = {"anonymousId": "tablet"}
    for who in ("alice", "bob"):
        installation.send(installation.event(type="identify", userId=who, **device))
        installation.send(*(installation.event("Product Viewed", **device) for _ in range(5)))
    while installation.engine.carry(LIVE, 20):
        pass
    for who in ("alice", "bob"):
        assert installation.state_of(user_id=who).activity.names["Product Viewed"] == 5


def test_one_event_meeting_anothers_open_work_is_not_buried(installation: Installation) -> None:
    installation.engine.carrier.conflicts[LIVE] = 1_000
    tries = []
    attach = profiles.attach

    def conflicts_twice(*given: object) -> bool:
        tries.append(given)
        return len(tries) > 2 and attach(*given)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(profiles, "attach", conflicts_twice)
        patched.setattr(installation.engine.carrier, "_works", lambda: True)
        installation.send(installation.event("A", userId="u1"))
        installation.carry()
    assert installation.state_of(user_id="u1").identity.events == 1
    assert installation.connection.execute("select count(*) from dead_letter").fetchone() == (0,)
