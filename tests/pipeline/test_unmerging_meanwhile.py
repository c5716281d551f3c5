"""A merge is undone while other work goes on, or fails, or is killed: nobody loses anything."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from heed.kit.clock import moment
from heed.pipeline import store
from heed.pipeline.conditions import take_into_force
from heed.pipeline.engine import Engine
from heed.ports.ledger import LIVE
from heed.profiles import api as profiles
from heed.rules.tree import Atom
from tests.installation import Installation
from tests.merging import merge, owner, unmerge
from tests.pipeline.test_unmerging import everything, same_after_replay
from tests.serving import eventually


def two(here: Installation) -> Any:
    """Two people with histories, made one by mistake; the id of the one absorbed."""
    for user, granted in (("u1", True), ("u2", False)):
        here.happen("Bought", userId=user, properties={"order_id": user, "value": 5})
        here.happen("Consent Changed", userId=user, properties={"purpose": "marketing", "granted": granted})
        here.clock.advance(1_000)
    absorbed = owner(here, "user_id", "u2")
    merge(here, {"user_id": "u1"}, {"user_id": "u2"})
    here.happen("Bought", userId="u2", properties={"order_id": "later", "value": 7})
    assert len(here.profile_ids()) == 1
    return absorbed


def asked(here: Installation) -> list[tuple[Any, int]]:
    return here.connection.execute("select absorbed, tries from identity_unmerge").fetchall()


def consents(here: Installation, user: str) -> bool:
    return bool(here.state_of(user_id=user).consent.purposes["marketing"].granted)


def ask(here: Installation, absorbed: Any) -> None:
    here.connection.execute(
        "insert into identity_unmerge (absorbed, tries, at) values (%s, 0, %s)",
        [absorbed, moment(here.clock())],
    )


def test_it_waits_until_what_is_being_filled_is_filled(installation: Installation) -> None:
    here = installation
    absorbed = two(here)
    wanted = Atom("Bought", "ever")
    take_into_force(here.connection, lambda: [wanted], here.engine.flush, here.clock())
    ask(here, absorbed)
    while store.fills(here.connection):
        assert here.engine.unmerge() == 0
        assert len(here.profile_ids()) == 1
        here.engine.fill()
    assert here.engine.unmerge() == 1
    counts = {user: here.state_of(user_id=user).activity.counters[wanted.key] for user in ("u1", "u2")}
    assert {user: sum(buckets.values()) for user, buckets in counts.items()} == {"u1": 1, "u2": 2}
    same_after_replay(here)


def test_a_condition_that_comes_afterwards_counts_for_each_their_own(installation: Installation) -> None:
    here = installation
    unmerge(here, two(here))
    here.segment("regular", 'did "Bought" at least 2 times')
    here.carry()
    assert here.members("regular") == {"u2"}
    same_after_replay(here)


def test_erasing_one_of_them_takes_what_was_carried_under_the_other(installation: Installation) -> None:
    here = installation
    unmerge(here, two(here))
    one, other = owner(here, "user_id", "u1"), owner(here, "user_id", "u2")
    theirs = {row["message_id"] for row in here.lake_rows("*") if row["profile_id"] == str(one)}
    here.lake.erase([other])
    left = {row["message_id"] for row in here.lake_rows("*") if row["profile_id"]}
    assert left == theirs
    assert "later" not in {row["order_id"] for row in here.lake_rows("*")}
    here.lake.erase([one])
    assert here.lake_rows("*") == []


def test_one_that_fails_stops_nothing_and_is_tried_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = installation
    absorbed = two(here)
    before = everything(here)

    def broken(*given: object) -> None:
        raise RuntimeError("the lake cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr(here.lake, "scan", broken)
        unmerge(here, absorbed)
    assert everything(here) == before
    assert asked(here) == [(absorbed, 1)]
    here.happen("Asked", userId="u2")
    assert len(here.profile_ids()) == 1
    here.engine._put_off.clear()
    here.carry()
    assert asked(here) == []
    assert here.state_of(user_id="u2").activity.names == {"Bought": 2, "Asked": 1, "Consent Changed": 1}
    same_after_replay(here)


HALF = """
import sys, threading
from pathlib import Path
from heed import wiring
wiring.set_up_django()
from heed.profiles import api as profiles
from tests.installation import Installation
here = Installation(sys.argv[1], Path(sys.argv[2]))
move_rows = profiles.move_rows
def halfway(connection, rows):
    move_rows(connection, rows)
    print("halfway", flush=True)
    threading.Event().wait()
profiles.move_rows = halfway
here.carry()
"""


def test_killed_in_the_middle_of_it_nothing_is_lost_and_consent_stays_each_ones_own(
    installation: Installation,
) -> None:
    here = installation
    absorbed = two(here)
    before = everything(here)
    ask(here, absorbed)
    folder = Path(here.lake.path).parents[1]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", HALF, here.dsn, str(folder)], stdout=subprocess.PIPE, cwd=root
    ) as engine:
        assert engine.stdout is not None
        assert any(line.strip() == b"halfway" for line in engine.stdout)
        engine.send_signal(signal.SIGKILL)
    assert everything(here) == before
    assert asked(here) == [(absorbed, 0)]
    eventually(lambda: _free(here))
    here.carry()
    assert asked(here) == []
    assert (consents(here, "u1"), consents(here, "u2")) == (True, False)
    assert here.state_of(user_id="u2").activity.names["Bought"] == 2
    same_after_replay(here)


def _free(here: Installation) -> bool:
    """Whether the dead process's locks are gone: PostgreSQL notices when it next writes to it."""
    held = here.connection.execute(
        "select count(*) from pg_locks where locktype = 'advisory' and classid = 7341 and objid = 3"
    ).fetchone()
    return held == (0,)


def test_several_engines_carry_and_undo_at_once(installation: Installation) -> None:
    here = installation
    engines = [here.engine, here.new_engine(), here.new_engine()]
    chance, count = random.Random(7), itertools.count()
    for user in range(12):
        here.send(here.event("Seen", userId=f"u{user}", anonymousId=f"d{user}"))
    here.carry()
    failed: list[BaseException] = []
    stopping = threading.Event()

    def work(engine: Engine) -> None:
        try:
            while not stopping.is_set():
                engine.carry(LIVE, 20)
                engine.unmerge()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines[1:]]
    for each in threads:
        each.start()
    for turn in range(12):
        one, other = chance.sample(range(12), 2)
        ids = [owner(here, "user_id", f"u{user}") for user in (one, other)]
        if ids[0] != ids[1]:
            states = profiles.states(here.connection, ids)
            told = [(each, profiles.fold.decode(states[each])) for each in ids if each in states]
            if len(told) == 2:
                event = profiles.merge_event(
                    told[0], told[1], here.hasher, "person", f"p{turn}", here.clock()
                )
                assert event is not None
                here.send(event)
        for _ in range(30):
            user, device = chance.randrange(12), chance.randrange(12)
            who = {"userId": f"u{user}"} if next(count) % 2 else {"anonymousId": f"d{device}"}
            here.send(here.event("Seen", **who))
        here.engine.carry(LIVE, 20)
        row = here.connection.execute(
            "select absorbed from profile_merge where absorbed not in (select absorbed from identity_unmerge)"
            " order by random() limit 1"
        ).fetchone()
        if row:
            ask(here, row[0])
    stopping.set()
    for each in threads:
        each.join(120)
    assert failed == []
    for engine in engines[1:]:
        engine.connection.close()
    here.carry()
    assert asked(here) == []
    assert here.connection.execute("select count(*) from identity_apart").fetchone() != (0,)
    same_after_replay(here)
