"""A customer changes what they permit through their link, and everything obeys."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from heed import rules, settings
from heed.govern.actions import create_key
from heed.govern.models import AuditEntry
from heed.kit.clock import DAY, system_clock
from heed.ports import current
from heed.ports.ledger import LedgerUnavailable
from heed.profiles import actions, permitting, preferences, preferences_views
from heed.profiles.domain.state import fold
from heed.profiles.models import PrivacyRequest, Profile, Purpose
from heed.rules.turns import verdict
from tests.browser.shop import HOSTILE
from tests.profiles.test_merging_views import Carry
from tests.profiles.test_views import event, known, signed_in, text


@pytest.fixture
def mara(carry: Carry) -> Profile:
    carry([known("mara", "Mara Lindqvist", email="mara@example.org", plan="pro")])
    return Profile.objects.get(user_id="mara")


@pytest.fixture(autouse=True)
def _unhurried() -> None:
    for buckets in (preferences_views._strangers, preferences_views._readers):
        buckets._left.clear()


def _address(profile: Profile, everything: bool = False) -> str:
    return f"/preferences/{preferences.link(profile.pk, everything=everything)}/"


def _permits(profile: Profile, purpose: str, later: int = 0) -> bool:
    state = fold.decode(bytes(Profile.objects.get(pk=profile.pk).state))
    return rules.predicate(rules.parse(f'consent "{purpose}"'))(state, system_clock() + later)


def _save(address: str, *on: str) -> str:
    shown = [each.key for each in preferences.purposes() if each.asked]
    return text(Client().post(address, {"do": "save", "shown": shown, "on": list(on)}))


def test_a_customer_says_yes_and_no_and_reads_exactly_what_changed(mara: Profile, carry: Carry) -> None:
    page = _save(_address(mara), "marketing", "email", "analytics")
    assert "“Offers and news” is on now" in page
    assert "“By e-mail” is on now" in page
    assert "“By text message”" not in page
    assert "“Making things better”" not in page, "a legitimate interest held before"
    carry([])
    assert _permits(mara, "marketing")
    assert not _permits(mara, "sms")
    state = fold.decode(bytes(Profile.objects.get(pk=mara.pk).state))
    said = state.consent.purposes["marketing"]
    assert (said.source, said.version) == ("preference_centre", "1")
    assert said.wording == "We may tell you about offers and what is new."
    assert "signed link" in said.proof
    page = _save(_address(mara), "email", "analytics")
    assert "“Offers and news” is off now" in page
    carry([])
    assert not _permits(mara, "marketing")


def test_the_page_says_whose_it_is(mara: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Your organisation" not in text(Client().get(_address(mara)))
    named = replace(settings.load(), organisation="Nordlicht <b>")
    monkeypatch.setattr(settings, "load", lambda: named)
    assert "at <bdi>Nordlicht &lt;b&gt;</bdi>" in Client().get(_address(mara)).content.decode()
    assert "from <bdi>Nordlicht &lt;b&gt;</bdi>" in Client().get("/preferences/wrong/").content.decode()


def test_what_was_left_unticked_was_said_no_to(mara: Profile, carry: Carry) -> None:
    page = _save(_address(mara), "analytics")
    assert "“Foretelling what you may want” is off now" in page
    assert "“Offers and news” is" not in page, "it was off before"
    carry([])
    state = fold.decode(bytes(Profile.objects.get(pk=mara.pk).state))
    said = {name: each.granted for name, each in state.consent.purposes.items()}
    assert (said["profiling"], said["marketing"]) == (False, False)
    assert "analytics" not in said, "what was ticked beforehand is not agreed to by leaving it so"
    assert "You said no on" in text(Client().get(_address(mara)))


def test_where_profiling_takes_consent_nobody_is_judged_who_never_gave_it(
    mara: Profile, carry: Carry
) -> None:
    assert [*permitting.permitted([mara.pk])[0]] == [mara.pk]
    row = next(each for each in preferences.purposes() if each.key == "profiling")
    row.basis = "consent"
    preferences.save_purpose(row, by=None)
    carry([])
    assert permitting.permitted([mara.pk]) == ({}, 1)
    _save(_address(mara), "profiling", "analytics")
    carry([])
    assert [*permitting.permitted([mara.pk])[0]] == [mara.pk]


def test_a_pause_keeps_what_was_ticked_beside_it(mara: Profile, carry: Carry) -> None:
    form = {"do": "pause", "shown": ["marketing", "sms"], "on": ["sms"], "cadence": "7"}
    page = text(Client().post(_address(mara), form))
    assert "You hear nothing from us until" in page
    assert "“By text message” is on now" in page
    carry([])
    state = fold.decode(bytes(Profile.objects.get(pk=mara.pk).state))
    assert (state.consent.purposes["sms"].granted, state.consent.cadence) == (True, 7)
    assert set(state.consent.purposes) == {"sms"}, "a pause says nothing of what was left as it was"


def test_stopping_everything_is_one_click(mara: Profile, carry: Carry) -> None:
    _save(_address(mara), "marketing", "email", "profiling", "analytics")
    carry([])
    page = text(Client().post(_address(mara), {"do": "nothing"}))
    assert "“Making things better” is off now" in page
    carry([])
    assert not any(_permits(mara, each) for each in ("marketing", "email", "profiling", "analytics"))
    assert "Your orders and questions” is" not in page, "what a contract needs is not asked"


def test_a_customer_says_how_often_they_want_to_hear_from_us(mara: Profile, carry: Carry) -> None:
    page = text(Client().post(_address(mara), {"do": "save", "cadence": "7"}))
    assert "You hear from us once a week at most" in page
    carry([])
    assert fold.decode(bytes(Profile.objects.get(pk=mara.pk).state)).consent.cadence == 7
    assert (
        "once a week"
        not in text(Client().post(_address(mara), {"do": "save", "cadence": "7"})).split("<form")[0]
    )
    for odd in ("8", "-1", "x", "9" * 30, ""):
        assert Client().post(_address(mara), {"do": "save", "cadence": odd}).status_code == 200
    carry([])
    assert fold.decode(bytes(Profile.objects.get(pk=mara.pk).state)).consent.cadence == 7


def test_a_pause_rests_everything_and_ends_by_itself(mara: Profile, carry: Carry) -> None:
    _save(_address(mara), "marketing")
    carry([])
    assert "You hear nothing from us until" in text(Client().post(_address(mara), {"do": "pause"}))
    carry([])
    assert not _permits(mara, "marketing")
    assert _permits(mara, "marketing", later=31 * DAY)
    state = fold.decode(bytes(Profile.objects.get(pk=mara.pk).state))
    look = verdict(rules.parse('consent "marketing"'), rules.readings())
    assert look(state, system_clock())[1] == state.consent.paused_until
    assert "paused until" in text(signed_in("agent").get(f"/customers/{mara.pk}/"))
    assert "The pause is over" in text(Client().post(_address(mara), {"do": "resume"}))
    carry([])
    assert _permits(mara, "marketing")


def test_a_link_for_messages_shows_nothing_but_choices(mara: Profile) -> None:
    page = Client().get(_address(mara))
    shown = text(page)
    assert "Mara" not in shown
    assert "mara@example.org" not in shown
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cache-Control"] == "no-store"
    answer = Client().get(_address(mara) + "download/")
    assert answer.status_code == 403
    assert b"mara@example.org" not in answer.content


def test_a_link_to_everything_shows_and_hands_out_what_is_known(mara: Profile, carry: Carry) -> None:
    carry([event("Order Completed", "mara", properties={"order_id": "o1", "value": 10})])
    page = text(Client().get(_address(mara, everything=True)))
    assert "mara@example.org" in page
    file = Client().get(_address(mara, everything=True) + "download/")
    told = json.loads(file.content)
    assert told["traits"]["plan"] == "pro"
    assert any("Order" in each["what"] for each in told["events"])


def test_whoever_wants_to_be_erased_is_heard_and_left_in_peace(mara: Profile, carry: Carry) -> None:
    _save(_address(mara), "marketing")
    carry([])
    assert "Are you sure?" in text(Client().post(_address(mara) + "ask/", {"kind": "erasure"}))
    assert not PrivacyRequest.objects.exists(), "one slip of the thumb ends nothing"
    for _ in range(2):
        page = text(Client().post(_address(mara) + "ask/", {"kind": "erasure", "sure": "1"}))
    assert "only for your orders and questions" in page
    carry([])
    assert not _permits(mara, "marketing")
    request = PrivacyRequest.objects.get()
    manager = signed_in("manager")
    page = text(manager.get("/permission/"))
    assert "Mara Lindqvist</bdi></a> wants their data erased" in page
    agent = signed_in("agent")
    assert "wants their data erased" in text(agent.get(f"/customers/{mara.pk}/"))
    assert agent.post(f"/permission/requests/{request.pk}/").status_code == 403
    manager.post(f"/permission/requests/{request.pk}/")
    assert PrivacyRequest.objects.get().done_at is not None
    assert manager.post(f"/permission/requests/{request.pk}/").status_code == 404


def test_what_was_asked_before_a_merge_is_known_after_it(mara: Profile, carry: Carry) -> None:
    address = _address(mara)
    Client().post(address + "ask/", {"kind": "erasure", "sure": "1"})
    carry([known("m.l", "M. Lindqvist", email="m@example.org")])
    actions.merge(Profile.objects.get(user_id="m.l").pk, mara.pk, by=None)
    carry([])
    kept = Profile.objects.get()
    assert "wants their data erased" in text(signed_in("agent").get(f"/customers/{kept.pk}/"))
    assert "You asked us to erase your data" in text(Client().get(address))
    Client().post(address + "ask/", {"kind": "erasure", "sure": "1"})
    assert PrivacyRequest.objects.count() == 1
    assert "Your data stays" in text(Client().post(address + "ask/", {"kind": "keep"}))
    assert not PrivacyRequest.objects.filter(done_at=None).exists()
    assert "not answered yet" in text(Client().post(address + "ask/", {"kind": "keep"}))


def test_whoever_changes_their_mind_keeps_their_data(mara: Profile) -> None:
    Client().post(_address(mara) + "ask/", {"kind": "erasure", "sure": "1"})
    assert "Your data stays" in text(Client().post(_address(mara) + "ask/", {"kind": "keep"}))
    request = PrivacyRequest.objects.get()
    assert (request.done_at is None, request.done_by) == (False, "the customer")
    assert "Erase my data" in text(Client().get(_address(mara)))


@pytest.mark.parametrize("token", ["x", "a:b:c", "é" * 50, "0" * 3_000])
def test_made_up_links_open_nothing_and_soon_have_to_wait(db: None, token: str) -> None:
    client = Client()
    statuses = [client.get(f"/preferences/{token}/").status_code for _ in range(30)]
    assert statuses[0] == 404
    assert 429 in statuses


def test_a_link_signed_for_something_else_opens_nothing(mara: Profile) -> None:
    other = signing.dumps([mara.pk.hex, 1], salt="heed.other")
    assert Client().get(f"/preferences/{other}/").status_code == 404
    gone = preferences.link(uuid.uuid4(), everything=True)
    assert Client().get(f"/preferences/{gone}/").status_code == 404


def test_a_link_goes_on_working_for_who_was_merged(mara: Profile, carry: Carry) -> None:
    address = _address(mara)
    carry([known("m.l", "M. Lindqvist", email="m@example.org")])
    other = Profile.objects.get(user_id="m.l")
    actions.merge(other.pk, mara.pk, by=None)
    carry([])
    assert Client().get(address).status_code == 200


def test_nothing_is_said_to_be_saved_that_was_not_kept(
    mara: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def append(self, lane: int, events: Any) -> None:
            raise LedgerUnavailable("disk full")

    monkeypatch.setattr(current, "ledger", Full)
    answer = Client().post(_address(mara), {"do": "pause"})
    assert answer.status_code == 503
    assert "Nothing was saved" in answer.content.decode()


def test_other_words_are_a_new_version_and_old_answers_keep_theirs(mara: Profile, carry: Carry) -> None:
    _save(_address(mara), "marketing")
    carry([])
    client = signed_in("manager")
    form = {"name": HOSTILE[1], "kind": "topic", "basis": "consent", "wording": "Other words", "offered": "on",
            "place": 10}  # fmt: skip
    assert client.post("/permission/purposes/marketing/", form).status_code == 302
    assert Purpose.objects.get(key="marketing").version == 2
    client.post("/permission/purposes/marketing/", {**form, "place": 20})
    assert Purpose.objects.get(key="marketing").version == 2
    page = text(Client().get(_address(mara)))
    assert "<script>alert" not in page
    assert "Other words" in page
    state = fold.decode(bytes(Profile.objects.get(pk=mara.pk).state))
    assert state.consent.purposes["marketing"].version == "1"
    assert client.post("/permission/purposes/marketing/", {**form, "wording": "x" * 501}).status_code == 422
    assert signed_in("agent").get("/permission/purposes/marketing/").status_code == 403
    assert AuditEntry.objects.filter(what="purpose.saved").count() == 2


def test_a_new_purpose_is_offered_at_once(mara: Profile) -> None:
    form = {"key": "events", "name": "Events near you", "kind": "topic", "basis": "consent",
            "wording": "We may invite you.", "offered": "on", "place": 15}  # fmt: skip
    assert signed_in("manager").post("/permission/new/", form).status_code == 302
    assert "Events near you" in text(Client().get(_address(mara)))
    assert "“Events near you” is on now" in _save(_address(mara), "events", "analytics")


def test_links_are_made_by_managers_and_noted(mara: Profile) -> None:
    address = f"/customers/{mara.pk}/preference-link/"
    assert signed_in("agent").post(address).status_code == 403
    page = text(signed_in("manager").post(address, {"everything": "1"}))
    assert "Send it to them alone" in page
    assert "/preferences/" in page
    noted = AuditEntry.objects.get(what="preferences.link_made")
    assert noted.object == str(mara.pk)
    assert timezone.now() >= noted.at


def test_a_form_learns_what_it_need_not_ask_again(mara: Profile, carry: Carry) -> None:
    headers = {"Authorization": f"Bearer {create_key('forms', 'manage')}"}

    def known(**asked: str) -> Any:
        return Client().get("/api/v1/profiles/known", {"fields": "plan,phone", **asked}, headers=headers)

    assert known(userId="mara").json() == {
        "plan": {"known": True, "permitted": True},
        "phone": {"known": False, "permitted": True},
    }
    assert not known(userId="mara", purpose="marketing").json()["plan"]["permitted"]
    _save(_address(mara), "marketing")
    carry([])
    assert known(userId="mara", purpose="marketing").json()["plan"]["permitted"]
    Client().post(_address(mara), {"do": "pause"})
    carry([])
    assert not known(userId="mara", purpose="marketing").json()["plan"]["permitted"]
    assert known(userId="nobody").json()["plan"] == {"known": False, "permitted": False}
    assert known().status_code == 400
    made = Client().post(
        f"/api/v1/profiles/{mara.pk}/preference-link", {}, content_type="application/json", headers=headers
    )
    assert Client().get(made.json()["path"]).status_code == 200
