"""Segments by the API: made, changed, asked for their members; closed to keys that may only send."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed.govern.actions import create_key
from heed.govern.models import AuditEntry
from heed.profiles import api as profiles
from heed.profiles.models import Profile
from heed.segments.models import Segment
from heed.segments.sample import sample

pytestmark = pytest.mark.django_db
RULE = {"name": "Gold", "rule": "trait.plan is unknown"}


@pytest.fixture
def api() -> Any:
    client, key = Client(), create_key("robot", "manage")

    def call(method: str, path: str, body: Any = None, key: str = key) -> Any:
        return client.generic(
            method, f"/api/v1/segments{path}", data="" if body is None else _json(body),
            content_type="application/json", headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip

    return call


def _json(body: Any) -> str:
    import json

    return json.dumps(body)


def test_a_program_makes_changes_and_deletes_a_segment(api: Any) -> None:
    made = api("POST", "", RULE)
    assert made.status_code == 200, made.content
    assert made.json()["key"] == "gold"
    assert api("PUT", "/gold", {**RULE, "rule": "trait.plan = 1"}).json()["rule"] == "trait.plan = 1"
    assert [each["key"] for each in api("GET", "").json()] == ["gold"]
    api("POST", "", {"name": "B", "rule": 'segment "gold"'})
    assert api("DELETE", "/gold").status_code == 409
    assert api("DELETE", "/b").status_code == 204
    assert api("DELETE", "/gold").status_code == 204
    assert Segment.objects.count() == 0
    assert {entry.who_text for entry in AuditEntry.objects.filter(what__startswith="segment.")} == {
        "API key robot"
    }


def test_what_is_wrong_is_said(api: Any) -> None:
    for body in ({"name": "x", "rule": "nothing"}, {"name": "x", "rule": ""}, {"name": " ", "rule": "trait.a = 1"},
                 {"name": "x", "kind": "crowd"}):  # fmt: skip
        answer = api("POST", "", body)
        assert answer.status_code == 400, body
        assert answer.json()["message"]
    assert api("GET", "/none").status_code == 404
    assert api("POST", "/preview", {"rule": "trait."}).status_code == 400


def test_members_and_meaning_are_told(api: Any) -> None:
    api("POST", "", RULE)
    state = profiles.fold.encode(profiles.fold.new())
    for name in ("ada", "bob"):
        Profile.objects.create(
            id=uuid.uuid4(), state=state, display_name=name, segments=["gold"], last_seen=timezone.now()
        )
    sample.forget()
    found = api("GET", "/gold/members").json()
    assert {each["name"] for each in found["items"]} == {"ada", "bob"}
    meaning = api("POST", "/preview", {"rule": RULE["rule"]}).json()
    assert (meaning["members"], meaning["exact"], meaning["total"]) == (2, True, 2)


def test_a_key_that_may_only_send_gets_in_nowhere(api: Any) -> None:
    key = create_key("shop", "write")
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/a"), ("PUT", "/a"), ("DELETE", "/a"),
                         ("GET", "/a/members"), ("POST", "/preview")):  # fmt: skip
        assert api(method, path, RULE, key=key).status_code == 403
        assert api(method, path, RULE, key="nonsense").status_code == 401
