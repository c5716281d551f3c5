"""Looking into the lake freely: counts of an event by value and day, and the ways customers go."""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from heed import rules
from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import User
from heed.measure import explorer, funnel, paths
from heed.measure.domain import explorer as explored
from heed.measure.domain import paths as walked
from heed.ports import current
from heed.profiles.models import Profile, ProfileMerge
from heed.segments.jobs import fill_list
from tests.lake import put

Carry = Callable[[list[Event]], None]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEEN, BOUGHT = "Product Viewed", "Order Completed"
HOSTILE = "<script>alert(1)</script>'; drop table events; --"


def who(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def did(name: str, whose: str, hours_ago: float, **more: Any) -> dict[str, Any]:
    if "properties" in more:
        more["properties"] = json.dumps(more["properties"])
    return {"name": name, "profile_id": who(whose), "occurred": NOW - timedelta(hours=hours_ago), **more}


def parts(question: explored.Question) -> dict[str, tuple[int, int]]:
    found = explorer.count(question, NOW)
    return {part.value: (part.events, part.customers) for part in found.parts}


@pytest.mark.django_db
def test_an_event_is_counted_by_day_and_value_and_each_customer_once(an_empty_lake: None) -> None:
    put(
        current.lake(),
        [
            did(SEEN, "ann", 1, category="lamps", properties={"category": "lamps", "stars": 5}),
            did(SEEN, "ann", 2, category="lamps", properties={"category": "lamps", "stars": 4}),
            did(SEEN, "bob", 30, category="beds", properties={"category": "beds", "stars": 5}),
            did(SEEN, "cat", 24 * 8, category="beds"),
            did(BOUGHT, "ann", 1),
        ],
    )
    found = explorer.count(explored.Question(SEEN, 7), NOW)
    assert (found.whole.events, found.whole.customers) == (3, 2)
    assert found.whole.counts == (0, 0, 0, 0, 0, 1, 2)
    assert found.parts == ()
    assert parts(explored.Question(SEEN, 7, "category")) == {"lamps": (2, 1), "beds": (1, 1)}
    assert parts(explored.Question(SEEN, 30, "stars")) == {"5": (2, 2), "4": (1, 1), "": (1, 1)}
    assert parts(explored.Question(SEEN, 30, "source")) == {"shop": (4, 3)}


@pytest.mark.django_db
def test_rarer_values_are_told_together_and_a_year_by_weeks(an_empty_lake: None) -> None:
    put(current.lake(), [did(SEEN, "ann", n + 1, properties={"x": f"v{n:02}"}) for n in range(12)])
    found = explorer.count(explored.Question(SEEN, 7, "x"), NOW)
    assert found.parts[-1].value == explored.REST
    assert found.parts[-1].events == 12 - explored.MOST_PARTS
    year = explorer.count(explored.Question(SEEN, 365), NOW)
    assert len(year.begins) == 53
    assert all(day.weekday() == 0 for day in year.begins)
    assert year.whole.events == 12


@pytest.mark.django_db
def test_who_was_merged_is_one_customer(an_empty_lake: None) -> None:
    put(current.lake(), [did(SEEN, "device", 3), did(SEEN, "ann", 2), did(BOUGHT, "device", 1)])
    ProfileMerge.objects.create(
        kept=who("ann"), absorbed=who("device"), joined_to=who("ann"), message_id="m", kind="user_id", at=NOW
    )
    assert explorer.count(explored.Question(SEEN), NOW).whole.customers == 1
    assert paths.count(walked.Question(SEEN), NOW).n == 1


@pytest.mark.django_db
@pytest.mark.parametrize("by", ['a"b', "a\\b", "a.b", "'; drop table events; --", "$", "*", "x" * 200, "😀"])
def test_any_name_of_a_property_is_only_a_name(an_empty_lake: None, by: str) -> None:
    put(current.lake(), [did(SEEN, "ann", 1, properties={by: "yes", "b": "no"}), did(SEEN, "bob", 1)])
    assert parts(explored.Question(SEEN, 7, by)) == {"yes": (1, 1), "": (1, 1)}


@pytest.mark.parametrize("event", [SEEN, 'Say "hi"', HOSTILE, "\\"])
def test_the_segment_of_a_figure_can_be_read(event: str) -> None:
    question = explored.Question(event, 30, "category")
    for text in (question.rule(), question.rule("lamps"), question.rule('a "b" \\')):
        rules.parse(text)
    assert question.rule(explored.REST) == ""
    assert explored.Question(event, 30, "a b; c").rule("x") == ""


def test_days_without_any_are_zero_and_rows_outside_count_nowhere() -> None:
    question, today = explored.Question(SEEN, 7), date(2026, 11, 24)
    rows = [{"part": "", "begins": date(2026, 1, 1), "n": 9}, {"part": "", "begins": today, "n": 2}]
    assert explored.found(question, today, rows, {}).whole.counts == (0, 0, 0, 0, 0, 0, 2)


def ways(question: walked.Question) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}

    def walk(branch: walked.Branch) -> None:
        for each in branch.branches:
            found[each.way] = each.n
            walk(each)

    walk(paths.count(question, NOW))
    return found


@pytest.mark.django_db
def test_a_path_is_what_customers_did_next_repeats_told_once(an_empty_lake: None) -> None:
    put(
        current.lake(),
        [
            did(SEEN, "ann", 9), did(SEEN, "ann", 8), did("Cart", "ann", 7), did("Cart", "ann", 6), did(BOUGHT, "ann", 5),
            did(SEEN, "bob", 9), did("Cart", "bob", 8),
            did("Cart", "cat", 10), did(SEEN, "cat", 9),
            did(SEEN, "dan", 50), did(BOUGHT, "dan", 2),
            did("", "ann", 4, type="page", page_path="/thanks"),
        ],
    )  # fmt: skip
    assert ways(walked.Question(SEEN)) == {
        ("Cart",): 2,
        ("Cart", BOUGHT): 1,
        ("Cart", BOUGHT, "Viewed /thanks"): 1,
    }
    root = paths.count(walked.Question(SEEN), NOW)
    assert (root.n, root.ended) == (4, 2)
    assert ways(walked.Question(BOUGHT, walked.BEFORE)) == {("Cart",): 1, ("Cart", SEEN): 1}
    people = {each["who"] for each in _rows(paths._behind(walked.Question(SEEN), ("Cart",), NOW))}
    assert people == {who("ann"), who("bob")}


def _rows(asked: tuple[str, list[Any]]) -> list[dict[str, Any]]:
    return current.lake().sql(*asked).to_pylist()


def _plainly(history: list[tuple[int, str]], event: str, within: int, before: bool) -> tuple[str, ...] | None:
    ordered = sorted(enumerate(history), key=lambda each: (each[1][0], each[0]))
    at = [place for place, (_, (_, name)) in enumerate(ordered) if name == event]
    if not at:
        return None
    start = at[-1] if before else at[0]
    when = ordered[start][1][0]
    following = ordered[:start][::-1] if before else ordered[start + 1 :]
    way, last = [], event
    for _, (hour, name) in following:
        if abs(hour - when) <= within:
            if name != last:
                way.append(name)
            last = name
    return tuple(way[: walked.STEPS])


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abc")), max_size=8), min_size=1, max_size=6
    ),
    st.booleans(),
)
def test_any_history_goes_the_ways_counted_by_hand(
    an_empty_lake: None, histories: list[list[tuple[int, str]]], before: bool
) -> None:
    lake = current.lake()
    version = lake.version("tests") + 1
    events = [
        did(f"{name}-{version}", f"{version}-{person}", 100 - hour)
        for person, history in enumerate(histories)
        for hour, name in history
    ]
    if events:
        put(lake, events, version)
    expected: Counter[tuple[str, ...]] = Counter()
    for history in histories:
        way = _plainly(history, "a", 24, before)
        if way is not None:
            expected.update(tuple(f"{name}-{version}" for name in way[:n]) for n in range(1, len(way) + 1))
    question = walked.Question(f"a-{version}", walked.BEFORE if before else walked.AFTER)
    assert ways(question) == dict(expected)


def test_branches_beyond_the_commonest_are_told_together() -> None:
    rows = [{"way": [f"w{n}"], "n": 10 - n} for n in range(8)] + [{"way": [], "n": 3}]
    root = walked.tree(walked.Question("e"), rows)
    assert [each.name for each in root.branches] == ["w0", "w1", "w2", "w3", "w4"]
    assert (root.n, root.others, root.ended) == (55, 5 + 4 + 3, 3)


def test_pages_show_open_and_keep_what_was_found_and_survive_anything(carry: Carry) -> None:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    for address in ("/explore/", "/explore/people/", "/paths/", "/paths/people/"):
        assert client.get(address).status_code == 302
    client.force_login(User.objects.get())
    _forget()
    for address in ("/explore/", "/paths/"):
        page = client.get(address).content.decode()
        assert "Nothing has happened yet" in page
    at = int((datetime.now(UTC) - timedelta(hours=2)).timestamp() * 1000)
    call: dict[str, Any] = {"user_id": "ada", "source": "shop"}
    carry([
        Event("f1", "identify", at, at, traits={"name": "Ada"}, **call),
        Event("f2", "track", at, at, name=SEEN, properties={"category": "lamps"}, **call),
        Event("f3", "track", at + 60_000, at, name=HOSTILE, **call),
    ])  # fmt: skip
    _forget()
    page = client.get("/explore/", {"event": SEEN, "by": "category"}).content.decode()
    assert "lamps" in page
    assert "rule=did%20%22Product" in page
    assert (
        "Ada"
        in client.get("/explore/people/", {"event": SEEN, "by": "category", "part": "lamps"}).content.decode()
    )
    page = client.get("/paths/", {"event": SEEN}).content.decode()
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    assert "Ada" in client.get("/paths/people/", {"event": SEEN, "step": HOSTILE}).content.decode()
    assert "Ada" not in client.get("/paths/people/", {"event": SEEN, "step": "x"}).content.decode()
    odd: defaultdict[str, Any] = defaultdict(lambda: "\x00'\"", days="²", within="9" * 9, step=["a\x00"] * 9)
    for address in ("/explore/", "/explore/people/", "/paths/", "/paths/people/"):
        asked = {
            name: odd[name] for name in ("event", "by", "days", "within", "segment", "part", "step", "after")
        }
        assert client.get(address, asked).status_code == 200, address
    for address, key in (
        ("/explore/people/?event=Product+Viewed", "Seen"),
        (f"/paths/people/?event={SEEN}", "Ways"),
    ):
        assert client.post(address, {"name": key, "purpose": ""}).status_code == 302
    for job in ProcrastinateJob.objects.filter(task_name="heed.segments.jobs.fill_list"):
        fill_list(**job.args)
    carry([])
    assert len(Profile.objects.get(user_id="ada").segments) == 2


def test_who_refuses_is_counted_and_in_no_list_behind_a_figure(carry: Carry) -> None:
    at = int((datetime.now(UTC) - timedelta(hours=2)).timestamp() * 1000)
    carry([Event(f"s-{name}", "track", at, at, SEEN, name, source="shop") for name in ("ada", "bob")])
    no = {"purpose": "analytics", "granted": False}
    carry([Event("no", "track", at + 1, at + 1, "Consent Changed", "bob", source="shop", properties=no)])
    question, now = explored.Question(SEEN), datetime.now(UTC)
    assert explorer.count(question, now).whole.customers == 2
    (shown,) = explorer.who(question, None, now).people
    (kept,) = [each for piece in explorer.ids(question, None, now) for each in piece]
    assert shown.id == kept == Profile.objects.get(user_id="ada").pk


def _forget() -> None:
    funnel.names.forget()
    for kept in (explorer.kept, explorer.properties, paths.kept):
        kept.cache_clear()
