"""Actions on their pages: set up by clicking, explained when wrong, closed to those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from heed.decisions.models import Action
from heed.govern.api import create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_role() -> Any:
    def sign_in(role: str) -> Client:
        client = Client()
        client.force_login(
            create_user(f"{role}@example.org", role, "a quiet harbour 7"),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        return client

    return sign_in


def _filled(**more: Any) -> dict[str, Any]:
    form = {
        "key": "late-apology", "name": "Apologise <b>now</b>", "kind": "apology", "value": "40", "lever": "1",
        "eligible": "", "applicable": 'circumstance "order_late"', "suitable": "", "context": "",
        "context_weight": "1", "purpose": "", "customer_reason": "", "cap_count": "2", "cap_days": "3",
        "active": "on", "treatments-TOTAL_FORMS": "2", "treatments-INITIAL_FORMS": "0",
        "treatments-MIN_NUM_FORMS": "1", "treatments-MAX_NUM_FORMS": "20",
        "treatments-0-placement": "home_banner", "treatments-0-title": "We are sorry",
    }  # fmt: skip
    return {**form, **more}


def test_a_marketer_sets_up_an_action_and_finds_it_in_the_list(as_role: Any) -> None:
    client = as_role("marketer")
    assert client.post("/actions/new/", _filled()).status_code == 302
    action = Action.objects.get(key="late-apology")
    assert action.active
    assert [each.placement for each in action.treatments.all()] == ["home_banner"]
    page = client.get("/actions/").content.decode()
    assert "Apologise &lt;b&gt;now&lt;/b&gt;" in page
    assert "order late" in page
    assert client.get("/actions/late-apology/").status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"applicable": "weather = 1"}, "nothing called"),
        ({"treatments-0-placement": ""}, "required"),
        ({"treatments-0-url": "javascript:alert(1)"}, "A link begins with"),
        ({"valid_from": "2026-01-02T00:00", "valid_to": "2026-01-01T00:00"}, "before it begins"),
        ({"key": "Bad Key!"}, "slug"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(as_role: Any, change: dict[str, str], words: str) -> None:
    answer = as_role("marketer").post("/actions/new/", _filled(**change))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Action.objects.exists()


def test_an_analyst_reads_and_changes_nothing(as_role: Any) -> None:
    as_role("marketer").post("/actions/new/", _filled())
    client = as_role("analyst")
    assert client.get("/actions/").status_code == 200
    assert client.post("/actions/late-apology/", _filled(name="Mine")).status_code == 403
    assert client.post("/actions/late-apology/switch/").status_code == 403
    assert client.post("/actions/late-apology/delete/").status_code == 403
    assert Action.objects.get().name.startswith("Apologise")


def test_switching_off_and_deleting(as_role: Any) -> None:
    client = as_role("manager")
    client.post("/actions/new/", _filled())
    client.post("/actions/late-apology/switch/")
    assert not Action.objects.get().active
    client.post("/actions/late-apology/delete/")
    assert not Action.objects.exists()


def test_trying_without_actions_or_people_helps(as_role: Any) -> None:
    client = as_role("agent")
    assert "Add the first action" in client.get("/actions/try/").content.decode()
    as_role("marketer").post("/actions/new/", _filled())
    assert "Nobody found" in client.get("/actions/try/?who=nobody%00<script>").content.decode()
