"""Actions on their pages: set up by clicking, explained when wrong, closed to those who may not."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed import rules
from heed.decisions.models import Action
from heed.govern.api import create_user
from heed.profiles import api as profiles
from heed.profiles.domain.traits import Trait
from heed.profiles.models import Profile
from heed.segments import sample

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
        ({"treatments-0-placement": ""}, "Say where it appears"),
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


def test_an_action_without_a_placement_says_what_to_do(as_role: Any) -> None:
    form = _filled(**{"treatments-0-placement": "", "treatments-0-title": ""})
    page = as_role("marketer").post("/actions/new/", form).content.decode()
    assert "fill in at least one placement" in page
    assert "Please submit" not in page


def test_a_new_action_is_saved_switched_off_and_says_so_or_switched_on_at_once(as_role: Any) -> None:
    client = as_role("marketer")
    page = client.get("/actions/new/").content.decode()
    assert "A new action starts switched off" in page
    off = client.post("/actions/new/", _filled(key="off", active=""), follow=True).content.decode()
    assert "switched off: no customer gets it yet" in off
    assert not Action.objects.get(key="off").active
    client.post("/actions/new/", _filled(key="on", active="", then="on"))
    assert Action.objects.get(key="on").active


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ({"kind": "promotion"}, True),
        ({"kind": "upsell", "eligible": 'consent "marketing" or mood.valence > 0'}, True),
        ({"kind": "upsell", "eligible": 'mood.valence > 0 and consent "marketing"'}, False),
        ({"kind": "promotion", "purpose": "marketing"}, False),
        ({"kind": "apology"}, False),
    ],
)
def test_what_people_must_agree_to_is_never_offered_unasked_without_a_warning(
    as_role: Any, change: dict[str, str], warned: bool
) -> None:
    client = as_role("marketer")
    words = "Nobody&#x27;s permission is asked for"
    assert (words in client.post("/actions/new/", _filled(**change), follow=True).content.decode()) == warned
    assert (words in client.get("/actions/").content.decode()) == warned


def test_a_new_promotion_asks_for_marketing_by_itself(as_role: Any) -> None:
    page = as_role("marketer").get("/actions/new/").content.decode()
    assert re.search(r'<option value="marketing" selected>Offers and news</option>', page)
    assert 'data-new-action="promotion upsell"' in page


def _known(*names: str) -> None:
    for name in names:
        state = profiles.fold.new()
        state.traits.values["plan"] = Trait(name, 1, "s")
        now = timezone.now()
        Profile.objects.create(id=uuid.uuid4(), state=profiles.fold.encode(state), last_seen=now)
    sample.sample.forget()


def test_a_rule_being_written_says_what_it_means_and_how_many_meet_it(
    as_role: Any, an_empty_lake: None
) -> None:
    _known("gold", "gold", "free")
    client = as_role("marketer")
    page = client.post("/actions/try/rule/", {"eligible": 'trait.plan = "gold"'}).content.decode()
    assert "plan is gold" in page
    assert "2 of 3 customers (67%)" in page
    page = client.post("/actions/try/rule/", {"context": "mood.valence < <b>"}).content.decode()
    assert "At character 16" in page
    assert "<b>" not in page
    assert (
        "Empty: it always counts the same."
        in client.post("/actions/try/rule/", {"context": " "}).content.decode()
    )
    page = client.post("/actions/try/rule/", {"eligible": 'did "Home" within 3 days'}).content.decode()
    assert "“<bdi>Home</bdi>” happened in the last 3 days" in page
    assert "0 of 3 customers (0%)" in page


def test_only_who_may_write_a_rule_is_told_how_many_it_means(as_role: Any) -> None:
    assert as_role("analyst").post("/actions/try/rule/", {"eligible": ""}).status_code == 403
    assert Client().post("/actions/try/rule/", {"eligible": ""}).status_code == 302


def test_conditions_are_offered_as_rules_that_can_be_read(as_role: Any) -> None:
    _known("gold", 'with "quotes" and \\', "free")
    sample.sample.forget()
    offered = [rule for kind in sample.ready_conditions() for _, rule in kind["choices"]]
    assert 'trait.plan = "gold"' in offered
    for rule in offered:
        assert rules.describe(rules.parse(rule))


def test_asking_for_a_decision_without_saying_for_whom_says_so(as_role: Any) -> None:
    client = as_role("marketer")
    client.post("/actions/new/", _filled())
    assert "Say who: a name" in client.get("/actions/try/?who=&placement=home_banner").content.decode()
    assert "Say who" not in client.get("/actions/try/").content.decode()
