"""The tracking plan by the API: kept beside the code that sends; closed to keys that may only send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from heed.collect.models import PlannedEvent, SeenEvent, Violation
from heed.govern.actions import create_key
from heed.govern.models import AuditEntry
from heed.kit.clock import moment
from tests.installation import START

pytestmark = pytest.mark.django_db
WANTED = {"name": "Order Completed", "jsonSchema": {"required": ["order_id"]}}


@pytest.fixture
def api() -> Any:
    client, key = Client(), create_key("robot", "manage")

    def call(method: str, path: str, body: Any = None, key: str = key) -> Any:
        return client.generic(
            method, f"/api/v1/plan{path}", data="" if body is None else json.dumps(body),
            content_type="application/json", headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip

    return call


def test_a_plan_that_is_put_again_unchanged_keeps_counting(api: Any) -> None:
    made = api("PUT", "", WANTED).json()
    at = moment(START)
    seen = {"name": "Order Completed", "source": "s", "last_at": at, "message_id": "m1"}
    SeenEvent.objects.create(**seen, events=5, bad=2, first_at=at)
    Violation.objects.create(**seen, property="order_id", words="is missing", count=2)
    assert api("PUT", "", WANTED).json()["notAsPlanned"] == 2
    assert [(each["name"], each["events"]) for each in api("GET", "").json()] == [("Order Completed", 5)]
    (problem,) = api("GET", f"/{made['id']}/problems").json()
    assert (problem["property"], problem["words"], problem["messageId"]) == ("order_id", "is missing", "m1")
    assert api("PUT", "", {**WANTED, "jsonSchema": {}}).json()["notAsPlanned"] == 0
    assert not Violation.objects.exists()
    assert api("DELETE", f"/{made['id']}").status_code == 204
    assert api("DELETE", f"/{made['id']}").status_code == 404
    assert not PlannedEvent.objects.exists()
    assert {entry.who_text for entry in AuditEntry.objects.filter(what__startswith="plan.")} == {
        "API key robot"
    }


def test_what_nobody_planned_is_told(api: Any) -> None:
    at = moment(START)
    SeenEvent.objects.create(name="Seen", source="s", events=3, first_at=at, last_at=at, message_id="m")
    assert [(each["name"], each["events"]) for each in api("GET", "/unplanned").json()] == [("Seen", 3)]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "jsonSchema": {"type": "nonsense"}},
        {"name": "x", "jsonSchema": {"$ref": "http://example.org/x"}},
        {"name": "\x00 ", "jsonSchema": {}},
        {"name": "x", "jsonSchema": {"title": "\ud800"}},
        {"name": "x", "jsonSchema": {"title": "\x00"}},
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(api: Any, body: Any) -> None:
    answer = api("PUT", "", body)
    assert answer.status_code in {400, 422}
    assert answer.json()["message"]
    assert not PlannedEvent.objects.exists()


def test_a_key_that_may_only_send_gets_in_nowhere(api: Any) -> None:
    key = create_key("shop", "write")
    for method, path in (
        ("GET", ""),
        ("PUT", ""),
        ("GET", "/unplanned"),
        ("GET", "/1/problems"),
        ("DELETE", "/1"),
    ):
        assert api(method, path, WANTED, key=key).status_code == 403
        assert api(method, path, WANTED, key="nonsense").status_code == 401
    assert api("GET", "/99999999999999999999999/problems").status_code == 404
