"""A merge that was wrong is undone: everybody has again exactly what is theirs."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heed.contracts.event import Event
from heed.engines.postgres.server import EmbeddedServer
from heed.pipeline.replay import replay
from heed.profiles import api as profiles
from tests.installation import Installation, copied
from tests.merging import merge, owner, unmerge


def everything(here: Installation) -> dict[str, Any]:
    """What must be the same: states, columns as of now, segments, identifiers, merges; and what the lake says happened
    to whom and how they felt after it."""
    now = here.clock()
    rows = {
        profile_id: profiles.row_of(profile_id, data, profiles.fold.decode(data), now)
        for profile_id, data in here.state_bytes().items()
    }
    merged = profiles.merged_into(here.connection)
    timelines: dict[uuid.UUID, list[tuple[Any, ...]]] = {}
    for row in here.lake_rows("profile_id, message_id, name, valence, mood_confidence"):
        if row["profile_id"] and row["name"] != "Profiles Merged":
            whose = uuid.UUID(row["profile_id"])
            told = (row["message_id"], row["valence"], row["mood_confidence"])
            timelines.setdefault(merged.get(whose, whose), []).append(told)
    segments = here.connection.execute("select id, segments from profile order by id").fetchall()
    identifiers = here.connection.execute("select hash, kind, profile_id from identifier order by hash")
    merges = here.connection.execute(
        "select kept, absorbed, joined_to, message_id from profile_merge order by absorbed"
    )
    return {
        "rows": rows,
        "segments": segments,
        "identifiers": identifiers.fetchall(),
        "merges": merges.fetchall(),
        "timelines": timelines,
    }


def same_after_replay(here: Installation) -> None:
    before = everything(here)
    replay(here.engine.carrier, here.lake)
    after = everything(here)
    assert after == before


def test_two_people_merged_by_mistake_are_two_again(installation: Installation) -> None:
    here = installation
    here.happen("Seen", userId="u1")
    here.clock.advance(1_000)
    here.happen("Seen", userId="u2")
    one, two = owner(here, "user_id", "u1"), owner(here, "user_id", "u2")
    before = here.state_bytes()
    merge(here, {"user_id": "u1"}, {"user_id": "u2"})
    assert here.profile_ids() == {one}
    assert owner(here, "user_id", "u2") == one
    unmerge(here, two)
    assert here.state_bytes() == before
    same_after_replay(here)


def test_what_happened_between_goes_to_whom_it_names(installation: Installation) -> None:
    here = installation
    here.happen("Seen", userId="u1")
    here.clock.advance(1_000)
    here.happen("Seen", userId="u2")
    two = owner(here, "user_id", "u2")
    merge(here, {"user_id": "u1"}, {"user_id": "u2"})
    here.happen("Asked", userId="u2")
    unmerge(here, two)
    here.happen("Thanked", userId="u2")
    assert here.state_of(user_id="u2").activity.names == {"Seen": 1, "Asked": 1, "Thanked": 1}
    assert here.state_of(user_id="u1").activity.names == {"Seen": 1}
    same_after_replay(here)


def test_an_undone_merge_by_a_shared_address_does_not_come_again(installation: Installation) -> None:
    here = installation
    contact = {"traits": {"email": "family@example.org"}}
    here.happen("Seen", anonymousId="laptop", context=contact)
    here.clock.advance(1_000)
    here.happen("Signed In", userId="u1")
    here.happen("Asked", userId="u1", context=contact)
    (merged,) = here.connection.execute("select absorbed from profile_merge").fetchall()
    unmerge(here, merged[0])
    assert len(here.profile_ids()) == 2
    here.happen("Asked", userId="u1", context=contact)
    assert len(here.profile_ids()) == 2
    assert here.state_of(user_id="u1").activity.names == {"Signed In": 1, "Asked": 2}
    assert here.state_of(email="family@example.org").activity.names == {"Seen": 1}
    same_after_replay(here)


def test_a_device_said_to_be_somebody_elses_stays_theirs(installation: Installation) -> None:
    here = installation
    here.happen("Seen", anonymousId="tablet")
    here.clock.advance(1_000)
    here.happen("Signed In", userId="u1")
    here.happen("Bought", userId="u1", anonymousId="tablet")
    (merged,) = here.connection.execute("select absorbed from profile_merge").fetchall()
    unmerge(here, merged[0])
    assert here.state_of(anonymous_id="tablet").activity.names == {"Seen": 1}
    here.happen("Seen", anonymousId="tablet")
    assert here.state_of(anonymous_id="tablet").activity.names == {"Seen": 2}
    same_after_replay(here)


def test_merging_again_after_all_holds_also_in_replay(installation: Installation) -> None:
    here = installation
    here.happen("Seen", userId="u1")
    here.clock.advance(1_000)
    here.happen("Seen", userId="u2")
    two = owner(here, "user_id", "u2")
    for _ in range(2):
        merge(here, {"user_id": "u1"}, {"user_id": "u2"})
        here.happen("Asked", userId="u2")
        unmerge(here, two)
        here.happen("Asked", userId="u1")
    merge(here, {"user_id": "u1"}, {"user_id": "u2"})
    assert len(here.profile_ids()) == 1
    same_after_replay(here)


def test_one_of_several_merges_is_undone_and_the_others_stay(installation: Installation) -> None:
    here = installation
    for user in ("u1", "u2", "u3"):
        here.happen(f"Seen {user}", userId=user)
        here.clock.advance(1_000)
    two = owner(here, "user_id", "u2")
    merge(here, {"user_id": "u2"}, {"user_id": "u3"})
    merge(here, {"user_id": "u1"}, {"user_id": "u2"})
    assert len(here.profile_ids()) == 1
    unmerge(here, two)
    assert here.state_of(user_id="u1").activity.names == {"Seen u1": 1}
    assert here.state_of(user_id="u3").activity.names == {"Seen u2": 1, "Seen u3": 1}
    same_after_replay(here)


def test_an_innermost_merge_is_undone_and_the_outer_one_stays(installation: Installation) -> None:
    here = installation
    for user in ("u1", "u2", "u3"):
        here.happen(f"Seen {user}", userId=user)
        here.clock.advance(1_000)
    three = owner(here, "user_id", "u3")
    merge(here, {"user_id": "u2"}, {"user_id": "u3"})
    merge(here, {"user_id": "u1"}, {"user_id": "u2"})
    unmerge(here, three)
    assert here.state_of(user_id="u3").activity.names == {"Seen u3": 1}
    assert here.state_of(user_id="u1").activity.names == {"Seen u1": 1, "Seen u2": 1}
    same_after_replay(here)


def test_a_segment_entered_as_one_person_is_said_of_neither(installation: Installation) -> None:
    here = installation
    here.segment("keen", 'did "Bought" at least 2 times')
    here.happen("Seen", userId="u1")
    here.happen("Bought", userId="u1")
    here.clock.advance(1_000)
    here.happen("Bought", userId="u2")
    two = owner(here, "user_id", "u2")
    before = here.state_bytes()
    merge(here, {"user_id": "u1"}, {"user_id": "u2"})
    assert here.members("keen")
    here.carry()
    unmerge(here, two)
    assert here.members("keen") == set()
    assert here.state_bytes() == before
    same_after_replay(here)
    here.segment("bought", 'did "Bought" at least 1 times')
    here.happen("Seen", userId="u1")
    assert here.members("bought") == {"u1", "u2"}


# Somebody's events: (who, what), who being 0 or 1 (or 2) and named by any identifier of theirs.
PEOPLE: list[list[dict[str, Any]]] = [
    [
        {"userId": f"u{n}"},
        {"anonymousId": f"a{n}"},
        {"userId": f"u{n}", "anonymousId": f"a{n}"},
        {"userId": f"u{n}", "context": {"traits": {"email": f"p{n}@example.org", "city": f"c{n}"}}},
        {"anonymousId": f"b{n}", "context": {"traits": {"email": f"p{n}@example.org"}}},
    ]
    for n in range(3)
]
WHAT: list[tuple[str, dict[str, Any]]] = [
    ("Seen", {}),
    ("Order Completed", {"properties": {"order_id": "o1", "value": 10, "currency": "EUR"}}),
    ("Consent Changed", {"properties": {"purpose": "marketing", "granted": True}}),
    ("Consent Changed", {"properties": {"purpose": "marketing", "granted": False}}),
    ("Message Received", {"properties": {"text": "This is terrible, where is my parcel?"}}),
    ("Message Received", {"properties": {"text": "Wonderful, thank you so much!"}}),
    ("Survey Answered", {"properties": {"score": 1, "scale": "csat"}}),
    ("List Member Added", {"properties": {"segment": "press"}}),
    ("List Member Removed", {"properties": {"segment": "press"}}),
]
SEGMENTS = {
    "permit": "consents marketing",
    "keen": 'did "Seen" at least 2 times within 3 hours',
    "unhappy": "mood.valence < -0.1",
    "bought": 'did "Order Completed" at least 2 times',
    "both": "segment press and segment unhappy",
}
HAPPENS = st.tuples(st.integers(0, 2), st.integers(0, 4), st.sampled_from(WHAT), st.integers(0, 5_000_000))
STORIES = st.lists(HAPPENS, max_size=10)


@contextlib.contextmanager
def installed(postgres: EmbeddedServer, pattern: str, folder: Path) -> Iterator[tuple[Installation, str]]:
    """An installation whose database is made like another, and the name of that database."""
    with copied(postgres, pattern) as name:
        here = Installation(postgres.dsn.replace("/postgres?", f"/{name}?"), folder)
        with contextlib.closing(here):
            yield here, name


@pytest.fixture(scope="module")
def fresh(
    postgres: EmbeddedServer, prepared_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], contextlib.AbstractContextManager[Installation]]]:
    """New installations that know the segments; each example takes two."""
    pattern = tmp_path_factory.mktemp("pattern")
    with installed(postgres, prepared_database, pattern) as (known, name):
        known.segment("press", kind="list")
        for key, rule in SEGMENTS.items():
            known.segment(key, rule)
        known.carry()
        known.close()

        @contextlib.contextmanager
        def make() -> Iterator[Installation]:
            folder = tmp_path_factory.mktemp("fresh")
            shutil.copytree(pattern, folder, dirs_exist_ok=True)
            with installed(postgres, name, folder) as (here, _):
                yield here
            shutil.rmtree(folder)

        yield make


def tell(here: Installation, story: list[Any], name: str) -> None:
    events: list[Event] = []
    for place, (who, how, (what, more), later) in enumerate(story):
        here.clock.advance(later)
        said = here.own if what.startswith("List") else here.event
        events.append(said(what, messageId=f"{name}-{place}", **PEOPLE[who][how], **more))
    if events:
        here.send(*events)
    here.carry()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=STORIES, between=STORIES, after=STORIES, third=st.booleans())
def test_merge_and_unmerge_leave_what_would_have_been(
    fresh: Any, before: list[Any], between: list[Any], after: list[Any], third: bool
) -> None:
    known = [(n, 0, WHAT[0], 1_000) for n in range(3)]
    with fresh() as one, fresh() as twin:
        for here in (one, twin):
            tell(here, known + before, "before")
        if third:
            for here in (one, twin):
                merge(here, {"user_id": "u0"}, {"user_id": "u2"})
        # Each has some sign of the other, or not: only the merge under test makes them one.
        first, second = owner(one, "user_id", "u0"), owner(one, "user_id", "u1")
        merge(one, {"user_id": "u0"}, {"user_id": "u1"})
        assert owner(one, "user_id", "u0") == owner(one, "user_id", "u1")
        for here in (one, twin):
            tell(here, between, "between")
        ((absorbed,),) = one.connection.execute(
            "select absorbed from profile_merge where absorbed in (%s, %s)", [first, second]
        ).fetchall()
        unmerge(one, absorbed)
        assert _comparable(one) == _comparable(twin)
        for here in (one, twin):
            tell(here, after, "after")
        assert _comparable(one) == _comparable(twin)
        same_after_replay(one)


def _comparable(here: Installation) -> dict[str, Any]:
    """`everything`, but when somebody was said to enter and leave segments: what was said of the two as one is taken
    back, and what holds of each is said later, or not at all where the two as one were in it before."""
    while here.engine.wake():
        pass
    here.carry()
    found = everything(here)
    for profile_id, (_, data, *columns) in found["rows"].items():
        state = profiles.fold.decode(data)
        assert state.segments.since.keys() <= set(dict(found["segments"])[profile_id])
        state.segments.since = {}
        for name in ("Segment Entered", "Segment Left"):
            state.activity.names.pop(name, None)
        found["rows"][profile_id] = (profiles.fold.encode(state), *columns)
    found["timelines"] = {
        who: [each for each in told if not each[0].startswith("heed-move")]
        for who, told in found["timelines"].items()
    }
    found["merges"] = [each[:3] for each in found["merges"]]
    return found
