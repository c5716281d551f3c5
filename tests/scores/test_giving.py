"""A company's own model posts its scores; people see them; whoever may not gets in nowhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed import rules
from heed.contracts.event import Event
from heed.govern import actions as govern
from heed.govern.actions import create_key
from heed.govern.models import AuditEntry, User
from heed.profiles import api as profiles
from heed.profiles import preferences
from heed.profiles.models import Profile
from heed.scores import actions, store
from heed.scores.models import Score
from heed.segments import sample

Carry = Callable[[list[Event]], None]
HOSTILE = "<script>alert(1)</script>"
_number = iter(range(10**9))


def seen(who: str, name: str = "Seen", **properties: Any) -> Event:
    at = time.time_ns() // 1_000_000 - 5_000 + next(_number)
    return Event(f"s{at}", "track", at, at, name=name, user_id=who, source="shop", properties=properties)


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    store.given.forget()
    sample.sample.forget()


@pytest.fixture
def api(carry: Carry) -> Any:
    client, key = Client(), create_key("robot", "manage")

    def call(method: str, path: str, body: Any = None, key: str = key) -> Any:
        return client.generic(
            method, f"/api/v1/scores{path}", data="" if body is None else json.dumps(body),
            content_type="application/json", headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip

    return call


@pytest.fixture
def client(transactional_db: None) -> Client:
    govern.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    return client


UPSELL = {"name": "Takes a larger plan", "high": "0 to 1, the chance of it", "madeBy": "Data team"}


def scores_of(user_id: str) -> dict[str, Any]:
    return profiles.fold.decode(bytes(Profile.objects.get(user_id=user_id).state)).scores.values


def test_a_program_defines_a_score_and_gives_it_to_many_at_once(carry: Carry, api: Any) -> None:
    bob = seen("bob")
    bob.context = {"traits": {"email": "Bob@Example.org"}}
    carry([seen("ada"), bob, seen("eve")])
    assert api("PUT", "/upsell", UPSELL).json()["own"] is False
    soon = (timezone.now() + timedelta(days=30)).isoformat()
    answer = api("POST", "", {"scores": [
        {"key": "upsell", "userId": "ada", "value": 0.7, "explanation": "Asked twice.", "modelVersion": "7", "validUntil": soon},
        {"key": "upsell", "email": "bob@example.org", "value": 0.1},
        {"key": "upsell", "profileId": str(Profile.objects.get(user_id="eve").pk), "value": 1},
    ]})  # fmt: skip
    assert (answer.status_code, answer.json()) == (202, {"accepted": 3, "refused": []})
    carry([])
    ada = scores_of("ada")["upsell"]
    assert (ada.value, ada.version, ada.why, ada.by) == (0.7, "7", "Asked twice.", "API key robot")
    assert ada.until > ada.at
    assert (scores_of("bob")["upsell"].value, scores_of("eve")["upsell"].value) == (0.1, 1.0)
    store.given.forget()
    (line,) = api("GET", "").json()
    assert (line["key"], line["customers"]) == ("upsell", 3)
    assert line["lastGiven"]
    api("POST", "", {"scores": [{"key": "upsell", "userId": "eve", "value": None}]})
    carry([])
    store.given.forget()
    assert api("GET", "").json()[0]["customers"] == 2
    assert scores_of("eve") == {}


def test_what_cannot_be_given_is_told_one_by_one_and_keeps_nobody_back(carry: Carry, api: Any) -> None:
    carry([seen("ada"), seen("no"), seen("no", "Consent Changed", purpose="profiling", granted=False)])
    for key in ("upsell", "gone"):
        api("PUT", f"/{key}", UPSELL)
    assert api("DELETE", "/gone").status_code == 204
    actions.define("buy", name="Buys", own=True)
    past = (timezone.now() - timedelta(days=1)).isoformat()
    items = [
        ({"key": "upsell", "userId": "ada"}, None),
        ({"key": "none_such", "userId": "ada"}, "unknown_score"),
        ({"key": "buy", "userId": "ada"}, "own_score"),
        ({"key": "gone", "userId": "ada"}, "retired"),
        ({"key": "upsell"}, "which_customer"),
        ({"key": "upsell", "userId": "ada", "email": "a@example.org"}, "which_customer"),
        ({"key": "upsell", "userId": "nobody"}, "unknown_customer"),
        ({"key": "upsell", "profileId": "00000000-0000-0000-0000-000000000001"}, "unknown_customer"),
        ({"key": "upsell", "userId": "no"}, "no_profiling"),
        ({"key": "upsell", "userId": "ada", "validUntil": past}, "out_of_date"),
        ({"key": "\x00", "userId": "ada\x00"}, "unknown_score"),
    ]
    found = api("POST", "", {"scores": [{**item, "value": 0.5} for item, _ in items]}).json()
    assert found["accepted"] == 1
    assert {each["index"]: each["code"] for each in found["refused"]} == {
        index: code for index, (_, code) in enumerate(items) if code
    }
    carry([])
    assert Profile.objects.count() == 2, "nobody was made up"
    assert list(scores_of("ada")) == ["upsell"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scores": []},
        {"scores": {"key": "a"}},
        {"scores": [{"key": "a", "userId": "b", "value": 1}] * 1_001},
    ],
)
def test_what_is_no_list_of_scores_is_refused_whole(api: Any, body: Any) -> None:
    assert api("POST", "", body).status_code == 422


@pytest.mark.parametrize(
    ("wrong", "where"),
    [({"value": "x"}, "value"), ({"value": 1e13}, "value"), ({"userId": "b" * 501}, "userId"), ({"userId": 7}, "userId"),
     ({"explanation": "x" * 1_001}, "explanation"), ({"profileId": "ada@example.org"}, "profileId"),
     ({"validUntil": "soon"}, "validUntil"), ({"key": ""}, "key"), ([], "the score"), ("x", "the score")],
)  # fmt: skip
def test_one_of_a_wrong_form_keeps_back_none_of_the_others(
    carry: Carry, api: Any, wrong: Any, where: str
) -> None:
    carry([seen("ada")])
    api("PUT", "/upsell", UPSELL)
    good = {"key": "upsell", "userId": "ada", "value": 0.5}
    answer = api("POST", "", {"scores": [{**good, **wrong} if isinstance(wrong, dict) else wrong, good]})
    assert answer.status_code == 202
    found = answer.json()
    assert found["accepted"] == 1
    ((index, code, message),) = [tuple(each.values()) for each in found["refused"]]
    assert (index, code) == (0, "wrong_form")
    assert message.startswith(f"{where}: ")
    assert "ada@example.org" not in message
    carry([])
    assert list(scores_of("ada")) == ["upsell"]


def test_the_description_says_what_a_score_is_made_of(api: Any) -> None:
    described = Client().get("/api/openapi.json").json()["components"]["schemas"]
    item = described["Posted"]["properties"]["scores"]["items"]
    assert {"key", "value", "userId", "validUntil"} <= set(item["properties"])
    assert "wrong_form" in described["Refusal"]["description"]


def test_numbers_that_are_none_are_refused(api: Any) -> None:
    client, key = Client(), create_key("robot2", "manage")
    for value in ("NaN", "Infinity", "1e999"):
        body = f'{{"scores": [{{"key": "a", "userId": "b", "value": {value}}}]}}'
        answer = client.post(
            "/api/v1/scores", data=body, content_type="application/json",
            headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip
        assert answer.status_code == 202
        assert [each["code"] for each in answer.json()["refused"]] == ["wrong_form"]


def test_more_than_is_read_at_once_is_refused(api: Any) -> None:
    item = {"key": "a", "userId": "b", "value": 1, "explanation": "x" * 1_000}
    answer = api("POST", "", {"scores": [item] * 3_000})
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


def test_definitions_are_kept_in_order(api: Any) -> None:
    assert api("PUT", "/Upsell", UPSELL).status_code == 400
    assert api("PUT", "/new", UPSELL).status_code == 400
    assert api("PUT", "/upsell", {"name": " "}).status_code == 400
    actions.define("buy", name="Buys", own=True)
    assert api("PUT", "/buy", UPSELL).status_code == 400
    assert api("DELETE", "/buy").status_code == 404
    assert api("DELETE", "/none").status_code == 404
    api("PUT", "/upsell", UPSELL)
    api("DELETE", "/upsell")
    assert Score.objects.get(key="upsell").retired_at
    assert api("PUT", "/upsell", {**UPSELL, "name": "Again"}).json()["retired"] is False
    whats = AuditEntry.objects.filter(who_text="API key robot").order_by("id").values_list("what", flat=True)
    assert list(whats) == ["score.defined", "score.retired", "score.changed"]


def test_a_key_that_may_only_send_gets_in_nowhere(api: Any) -> None:
    key = create_key("shop", "write")
    for method, path, body in (("GET", "", None), ("POST", "", {"scores": []}), ("PUT", "/a", UPSELL), ("DELETE", "/a", None)):  # fmt: skip
        assert api(method, path, body, key=key).status_code == 403
        assert api(method, path, body, key="nonsense").status_code == 401


def test_people_see_a_score_with_its_reason_and_whether_it_still_counts(carry: Carry, client: Client) -> None:
    carry([seen("ada")])
    ada = Profile.objects.get(user_id="ada").pk
    actions.define("upsell", name=HOSTILE, high="high")
    actions.define("old", name="Old one")
    now = time.time_ns() // 1_000_000
    given = actions.Given(ada, "upsell", 0.712, f"Asked twice.\n{HOSTILE}", "v7", now + 10**9)
    actions.give([given, actions.Given(ada, "old", 3, until=now - 1_000)], by=HOSTILE)
    carry([])
    page = client.get(f"/customers/{ada}/").content.decode()
    panel = page[page.index("<h2>Scores</h2>") :]
    panel = panel[: panel.index("</section>")]
    for words in ("0.712", "Asked twice.", "version <bdi>v7", "&lt;script&gt;", "out of date since"):
        assert words in panel
    assert panel.count("out of date since") == 1
    assert HOSTILE not in page
    timeline = client.get(f"/customers/{ada}/").content.decode()
    assert "Score “<bdi>upsell</bdi>” given: 0.712" in timeline
    for address in ("/scores/", "/scores/upsell/", "/scores/old/", "/scores/upsell/edit/"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert HOSTILE not in answer.content.decode()
    assert "data-row" in client.get("/scores/upsell/").content.decode()
    assert "Nobody has a value that still counts" in client.get("/scores/old/").content.decode()


def test_a_colleague_defines_changes_and_retires_a_score(carry: Carry, client: Client) -> None:
    assert "No scores yet" in client.get("/scores/").content.decode()
    wanted = {"key": "upsell", "name": "Upsell", "high": "", "made_by": ""}
    assert client.post("/scores/new/", {**wanted, "key": "Up Sell"}).status_code == 422
    assert client.post("/scores/new/", wanted)["Location"] == "/scores/upsell/"
    assert client.post("/scores/new/", wanted).status_code == 422
    assert "Nobody has this score yet" in client.get("/scores/upsell/").content.decode()
    assert client.post("/scores/upsell/edit/", {"name": "Larger plan"}).status_code == 302
    assert Score.objects.get().name == "Larger plan"
    assert client.post("/scores/upsell/retire/").status_code == 302
    assert client.post("/scores/none/retire/").status_code == 404
    assert client.get("/scores/upsell/retire/").status_code == 405


def test_customers_and_programs_see_what_is_said_of_them(carry: Carry, client: Client) -> None:
    carry([seen("ada")])
    ada = Profile.objects.get(user_id="ada").pk
    actions.define("upsell", name=HOSTILE)
    actions.give([actions.Given(ada, "upsell", 0.712, f"Asked twice.\n{HOSTILE}", "v7")], by="crm")
    carry([])
    stranger, path = Client(), f"/preferences/{preferences.link(ada, everything=True)}/"
    page = stranger.get(path).content.decode()
    for words in ("What we expect of you", "0.712", "Asked twice.", "&lt;script&gt;"):
        assert words in page
    assert HOSTILE not in page
    told = stranger.get(f"{path}download/").json()["scores"]["upsell"]
    assert (told["value"], told["why"]) == (0.712, ["Asked twice.", HOSTILE])
    plain = stranger.get(f"/preferences/{preferences.link(ada)}/").content.decode()
    assert "0.712" not in plain, "a link that may be forwarded tells nothing"
    key = create_key("reader", "manage")
    (found,) = stranger.get("/api/v1/profiles?userId=ada", headers={"authorization": f"Bearer {key}"}).json()
    score = found["scores"]["upsell"]
    assert (score["value"], score["version"], score["by"], score["outOfDate"]) == (0.712, "v7", "crm", False)
    assert score["until"] is None


@pytest.mark.parametrize("role", ["agent", "analyst", "engineer"])
def test_who_may_not_change_rules_defines_no_scores(transactional_db: None, role: str) -> None:
    govern.create_user("x@example.org", role, "a long enough password")
    actions.define("upsell", name="Upsell")
    client = Client()
    client.force_login(User.objects.get())
    for address in ("/scores/new/", "/scores/upsell/edit/", "/scores/upsell/retire/"):
        assert client.post(address, {"key": "a", "name": "A"}).status_code == 403
    assert Score.objects.count() == 1
    assert Client().get("/scores/").status_code == 302


def test_rules_offer_scores_and_say_what_they_mean(carry: Carry, client: Client) -> None:
    actions.define("upsell", name="Larger plan")
    carry([seen("ada"), seen("bob")])
    ada = Profile.objects.get(user_id="ada").pk
    actions.give([actions.Given(ada, "upsell", 0.7)], by="crm")
    carry([])
    sample.sample.forget()
    assert ["score.upsell", "the score “Larger plan”", "number"] in sample.words()["facts"]
    offered = {rule for kind in sample.ready_conditions() for _, rule in kind["choices"] if "score." in rule}
    assert offered == {"score.upsell >= 0.7"}
    found = sample.meaning("score.upsell > 0.6 and not score.other > 1")
    assert found.words == "the score “Larger plan” is above 0.6 and not (the score “other” is above 1)"
    assert (found.fitting, found.total) == (1, 2)
    assert found.unknown == ["nobody has the score “other”"]
    forms = client.post("/segments/rule/", {"text": "score.upsell > 0.6"}).json()["tree"]
    assert forms == {"type": "compare", "field": "score.upsell", "operator": ">", "value": 0.6}
    assert client.post("/segments/rule/", {"tree": json.dumps(forms)}).json()["text"] == "score.upsell > 0.6"
    actions.retire("upsell")
    assert not [each for each in rules.facts() if each.name.startswith("score.")]
