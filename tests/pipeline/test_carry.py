"""What carrying promises: once, in order, private, repeatable."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

import psycopg
import pytest

from heed.collect.domain.protocol import Limits, parse
from heed.contracts.event import Event
from heed.pipeline import engine, lake_writer, store
from heed.pipeline.replay import replay
from heed.ports.ledger import BULK, LIVE
from heed.profiles import api as profiles
from tests.installation import START, Installation


def test_an_event_reaches_its_profile_and_the_lake(installation: Installation) -> None:
    installation.happen("Product Viewed", userId="u1", properties={"product_id": "42", "price": 12.5})
    state = installation.state_of(user_id="u1")
    assert state.identity.events == 1
    (row,) = installation.lake_rows("name, product_id, price, profile_id")
    assert row["name"] == "Product Viewed"
    assert row["product_id"] == "42"
    assert float(row["price"]) == 12.5
    assert uuid.UUID(row["profile_id"]) in installation.profile_ids()


def test_the_same_message_twice_counts_once(installation: Installation) -> None:
    event = installation.event("Product Viewed", userId="u1")
    installation.send(event, event)
    installation.carry()
    installation.send(event)
    installation.carry()
    assert installation.state_of(user_id="u1").identity.events == 1
    assert len(installation.lake_rows()) == 1


def test_the_same_message_id_from_two_sources_counts_twice(installation: Installation) -> None:
    one, other = (installation.event("A", userId="u1", messageId="same") for _ in range(2))
    other.source = "src_other"
    installation.send(one, other)
    installation.carry()
    assert installation.state_of(user_id="u1").identity.events == 2


def test_live_events_do_not_wait_behind_an_import(installation: Installation) -> None:
    installation.send(*(installation.event("A", userId=f"b{n}") for n in range(3_000)), lane=BULK)
    installation.send(installation.event("B", userId="live"), lane=LIVE)
    installation.engine.turn()
    assert installation.state_of(user_id="live").identity.events == 1
    assert store.progress(installation.connection)[BULK] == 0


def test_a_turn_of_bulk_is_as_long_as_live_events_may_wait(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each of them takes a millisecond, whatever the rows of the ledger hold."""
    installation.send(*(installation.event("A", userId=f"b{n % 7}") for n in range(4_000)), lane=BULK)
    now, turns, carry = 100.0, [], installation.engine.carry

    def timed(lane: int, limit: int, least: int = 1) -> int:
        nonlocal now
        done = carry(lane, limit, least)
        now += done * 0.001
        if lane == BULK:
            turns.append(done)
        return done

    monkeypatch.setattr(installation.engine, "carry", timed)
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: now))
    for _ in range(8):
        installation.engine.turn()
    alone = turns[-1]
    for _ in range(40):
        installation.send(installation.event("B", userId="live"), lane=LIVE)
        installation.engine.turn()
        now += 0.02
    assert 110 <= alone <= 130
    assert 75 <= turns[-1] <= 90


@pytest.mark.parametrize(("late", "turns_of_bulk"), [(10, 5), (1_000, 2)])
def test_an_import_holds_back_while_live_events_are_late_but_never_stops(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, late: int, turns_of_bulk: int
) -> None:
    """For one second, in which live events never cease and a turn takes a twentieth."""
    installation.send(*(installation.event("A", userId=f"b{n % 7}") for n in range(1_000)), lane=BULK)
    now, lanes, carry = 100.0, [], installation.engine.carry
    monkeypatch.setattr(
        installation.engine, "carry", lambda lane, *how: lanes.append(lane) or carry(lane, *how)
    )
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: now))
    for number in range(20):
        installation.send(installation.event("B", userId=f"live {number}"), lane=LIVE)
        installation.clock.advance(late)
        installation.engine.turn()
        now += 0.05
    assert lanes.count(BULK) == turns_of_bulk
    assert lanes.count(LIVE) == 20


@pytest.mark.parametrize(("late", "chores"), [(5, 10), (25, 4), (1_000, 2)])
def test_chores_come_the_seldomer_the_later_live_events_are_but_never_stop(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, late: int, chores: int
) -> None:
    """For one second, in which live events never cease and fifty turns are taken."""
    now, done = 100.0, 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    monkeypatch.setattr(installation.engine, "chores", count)
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: now))
    for number in range(51):
        installation.send(installation.event("B", userId=f"live {number}"), lane=LIVE)
        installation.clock.advance(late)
        installation.engine.turn()
        if not number:
            done = 0
        now += 0.021
    assert done == pytest.approx(chores, abs=1)


def test_a_crash_before_the_commit_leaves_nothing_behind(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.send(installation.event("A", userId="u1"))

    def crash(*_: object) -> None:
        raise psycopg.OperationalError("the connection is gone")

    with monkeypatch.context() as patched:
        patched.setattr(store, "move", crash)
        with pytest.raises(psycopg.OperationalError):
            installation.engine.carry(LIVE, 100)
    assert installation.profile_ids() == set()
    installation.carry()
    assert installation.state_of(user_id="u1").identity.events == 1
    assert len(installation.lake_rows()) == 1


def test_a_crash_between_the_lake_and_the_database_doubles_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.send(installation.event("A", userId="u1"))
    installation.engine.carry(LIVE, 100)

    def crash(*_: object) -> None:
        raise psycopg.OperationalError("the connection is gone")

    with monkeypatch.context() as patched:
        patched.setattr(store, "put_away", crash)
        with pytest.raises(psycopg.OperationalError):
            lake_writer.write_out(installation.connection, installation.lake)
    assert len(installation.lake_rows()) == 1
    installation.send(installation.event("B", userId="u1"))
    installation.carry()
    assert [row["name"] for row in installation.lake_rows("name, batch, place")] == ["A", "B"]


def test_two_engines_on_one_ledger_carry_each_event_once(installation: Installation) -> None:
    other = installation.new_engine()
    for n in range(40):
        installation.send(installation.event("A", userId=f"u{n % 7}"))
        (installation.engine if n % 2 else other).carry(LIVE, 1)
    other.drain()
    other.connection.close()
    assert sum(installation.state_of(user_id=f"u{n}").identity.events for n in range(7)) == 40
    assert len({row["seq"] for row in installation.lake_rows("seq, batch, place")}) == 40


def test_no_file_of_the_lake_gives_a_customer_away(installation: Installation) -> None:
    secrets = [
        "mara.lindqvist@example.org", "Mara", "Lindqvist", "+46701234567", "Storgatan 5", "203.0.113.9",
        "third time I ask", "Zzyzx the cat", "user-4711-mara", "Mara's order",
    ]  # fmt: skip
    installation.happen(
        type="identify", userId="user-4711-mara", anonymousId="anon-77",
        traits={"email": secrets[0], "name": "Mara Lindqvist", "phone": secrets[3], "address": {"street": secrets[4]}},
        context={"ip": secrets[5]},
    )  # fmt: skip
    installation.happen(
        "Message Received", userId="user-4711-mara",
        properties={
            "text": "This is the third time I ask, Mara", "channel": "email", "pet": "Zzyzx the cat",
            "affiliation": "friend of Mara Lindqvist", "coupon": "for-mara.lindqvist@example.org",
            "nested": {"deeper": {"recipient": "Mara Lindqvist"}}, "list": ["Mara"],
        },
    )  # fmt: skip
    installation.happen(type="page", name="Mara's order", userId="user-4711-mara",
                        properties={"path": "/users/mara", "title": "Mara's order", "url": "https://x/?e=mara"})  # fmt: skip
    files = installation.lake_bytes()
    assert b"Message Received" in files or installation.lake_rows("name")
    for secret in secrets:
        assert secret.encode() not in files, f"{secret!r} lies open in the lake"
    assert b"mara" not in files.lower()


def test_replay_brings_the_same_bytes_back(installation: Installation) -> None:
    _busy_week(installation)
    before = installation.state_bytes()
    identifiers = installation.connection.execute("select * from identifier order by hash").fetchall()
    result = replay(installation.engine.carrier, installation.lake)
    assert result.unreadable == 0
    assert installation.state_bytes() == before
    assert installation.connection.execute("select * from identifier order by hash").fetchall() == identifiers


def test_replay_without_a_persons_key_leaves_that_person_out(installation: Installation) -> None:
    _busy_week(installation)
    before = installation.state_bytes()
    identifier = installation.normaliser.identifier("user_id", "u1")
    assert identifier
    (gone,) = profiles.owners(installation.connection, [installation.hasher.hash(identifier)]).values()
    installation.connection.execute("delete from profile_key where profile_id = %s", [gone])
    result = replay(installation.engine.carrier, installation.lake)
    assert result.unreadable > 0
    after = installation.state_bytes()
    assert gone not in after
    assert after == {each: data for each, data in before.items() if each != gone}


def _busy_week(installation: Installation) -> None:
    """Visitors who identify, merge, order, complain and are corrected, over several batches."""
    for day in range(7):
        installation.clock.now = START + day * 86_400_000
        events = []
        for person in range(5):
            who = {"anonymousId": f"a{person}"}
            if day >= person:
                who["userId"] = f"u{person}"
            events.append(
                installation.event(type="page", name="Home", **who, context={"timezone": "Europe/Oslo"})
            )
            events.append(
                installation.event("Product Added", **who, properties={"product_id": "1", "price": 9.0})
            )
            if day == person:
                traits = {"email": f"p{person}@example.org", "name": f"Person {person}"}
                events.append(installation.event(type="identify", **who, traits=traits))
        if day >= 1:
            order = {"order_id": f"o{day}", "value": 80.5, "currency": "EUR"}
            events.append(installation.event("Order Completed", userId="u1", properties=order))
            events.append(
                installation.event(
                    "Message Received", userId="u1", properties={"text": "Where is my parcel? This is awful."}
                )
            )
        if day == 5:
            events.append(
                installation.own("Mood Corrected", userId="u1", properties={"valence": 0.5, "by": "Ravi"})
            )
        installation.send(*events)
        installation.carry()


def test_an_event_that_cannot_be_carried_stops_no_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = profiles.fold.apply

    def breaks(state: object, event: Event, now: int) -> object:
        if event.name == "Poison":
            raise ValueError("a step has a mistake")
        return apply(state, event, now)

    events = [installation.event("Fine", userId=f"u{n % 3}") for n in range(30)]
    events[11] = installation.event("Poison", userId="u1", properties={"text": "Mara"})
    with monkeypatch.context() as patched:
        patched.setattr(profiles.fold, "apply", breaks)
        installation.send(*events)
        installation.carry()
    assert len(installation.lake_rows("seq, batch, place")) == 29
    assert sum(installation.state_of(user_id=f"u{n}").identity.events for n in range(3)) == 29
    (letter,) = installation.connection.execute("select reason, detail, payload from dead_letter").fetchall()
    assert letter[0] == "not_carried"
    assert "Mara" not in letter[1]
    again = parse(b'{"batch":[' + bytes(letter[2]) + b"]}", "batch", START, Limits())
    assert [each.name for each in again.events] == ["Poison"]
    installation.send(*again.events)
    installation.carry()
    assert installation.state_of(user_id="u1").activity.names["Poison"] == 1


def test_when_everything_fails_nothing_is_thrown_away(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> object:
        raise ValueError("the code is broken, not the events")

    installation.send(*(installation.event("A", userId=f"u{n}") for n in range(100)))
    with monkeypatch.context() as patched:
        patched.setattr(profiles.fold, "apply", breaks)
        with pytest.raises(ValueError, match="the code is broken"):
            installation.engine.carry(LIVE, 100)
    installation.carry()
    assert len(installation.profile_ids()) == 100
    assert installation.connection.execute("select count(*) from dead_letter").fetchone() == (0,)


def test_an_event_the_database_refuses_is_buried_however_many_there_are(installation: Installation) -> None:
    """Handed straight to the ledger, past the checks at the door."""
    bad = [
        Event(f"bad{n}", "track", START, START, "A", user_id=f"b{n}", source="s",
              context={"externalIds": [{"type": "a\x00b", "id": "7"}]})
        for n in range(25)
    ]  # fmt: skip
    installation.send(*bad, installation.event("Fine", userId="u1"))
    installation.carry()
    assert installation.state_of(user_id="u1").identity.events == 1
    count = installation.connection.execute("select count(*) from dead_letter where reason = 'not_carried'")
    assert count.fetchone() == (25,)
    assert installation.connection.execute("select count(*) from carry_seen").fetchone() == (1,)


def test_an_address_in_an_id_or_a_name_does_not_lie_open(installation: Installation) -> None:
    installation.happen(
        "Form Submitted", userId="u1", messageId="order-hidden@example.org-1",
        properties={"hidden@example.org": True, "tel": 46701234567, "category": "Zebedee"},
        context={"sessionId": "hidden@example.org", "traits": {"name": "Zebedee Quux"}},
    )  # fmt: skip
    files = installation.lake_bytes()
    for secret in (b"hidden@example.org", b"46701234567", b"Zebedee"):
        assert secret not in files


def test_ten_years_in_one_batch_reach_the_lake_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash after the first piece of a long append: the rest follows, the first does not come twice."""
    events = []
    for day in range(400):
        event = installation.event("A", userId=f"u{day % 5}")
        event.occurred = START - day * 9 * 86_400_000
        events.append(event)
    installation.send(*events)
    installation.engine.carry(LIVE, 5_000)
    append, calls = installation.lake.append, []

    def crash(*given: object) -> bool:
        calls.append(given)
        if len(calls) > 1:
            raise OSError("the disk is gone")
        return append(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(installation.lake, "append", crash)
        with pytest.raises(OSError, match="the disk is gone"):
            lake_writer.write_out(installation.connection, installation.lake)
    assert 0 < len(installation.lake_rows("seq, batch, place")) < 400
    installation.carry()
    assert sorted(row["seq"] for row in installation.lake_rows("seq, batch, place")) == list(range(1, 401))


def test_a_clock_that_jumps_loses_nothing_and_replay_finds_the_same(installation: Installation) -> None:
    """Back an hour as after a bad time server, ahead ten days, and back again."""
    hour = 3_600_000
    for number, jump in enumerate((0, -hour, 240 * hour, -239 * hour, 5 * hour)):
        installation.clock.advance(jump)
        installation.send(
            *(installation.event("Product Viewed", userId=f"u{n % 4}") for n in range(20)),
            installation.event(
                "Message Received", userId="u1", properties={"text": f"Where is it? {number}"}
            ),
        )
        while installation.engine.turn():
            pass
    installation.carry()
    assert len(installation.lake_rows("seq, batch, place")) == 105
    before = installation.state_bytes()
    assert sum(profiles.fold.decode(data).identity.events for data in before.values()) == 105
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == before
