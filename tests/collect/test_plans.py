"""What a tracking plan counts of what arrives, and how somebody makes and changes one."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import psycopg
import pytest

from heed.collect import planning
from heed.collect.jobs import check_plan
from heed.collect.models import PlannedEvent, PlanPosition, SeenEvent, Violation
from heed.collect.plan_actions import save_planned
from heed.kit.clock import moment
from heed.ports.ledger import BULK, LIVE
from tests.browser.shop import event
from tests.carrying import Carry, carry
from tests.collect.test_plan_checks import SCHEMA
from tests.collect.test_views import signed_in, text
from tests.installation import START, Installation

__all__ = ["carry"]


def planned(installation: Installation, name: str, schema: dict[str, Any], at: int = START - 1) -> None:
    installation.connection.execute(
        "insert into plan_event (name, schema, changed_at, changed_by) values (%s, %s, %s, '')",
        [name, json.dumps(schema), moment(at)],
    )


def rows(installation: Installation, query: str) -> list[Any]:
    return installation.connection.execute(query).fetchall()


def look(installation: Installation, seconds: float = 100, **how: Any) -> int:
    with psycopg.connect(installation.dsn, autocommit=True) as connection:
        return planning.check(connection, installation.ledger, seconds, **how)


def test_accepted_events_are_counted_once_by_name_property_and_source(installation: Installation) -> None:
    planned(installation, "Order Completed", SCHEMA)
    good = installation.event("Order Completed", userId="u", properties={"order_id": "1", "value": 1})
    bad = [installation.event("Order Completed", userId="u", properties={"value": "x"}) for _ in range(3)]
    bad[2].source = "src_other"
    installation.send(good, *bad)
    installation.send(installation.event("Newsletter Read", userId="u", properties={"x": 1}), lane=BULK)
    installation.send(installation.own("Mood Corrected", userId="u"))
    assert look(installation) == 6
    assert look(installation) == 0
    found = rows(installation, "select name, source, events, bad, message_id from plan_seen order by 1, 2")
    assert found == [
        ("Newsletter Read", "src_test", 1, 0, "m5"),
        ("Order Completed", "src_other", 1, 1, "m4"),
        ("Order Completed", "src_test", 3, 2, "m3"),
    ]
    wrong = rows(
        installation, "select source, property, words, count, message_id from plan_violation order by 1, 2"
    )
    assert wrong == [
        ("src_other", "order_id", "is missing", 1, "m4"),
        ("src_other", "value", "is text instead of a number", 1, "m4"),
        ("src_test", "order_id", "is missing", 2, "m3"),
        ("src_test", "value", "is text instead of a number", 2, "m3"),
    ]
    installation.send(installation.event("Order Completed", userId="u", properties={}))
    look(installation)
    assert rows(installation, "select sum(count) from plan_violation where property = 'order_id'") == [(4,)]
    installation.carry()
    assert len(installation.lake_rows("message_id")) == 7, "what is not as planned is kept all the same"


def test_a_check_that_is_cut_off_counts_nothing_twice(installation: Installation) -> None:
    planned(installation, "X", {"required": ["a"]})
    installation.send(*(installation.event("X", userId="u") for _ in range(30)))

    class Cut(RuntimeError):
        pass

    moments = iter([0.0, 0.0])

    def ticks() -> float:
        for each in moments:
            return each
        raise Cut

    with pytest.raises(Cut):
        look(installation, ticks=ticks)
    assert rows(installation, "select * from plan_seen") == []
    look(installation)
    assert rows(installation, "select events, bad from plan_seen") == [(30, 30)]


def test_what_came_before_the_plan_is_not_held_against_it(installation: Installation) -> None:
    planned(installation, "X", {"required": ["a"]}, at=START + 1)
    installation.send(installation.event("X", userId="u"))
    installation.clock.advance(5)
    installation.send(installation.event("X", userId="u"))
    look(installation)
    assert rows(installation, "select events, bad from plan_seen") == [(1, 1)]


def test_names_made_of_people_are_not_kept(installation: Installation) -> None:
    installation.send(
        installation.event("Mail to ada@example.org", userId="u", messageId="ada@example.org-1")
    )
    look(installation)
    assert "ada" not in str(rows(installation, "select * from plan_seen"))
    assert rows(installation, "select name from plan_seen") == [(planning.HIDDEN,)]


def test_no_number_of_made_up_names_fills_the_table(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MOST_SEEN", 10)
    monkeypatch.setattr(planning, "MOST_VIOLATIONS", 10)
    planned(installation, "X", {"properties": {"a": {}}, "additionalProperties": False})
    for turn in range(3):
        installation.send(*(installation.event(f"N{turn} {i}", userId="u") for i in range(30)))
        installation.send(
            *(installation.event("X", userId="u", properties={f"p{turn}x{i}": 1}) for i in range(30))
        )
        look(installation)
    assert rows(installation, "select count(*) from plan_seen") == [(10,)]
    assert rows(installation, "select count(*) from plan_violation") == [(10,)]


def test_who_is_far_behind_looks_at_the_newest_and_says_so(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MOST_BEHIND", 10)
    for i in range(25):
        installation.send(installation.event(f"N{i}", userId="u"))
    assert look(installation) == 10
    assert rows(installation, f"select seq, skipped from plan_position where lane = {LIVE}") == [(25, 15)]


def test_a_plan_that_cannot_be_read_any_more_stops_no_other(installation: Installation) -> None:
    planned(installation, "Y", {"type": "nonsense"})
    planned(installation, "X", {"required": ["a"]})
    installation.send(installation.event("X", userId="u"), installation.event("Y", userId="u"))
    look(installation)
    assert rows(installation, "select name, bad from plan_seen order by 1") == [("X", 1), ("Y", 0)]


def test_an_event_is_planned_from_what_arrived_and_then_checked(carry: Carry) -> None:
    carry([
        event("Order Completed", f"u{i}", 1000 + i,
              properties={"order_id": f"A{i}", "value": 12.5, "text": "Please ring twice", "n": i})
        for i in range(30)
    ])  # fmt: skip
    client = signed_in()
    check_plan(0)
    page = text(client.get("/plan/"))
    assert "Nothing is planned yet" in page
    assert '<a class="btn tiny" href="/plan/new/?name=Order%20Completed">' in page
    page = text(client.get("/plan/new/?name=Order+Completed"))
    assert "the latest 30" in page
    assert "&quot;text&quot;: {" in page, "what lies encrypted in the lake is learnt too"
    assert "ring twice" not in page
    assert not PlannedEvent.objects.exists()
    schema = {"required": ["order_id", "coupon"], "properties": {"value": {"type": "string"}}}
    page = text(
        client.post("/plan/new/", {"name": "Order Completed", "schema": json.dumps(schema)}, follow=True)
    )
    assert "None came since" in page
    assert "Order Completed" in text(client.get("/plan/"))
    carry([event("Order Completed", "u1", -5000, properties={"order_id": "B", "value": 1})])
    check_plan(0)
    plan = PlannedEvent.objects.get()
    page = text(client.get(f"/plan/{plan.pk}/"))
    assert "is missing" in page
    assert "is a whole number instead of text" in page
    assert "1 of 1 events" in page
    assert PlanPosition.objects.get(lane=LIVE).seq == 31
    text(client.post(f"/plan/{plan.pk}/", {"schema": "{"}), 422)
    text(client.post(f"/plan/{plan.pk}/", {"schema": "{}"}, follow=True))
    assert not Violation.objects.exists()
    assert (
        "this event is in the plan already"
        in text(client.post("/plan/new/", {"name": "Order Completed", "schema": "{}"}), 422).lower()
    )
    assert client.get("/plan/new/?name=Order+Completed")["Location"] == f"/plan/{plan.pk}/"
    assert "proposed, not saved yet" in text(client.get(f"/plan/{plan.pk}/?learn=1"))
    assert "not in the plan any more" in text(client.post(f"/plan/{plan.pk}/remove/", follow=True))
    assert not PlannedEvent.objects.exists()


@pytest.mark.django_db
def test_only_who_connects_systems_changes_the_plan() -> None:
    plan = save_planned("X", {}, "me")
    analyst = signed_in("analyst")
    assert 'name="schema"' in text(analyst.get(f"/plan/{plan.pk}/"))
    assert '<button class="btn main">Save' not in text(analyst.get(f"/plan/{plan.pk}/"))
    for address in ("/plan/new/", f"/plan/{plan.pk}/", f"/plan/{plan.pk}/remove/"):
        assert analyst.post(address, {"name": "Y", "schema": "{}"}).status_code == 403
    assert signed_in("agent").get("/plan/").status_code == 403
    assert PlannedEvent.objects.get().schema == {}
    assert signed_in("owner").get("/plan/99999999999999999999999/").status_code == 404


@pytest.mark.django_db
def test_hostile_names_are_shown_as_text() -> None:
    at = moment(START)
    name = "<script>alert(1)</script>"
    plan = save_planned(name, {}, name)
    SeenEvent.objects.create(
        name=name, source=name, events=1, bad=1, first_at=at, last_at=at, message_id=name
    )
    SeenEvent.objects.create(
        name="other" + name, source="s", events=1, first_at=at, last_at=at, message_id=name
    )
    Violation.objects.create(
        name=name, source=name, property=name, words="w", count=1, last_at=at, message_id=name
    )
    client = signed_in()
    for address in ("/plan/", f"/plan/{plan.pk}/", f"/plan/new/?name=%00{name}x"):
        assert "<script>alert" not in text(client.get(address))


def test_names_that_senders_make_up_make_no_rows_of_what_is_missing(installation: Installation) -> None:
    planned(installation, "X", {"required": ["order_id"]})
    for i in range(5):
        properties = {f"order_id{i}": 1}
        installation.send(installation.event("X", userId="u", properties=properties, messageId=f"n{i}"))
        look(installation)
    found = rows(installation, "select property, words, hint, count, message_id from plan_violation")
    assert found == [("order_id", "is missing", "“order_id4” is there instead", 5, "n4")]


@pytest.mark.django_db
def test_what_was_probably_meant_stands_beside_what_is_wrong() -> None:
    plan = save_planned("X", {}, "me")
    Violation.objects.create(
        name="X", source="s", property="order_id", words="is missing", hint="“orderId” is there instead",
        count=1, last_at=moment(START), message_id="m",
    )  # fmt: skip
    assert "is missing; “orderId” is there instead" in text(signed_in().get(f"/plan/{plan.pk}/"))


@pytest.mark.parametrize("together", [True, False])
def test_a_check_stops_at_its_time_within_a_stretch_and_goes_on_there(
    installation: Installation, together: bool
) -> None:
    planned(installation, "X", {"required": ["a"]})
    events = [installation.event("X", userId="u") for _ in range(30)]
    for batch in [events] if together else [events[:12], events[12:13], events[13:]]:
        installation.send(*batch)
    looked_at = []
    while n := look(installation, seconds=7, ticks=count().__next__):
        looked_at.append(n)
        assert rows(installation, "select events, bad from plan_seen") == [(sum(looked_at),) * 2]
    assert sum(looked_at) == 30
    assert max(looked_at) <= 7


def test_a_plan_begins_with_one_click_from_what_arrives(transactional_db: None) -> None:
    SeenEvent.objects.create(
        name="Ticket Sold", source="src_till", events=3, first_at=moment(START), last_at=moment(START)
    )
    page = text(signed_in("engineer").get("/plan/new/"))
    assert "Begin with what arrives" in page
    assert 'href="/plan/new/?name=Ticket%20Sold"' in page
