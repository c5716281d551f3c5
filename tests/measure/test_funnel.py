"""Funnels: in order, in time, each customer once, and nobody lost from a step's own count."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import User
from heed.measure import funnel
from heed.measure.domain.funnel import BESIDE, LEFT, REACHED, Question, Step
from heed.ports import current
from heed.profiles.api import fold
from heed.profiles.models import Profile, ProfileMerge
from heed.segments.api import save_segment
from heed.segments.jobs import fill_list
from tests.lake import put

Carry = Callable[[list[Event]], None]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEEN, CART, BOUGHT = "Product Viewed", "Product Added", "Order Completed"
THREE = Question((SEEN, CART, BOUGHT))
HOSTILE = "<script>alert(1)</script>'; drop table events; --"


def who(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def did(name: str, whose: str, hours_ago: float) -> dict[str, Any]:
    return {"name": name, "profile_id": who(whose), "occurred": NOW - timedelta(hours=hours_ago)}


def told(question: Question = THREE) -> list[Step]:
    return funnel.count(question, NOW)


def people(number: int, kind: str, question: Question = THREE) -> set[str]:
    """Ids, of whom there need not be a profile."""
    for each in ("ann", "bob", "cat", "dan", "eve", "fay"):
        Profile.objects.get_or_create(
            pk=who(each), defaults={"state": fold.encode(fold.new()), "display_name": each}
        )
    return {person.display_name for person in funnel.who(question, number, kind, NOW).people}


@pytest.mark.django_db
def test_a_purchase_without_a_cart_is_no_part_of_the_funnel_and_not_lost(an_empty_lake: None) -> None:
    put(
        current.lake(),
        [
            *(did(SEEN, each, 50) for each in ("ann", "bob", "cat", "dan")),
            *(did(CART, each, 40) for each in ("ann", "bob")),
            *(did(BOUGHT, each, 30) for each in ("ann", "cat", "eve")),
        ],
    )
    seen, cart, bought = told()
    assert [each.reached for each in (seen, cart, bought)] == [4, 2, 1]
    assert (bought.did, bought.beside, bought.left) == (3, 2, 1)
    assert (cart.beside, cart.left) == (0, 2)
    assert bought.seconds == 20 * 3600
    assert people(3, REACHED) == {"ann"}
    assert people(3, LEFT) == {"bob"}
    assert people(3, BESIDE) == {"cat", "eve"}
    assert people(1, REACHED) == {"ann", "bob", "cat", "dan"}


@pytest.mark.django_db
def test_events_count_in_the_order_they_occurred_not_arrived(an_empty_lake: None) -> None:
    put(current.lake(), [did(BOUGHT, "ann", 10), did(CART, "ann", 20), did(SEEN, "ann", 30)])
    put(current.lake(), [did(SEEN, "bob", 10), did(CART, "bob", 20), did(BOUGHT, "bob", 30)], 1)
    assert [each.reached for each in told()] == [2, 1, 1]
    assert people(3, BESIDE) == {"bob"}


@pytest.mark.django_db
def test_only_what_follows_in_time_counts_and_a_later_start_gives_another_chance(an_empty_lake: None) -> None:
    put(
        current.lake(),
        [
            did(SEEN, "ann", 300), did(CART, "ann", 100), did(BOUGHT, "ann", 99),
            did(SEEN, "bob", 300), did(SEEN, "bob", 101), did(CART, "bob", 100), did(BOUGHT, "bob", 99),
            did(SEEN, "cat", 24 * 31 + 13), did(CART, "cat", 24 * 31), did(BOUGHT, "cat", 24 * 30 + 13),
        ],
    )  # fmt: skip
    assert [each.reached for each in told()] == [2, 1, 1]
    assert people(3, REACHED) == {"bob"}
    assert [each.reached for each in told(Question((SEEN, CART, BOUGHT), 90))] == [3, 2, 2]


@pytest.mark.django_db
def test_the_same_step_twice_takes_two_events(an_empty_lake: None) -> None:
    put(current.lake(), [did(BOUGHT, "ann", 5), did(BOUGHT, "bob", 9), did(BOUGHT, "bob", 8)])
    first, second = told(Question((BOUGHT, BOUGHT)))
    assert (first.reached, second.reached, second.left) == (2, 1, 1)
    assert second.beside == 0, "who did it once did it as the first step"


@pytest.mark.django_db
def test_who_was_merged_is_one_and_segments_narrow_it(an_empty_lake: None) -> None:
    put(current.lake(), [did(SEEN, "device", 9), did(CART, "ann", 8), did(SEEN, "bob", 9)])
    ProfileMerge.objects.create(
        kept=who("ann"), absorbed=who("device"), joined_to=who("ann"), message_id="m", kind="user_id", at=NOW
    )
    assert [each.reached for each in told()] == [2, 1, 0]
    people(1, REACHED)
    Profile.objects.filter(pk=who("bob")).update(segments=["few"])
    assert [each.reached for each in told(Question((SEEN, CART), segment="few"))] == [1, 0]
    assert [each.reached for each in told(Question((SEEN, CART), segment="none"))] == [0, 0]


@pytest.mark.django_db
def test_pages_of_people_join_without_gap(an_empty_lake: None) -> None:
    put(current.lake(), [did(SEEN, each, 9) for each in ("ann", "bob", "cat", "dan", "eve")])
    people(1, REACHED)
    found: list[str] = []
    after = ""
    while True:
        page = funnel.who(THREE, 1, REACHED, NOW, after, size=2)
        found += [person.display_name for person in page.people]
        if not (after := page.next_cursor):
            break
    assert sorted(found) == ["ann", "bob", "cat", "dan", "eve"]


def _plainly(events: list[tuple[int, int]], steps: int, within: int) -> list[int]:
    """For one customer, by hand: how far each start leads, trying all ways. `events` are (hour, step)."""
    furthest = 0
    for start in (at for at, (_, step) in enumerate(events) if step == 0):
        depth, hour = 1, events[start][0]
        for later_hour, step in events[start + 1 :]:
            if depth < steps and step == depth and later_hour - hour <= within:
                depth += 1
        furthest = max(furthest, depth)
    return [int(furthest >= number) for number in range(1, steps + 1)]


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), max_size=8), min_size=1, max_size=6)
)
def test_any_history_is_counted_as_by_hand(
    an_empty_lake: None, histories: list[list[tuple[int, int]]]
) -> None:
    lake = current.lake()
    version = lake.version("tests") + 1
    names = [f"{step}-{version}" for step in range(3)]
    events, expected = [], [0, 0, 0]
    for person, history in enumerate(histories):
        events += [did(names[step], f"{version}-{person}", 100 - hour) for hour, step in history]
        ordered = sorted(history, key=lambda each: each[0])
        expected = [a + b for a, b in zip(expected, _plainly(ordered, 3, 24), strict=True)]
    if events:
        put(lake, events, version)
    assert [each.reached for each in told(Question(tuple(names), within=24))] == expected


def _in_any_order(history: list[tuple[int, int]], steps: int, within: int) -> list[int]:
    """For each number of steps whether its events were all done in some stretch of so many hours."""
    found = []
    for number in range(1, steps + 1):
        wanted = set(range(number))
        found.append(
            int(
                any(
                    wanted <= {step for hour, step in history if start <= hour <= start + within}
                    for start, _ in history
                )
            )
        )
    return found


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), max_size=8), min_size=1, max_size=6)
)
def test_any_history_is_counted_as_by_hand_in_any_order(
    an_empty_lake: None, histories: list[list[tuple[int, int]]]
) -> None:
    lake = current.lake()
    version = lake.version("tests") + 1
    names = [f"{step}-{version}" for step in range(3)]
    events, expected = [], [0, 0, 0]
    for person, history in enumerate(histories):
        events += [did(names[step], f"{version}-{person}", 100 - hour) for hour, step in history]
        expected = [a + b for a, b in zip(expected, _in_any_order(history, 3, 24), strict=True)]
    if events:
        put(lake, events, version)
    found = told(Question((*names, names[0]), within=24, ordered=False))
    assert [each.reached for each in found] == expected


def test_the_page_shows_steps_opens_their_people_and_survives_anything(carry: Carry) -> None:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    assert client.get("/funnel/").status_code == 302
    assert client.get("/funnel/1/reached/?step=a&step=b").status_code == 302
    client.force_login(User.objects.get())
    funnel.names.forget()
    funnel.kept.cache_clear()
    assert "Nothing has happened yet" in client.get("/funnel/").content.decode()
    save_segment("", name=HOSTILE, rule="seen.days_ago < 9")
    at = int((datetime.now(UTC) - timedelta(hours=2)).timestamp() * 1000)
    call = {"user_id": "ada", "source": "shop"}
    carry([
        Event("f1", "identify", at, at, traits={"name": "Ada"}, **call),
        Event("f2", "track", at, at, name=SEEN, **call),
        Event("f3", "track", at + 60_000, at, name=BOUGHT, **call),
        Event("f4", "track", at + 90_000, at, name=HOSTILE, **call),
    ])  # fmt: skip
    funnel.names.forget()
    funnel.kept.cache_clear()
    page = client.get("/funnel/").content.decode()
    assert "usually 60 s after the first" in page
    assert HOSTILE not in page
    hostile = client.get("/funnel/", {"step": [SEEN, HOSTILE], "days": "7", "segment": "none"})
    assert "&lt;script&gt;" in hostile.content.decode()
    people = client.get("/funnel/2/reached/", {"step": [SEEN, HOSTILE]}).content.decode()
    assert "Ada" in people
    assert "Save them as a list" in people
    assert "Ada" not in client.get("/funnel/2/left/", {"step": [SEEN, HOSTILE]}).content.decode()
    backwards = {"step": [HOSTILE, SEEN], "order": "any"}
    assert "Ada" in client.get("/funnel/2/reached/", backwards).content.decode()
    assert "Ada" not in client.get("/funnel/2/reached/", {"step": backwards["step"]}).content.decode()
    for asked in (
        {"step": ["a"] * 40},
        {"step": ["a", "a"], "order": "any"},
        {"days": "9" * 9},
        {"within": "x", "days": "²"},
        {"step": ["a\x00b", "c"]},
    ):
        assert client.get("/funnel/", asked).status_code == 200
    for address in ("/funnel/1/left/", "/funnel/9/reached/", "/funnel/0/reached/", "/funnel/1/x/"):
        assert client.get(address, {"step": [SEEN, BOUGHT]}).status_code == 404
    assert client.get("/funnel/1/reached/", {"step": [SEEN, BOUGHT], "after": "'\x00"}).status_code == 200
    address = "/funnel/2/reached/?" + urlencode({"step": [SEEN, HOSTILE]}, doseq=True)
    assert client.post(address, {"name": "Hostile", "purpose": ""}).status_code == 302
    call = ProcrastinateJob.objects.get(task_name="heed.segments.jobs.fill_list").args
    fill_list(**call)
    carry([])
    assert Profile.objects.get(segments__contains=[call["key"]]).display_name == "Ada"
