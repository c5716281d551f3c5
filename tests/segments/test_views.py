"""Segments on their pages: written, seen, compared, taken out as files; closed to those who may not."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from heed import rules
from heed.govern.api import create_user
from heed.pipeline.models import Filling
from heed.profiles import api as profiles
from heed.profiles import field_book
from heed.profiles.domain.traits import Trait
from heed.profiles.models import Profile
from heed.segments import store
from heed.segments.models import Segment, SegmentPass
from heed.segments.sample import sample

pytestmark = pytest.mark.django_db
RULE = 'trait.plan = "gold"'


@pytest.fixture(autouse=True)
def _purposes_as_shipped() -> Iterator[None]:
    known = rules.purpose_names()
    yield
    rules.call_purposes(known)


@pytest.fixture
def as_role(db: None) -> Any:
    def sign_in(role: str) -> Client:
        client = Client()
        client.force_login(
            create_user(f"{role}-{uuid.uuid4().hex[:6]}@example.org", role, "a quiet harbour 7"),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        return client

    return sign_in


def customer(name: str, plan: str = "free", segments: tuple[str, ...] = (), **columns: Any) -> Profile:
    state = profiles.fold.new()
    state.traits.values["plan"] = Trait(plan, 1, "s")
    made = Profile.objects.create(
        id=uuid.uuid4(), state=profiles.fold.encode(state), display_name=name, last_seen=timezone.now(),
        segments=list(segments), **columns,
    )  # fmt: skip
    sample.forget()
    return made


def filled(key: str, **fields: Any) -> Segment:
    now = timezone.now()
    values = {"name": key.title(), "rule": RULE, "created_at": now, "changed_at": now, "filled_at": now}
    return Segment.objects.create(key=key, **(values | fields))


def test_a_segment_is_written_and_found_again(as_role: Any) -> None:
    client = as_role("marketer")
    answer = client.post("/segments/new/", {"name": "Gold – ümläut", "rule": RULE, "kind": "rule"})
    assert answer.status_code == 302
    assert answer["Location"] == "/segments/gold-umlaut/"
    page = client.get("/segments/gold-umlaut/").content.decode()
    assert "plan is gold" in page
    assert "Being filled" in page
    assert "Gold – ümläut" in client.get("/segments/").content.decode()
    answer = client.post("/segments/new/", {"name": "Gold ümlaut", "rule": RULE, "kind": "rule"})
    assert answer["Location"] == "/segments/gold-umlaut-2/"


def test_how_far_a_segment_is_filled_is_told_in_its_two_stages(as_role: Any) -> None:
    client = as_role("marketer")
    filled("fresh", filled_at=None)
    connection.ensure_connection()
    mark = store.mark(connection.connection)
    under_way = SegmentPass.objects.create(id=1, mark=mark, after=uuid.UUID(int=0), done=3, total=4)
    half = Filling.objects.create(adds=True, atoms=["{}"], upto=1, after=uuid.UUID(int=1 << 127))
    page = client.get("/segments/fresh/").content.decode()
    assert "What customers did before is being counted: 50" in page
    assert "being counted, 50" in client.get("/segments/").content.decode()
    half.finished = True
    half.save()
    page = client.get("/segments/fresh/").content.decode()
    assert "of customers have been looked at" in page
    assert "75" in page.split("Being filled")[1][:60]
    under_way.mark = "of other definitions"
    under_way.save()
    page = client.get("/segments/fresh/").content.decode()
    assert "75" not in page.split("Being filled")[1][:60]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rule": "trait.plan ="}, "the rule ends"),
        ({"rule": ""}, "The rule is empty"),
        ({"rule": RULE, "name": " "}, "required"),
        ({"rule": 'segment "loop"'}, "rest on themselves"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_at_its_field(
    as_role: Any, given: dict[str, str], said: str
) -> None:
    client = as_role("marketer")
    filled("loop")
    answer = client.post("/segments/loop/edit/", {"name": "Loop", "rule": RULE, **given})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_the_preview_counts_and_shows_whom_a_rule_means(as_role: Any) -> None:
    customer("Ada <b>", "gold"), customer("Bob"), customer("Eve", "gold")
    page = as_role("marketer").post("/segments/preview/", {"rule": RULE}).content.decode()
    assert '<div class="big">2</div>' in page
    assert "66.7% of 3 customers" in page
    assert "Ada &lt;b&gt;" in page
    page = as_role("marketer").post("/segments/preview/", {"rule": "trait.plan < <i>"}).content.decode()
    assert "At character 14" in page
    assert "<i>" not in page


def test_a_slip_of_the_pen_is_noticed(as_role: Any, an_empty_lake: Any) -> None:
    customer("Ada", "gold")
    rule = 'did "Order <b>Complete" or trait.plam = "gold" or segment "nope" or trait.plan = "gold"'
    page = as_role("marketer").post("/segments/preview/", {"rule": rule}).content.decode()
    assert "Order &lt;b&gt;Complete</bdi>” has never happened" in page
    assert "obody has the trait “<bdi>plam" in page
    assert "here is no segment “<bdi>nope" in page
    assert "the trait “<bdi>plan" not in page


def test_of_many_customers_a_random_part_is_looked_at_and_the_interval_said(
    as_role: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heed.segments import sample as module

    monkeypatch.setattr(module, "MOST", 40)
    for number in range(100):
        customer(f"c{number}", "gold" if number % 2 else "free")
    page = as_role("marketer").post("/segments/preview/", {"rule": RULE}).content.decode()
    assert "about" in page
    assert "from 40 at random" in page


def test_a_rule_goes_from_text_to_tree_and_back(as_role: Any) -> None:
    client = as_role("marketer")
    text = 'trait.plan = "gold" and (did "Order Completed" at least 2 times within 30 days where value > 5 or not segment "x")'
    tree = client.post("/segments/rule/", {"text": text}).json()["tree"]
    assert client.post("/segments/rule/", {"tree": json.dumps(tree)}).json() == {"text": text}
    for broken in (
        "{",
        "[]",
        '{"type":"all","rules":[]}',
        '{"type":"compare","field":"a b","operator":"=","value":1}',
    ):
        answer = client.post("/segments/rule/", {"tree": broken})
        assert answer.status_code == 422, broken
        assert answer.json()["error"]


def test_overlap_says_who_is_in_both_and_makes_it_a_segment(as_role: Any) -> None:
    for key in ("a", "b", "c"):
        filled(key)
    (
        customer("1", segments=("a", "b")),
        customer("2", segments=("a",)),
        customer("3", segments=("a", "b", "c")),
    )
    page = as_role("analyst").get("/segments/overlap/?segment=a&segment=b").content.decode()
    assert "<strong>2</strong> customers are in all 2 of them." in page
    page = as_role("marketer").get("/segments/overlap/?segment=a&segment=b").content.decode()
    assert "?rule=segment%20%22a%22%20and%20segment%20%22b%22" in page


def test_members_come_out_as_files_without_formulas(as_role: Any) -> None:
    filled("a")
    customer("=cmd|' /C calc'!A0", segments=("a",), phone="+4930123", email="a@example.org", revenue="12.50")
    customer("not in it")
    client = as_role("analyst")
    answer = client.get("/segments/a/export/?as=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))  # type: ignore[arg-type]
    assert [(row["name"], row["phone"]) for row in rows] == [("'=cmd|' /C calc'!A0", "+4930123")]
    table = pq.read_table(io.BytesIO(client.get("/segments/a/export/?as=parquet").content))
    assert table["email"].to_pylist() == ["a@example.org"]
    filled("b", filled_at=None)
    assert client.get("/segments/b/export/").status_code == 403


def test_roles_that_may_not_change_or_export_cannot(as_role: Any) -> None:
    filled("a")
    agent = as_role("agent")
    assert agent.get("/segments/a/").status_code == 200
    assert agent.get("/segments/a/export/").status_code == 403
    for path in (
        "/segments/new/",
        "/segments/a/edit/",
        "/segments/a/delete/",
        "/segments/preview/",
        "/segments/rule/",
    ):
        assert agent.post(path, {"name": "x", "rule": RULE}).status_code == 403, path
        assert Client().post(path).status_code == 302, path
    assert Segment.objects.count() == 1


def test_a_segment_another_rests_on_stays(as_role: Any) -> None:
    filled("a"), filled("b", rule='not segment "a"')
    client = as_role("marketer")
    client.post("/segments/a/delete/")
    assert Segment.objects.count() == 2
    client.post("/segments/b/delete/")
    client.post("/segments/a/delete/")
    assert Segment.objects.count() == 0


def test_sizes_are_noted_by_day(as_role: Any) -> None:
    from django.db import connection

    filled("a")
    customer("1", segments=("a",))
    for day in (1, 2, 2):
        store.count_members(connection.connection, datetime(2026, 11, day, tzinfo=UTC))
    page = as_role("analyst").get("/segments/a/").content.decode()
    assert 'class="spark"' in page
    assert "1 Nov" in page


def test_segments_may_have_any_name_and_all_can_be_opened(as_role: Any) -> None:
    client = as_role("marketer")
    for name in ("New", "Overlap", "Preview", "Rule", "new"):
        answer = client.post("/segments/new/", {"name": name, "rule": RULE, "kind": "rule"})
        assert f"<bdi>{name}</bdi>" in client.get(answer["Location"]).content.decode()


def test_the_key_of_a_deleted_list_is_not_given_again(as_role: Any) -> None:
    """Its people are still remembered by it."""
    client = as_role("marketer")
    client.post("/segments/new/", {"name": "VIP", "kind": "list"})
    client.post("/segments/vip/delete/")
    answer = client.post("/segments/new/", {"name": "VIP", "kind": "list"})
    assert answer["Location"] == "/segments/vip-2/"


def test_a_purpose_has_one_name_wherever_people_read_it(as_role: Any) -> None:
    client = as_role("owner")
    answer = client.post(
        "/segments/new/",
        {"name": "Readers", "rule": 'not consent "sms"', "kind": "rule", "purpose": "marketing"},
    )
    assert answer.status_code == 302
    for page in ("/segments/", "/segments/readers/edit/", "/actions/new/"):
        assert "Offers and news" in client.get(page).content.decode(), page
    listed = client.get("/segments/").content.decode()
    assert "marketing" not in listed
    assert "By text message" in listed
    form = {
        "name": "News from the shop",
        "kind": "topic",
        "basis": "consent",
        "wording": "We write.",
        "place": "1",
    }
    changed = client.post("/permission/purposes/marketing/", {**form, "offered": "on"})
    assert changed.status_code == 302, changed.content.decode()
    # As processes come to know it, the one that saved it included.
    field_book.reload(connection.connection)
    listed = client.get("/segments/").content.decode()
    assert "News from the shop" in listed
    assert "Offers and news" not in listed


def test_a_list_says_how_many_there_are(as_role: Any) -> None:
    filled("a")
    filled("b")
    for number in range(3):
        customer(str(number), segments=("a",))
    client = as_role("analyst")
    assert "All segments</h2><small>2</small>" in client.get("/segments/").content.decode()
    page = client.get("/segments/a/").content.decode()
    assert "Its people</h2><small>3 customers</small>" in page
    assert page.count("<tr data-row>") == 3
