"""What people do about the team, keys and their own account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from heed.govern import actions, api
from heed.govern.models import ApiKey, AuditEntry, User

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()


def person(role: str, email: str = "") -> User:
    return actions.create_user(email or f"{role}@example.org", role, PASSWORD)


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.filter(role=role).first() or person(role))
    return client


def sign_in(email: str, password: str) -> Any:
    return Client().post("/sign-in/", {"login": email, "password": password})


def audited(what: str) -> AuditEntry:
    return AuditEntry.objects.filter(what=what).latest("id")


def test_somebody_signs_in_with_their_e_mail_in_any_case() -> None:
    person("agent", "Ada@Example.org")
    answer = sign_in("ADA@example.ORG", PASSWORD)
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert audited("signed_in").who_text == "ada@example.org"


def test_a_wrong_password_is_told_kindly_and_without_saying_which_half_was_wrong() -> None:
    person("agent", "ada@example.org")
    known, unknown = sign_in("ada@example.org", "wrong"), sign_in("nobody@example.org", "wrong")
    for answer in (known, unknown):
        assert answer.status_code == 200
        assert "do not go together" in answer.content.decode()
    assert audited("sign_in_failed").who_text == "nobody@example.org"


def test_guessing_a_password_locks_the_door_even_for_the_right_one() -> None:
    person("agent", "ada@example.org")
    for _ in range(5):
        sign_in("ada@example.org", "wrong")
    answer = sign_in("ada@example.org", PASSWORD)
    assert answer.status_code == 200
    assert "Too many failed attempts" in answer.content.decode()


def test_nobody_signs_up_alone() -> None:
    answer = Client().post("/sign-up/", {"email": "eve@example.org", "password1": PASSWORD})
    assert "Nobody signs up here alone" in answer.content.decode()
    assert not User.objects.filter(email="eve@example.org").exists()


def test_a_page_asked_for_before_signing_in_opens_afterwards() -> None:
    person("owner")
    client = Client()
    answer = client.get("/settings/team/?x=1")
    assert answer["Location"] == "/sign-in/?next=/settings/team/%3Fx%3D1"
    answer = client.post(answer["Location"], {"login": "owner@example.org", "password": PASSWORD,
                                              "next": "/settings/team/?x=1"})  # fmt: skip
    assert answer["Location"] == "/settings/team/?x=1"


def test_signing_in_never_leads_to_another_site() -> None:
    person("owner")
    answer = Client().post(
        "/sign-in/", {"login": "owner@example.org", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"


def test_a_part_refreshed_after_the_session_ended_leads_the_whole_page_to_sign_in() -> None:
    answer = Client().get(
        "/home/now/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/"}
    )
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/?next=/customers/"


def test_somebody_deactivated_is_out_at_their_next_click() -> None:
    owner, agent = person("owner"), person("agent")
    theirs = signed_in("agent")
    assert theirs.get("/account/").status_code == 200
    answer = signed_in("owner").post(f"/settings/team/{agent.pk}/active/", {"active": "no"})
    assert answer.status_code == 302
    assert theirs.get("/account/").status_code == 302
    assert sign_in("agent@example.org", PASSWORD)["Location"] == "/sign-in/inactive/"
    entry = audited("user.deactivated")
    assert (entry.who, entry.object) == (owner, "agent@example.org")


def test_the_last_owner_can_neither_leave_nor_step_down() -> None:
    owner = person("owner")
    with pytest.raises(ValidationError, match="last owner"):
        actions.change_role(owner.pk, "agent", by=owner)
    with pytest.raises(ValidationError, match="yourself"):
        actions.set_active(owner.pk, False, by=owner)
    second = person("owner", "second@example.org")
    actions.set_active(owner.pk, False, by=second)
    with pytest.raises(ValidationError, match="last owner"):
        actions.change_role(second.pk, "manager", by=second)


def test_a_manager_cannot_raise_themselves_or_others_to_owner() -> None:
    manager, owner = person("manager"), person("owner")
    client = signed_in("manager")
    assert client.post(f"/settings/team/{manager.pk}/role/", {"role": "owner"}).status_code == 403
    assert client.post(f"/settings/team/{owner.pk}/role/", {"role": "agent"}).status_code == 403
    form = {"email": "x@example.org", "role": "owner", "password": PASSWORD}
    assert client.post("/settings/team/add/", form).status_code == 403
    client.post(f"/settings/team/{owner.pk}/password/")
    manager.refresh_from_db(), owner.refresh_from_db()
    assert (manager.role, owner.role) == ("manager", "owner")
    assert owner.check_password(PASSWORD)
    with pytest.raises(PermissionDenied):
        actions.create_user("y@example.org", "owner", PASSWORD, by=manager)


def test_an_owner_adds_somebody_who_can_sign_in_at_once() -> None:
    answer = signed_in("owner").post(
        "/settings/team/add/",
        {"name": "Ravi", "email": "Ravi@example.org", "role": "agent", "password": "kingfisher over water"},
        follow=True,
    )
    assert "ravi@example.org can sign in now." in answer.content.decode()
    assert sign_in("ravi@example.org", "kingfisher over water").status_code == 302


@pytest.mark.parametrize("password", ["short", "password123", "ravi@example.org"])
def test_weak_first_passwords_are_refused_with_a_reason(password: str) -> None:
    form = {"name": "", "email": "ravi@example.org", "role": "agent", "password": password}
    answer = signed_in("owner").post("/settings/team/add/", form)
    assert answer.status_code == 422
    assert not User.objects.filter(email="ravi@example.org").exists()
    assert 'id="id_password_error"' in answer.content.decode()


def test_one_address_is_one_person_whatever_its_case() -> None:
    person("agent", "ada@example.org")
    with pytest.raises(ValidationError, match="already"):
        person("agent", "ADA@example.org")


def test_somebody_who_forgot_gets_a_new_password_shown_once() -> None:
    agent = person("agent")
    theirs = signed_in("agent")
    answer = signed_in("owner").post(f"/settings/team/{agent.pk}/password/")
    found = re.search(r'<code id="password">([^<]+)</code>', answer.content.decode())
    assert found
    assert theirs.get("/account/").status_code == 302
    assert sign_in("agent@example.org", found[1]).status_code == 302
    assert found[1] not in str(audited("user.password_set").detail)


def test_a_key_is_shown_once_and_only_its_hash_is_kept() -> None:
    client = signed_in("engineer")
    shown = client.post("/settings/keys/", {"name": "export", "scope": "manage"}).content.decode()
    found = re.search(r"heed_manage_[\w-]{30,}", shown)
    assert found
    secret = found[0]
    assert secret not in client.get("/settings/keys/").content.decode()
    kept = ApiKey.objects.get()
    assert secret.encode() not in bytes(kept.hash)
    assert len(kept.prefix) < 20
    assert secret.startswith(kept.prefix)
    key = api.verify_key(secret)
    assert key is not None
    assert (key.name, key.scope) == ("export", "manage")
    kept.refresh_from_db()
    assert kept.last_used is not None


def test_a_revoked_or_altered_key_opens_nothing() -> None:
    secret = api.create_key("export", "manage")
    assert api.verify_key(secret[:-1]) is None
    assert api.verify_key("") is None
    assert api.verify_key("\ud800") is None
    key = ApiKey.objects.get()
    signed_in("owner").post(f"/settings/keys/{key.pk}/revoke/")
    assert api.verify_key(secret) is None
    assert audited("key.revoked").object == "export"


def test_my_account_keeps_theme_and_time_zone_and_shows_times_in_it() -> None:
    client = signed_in("analyst")
    client.post("/account/", {"name": "Ana", "theme": "dark", "timezone": "Asia/Tokyo"})
    page = client.get("/settings/keys/", follow=True)
    assert page.status_code == 403
    assert 'data-theme="dark"' in client.get("/account/").content.decode()
    boss = signed_in("owner")
    boss.post("/account/", {"name": "", "theme": "light", "timezone": "Asia/Tokyo"})
    assert " JST" in boss.get("/settings/audit/").content.decode()


def test_the_audit_log_is_paged_and_filtered() -> None:
    for number in range(60):
        actions.audit("robot", "tested", f"thing {number}")
    actions.audit("robot", "other")
    client = signed_in("owner")
    first = client.get("/settings/audit/?what=tested").content.decode()
    assert "thing 59" in first
    assert "thing 9<" not in first
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = client.get("/settings/audit/" + older[1].replace("&amp;", "&")).content.decode()
    assert "thing 9<" in second
    assert "thing 59" not in second
    assert client.get("/settings/audit/?before=99999999999999999999").status_code == 200


def test_a_second_factor_guards_the_account_and_lies_encrypted() -> None:
    import base64
    import hmac
    import struct
    import time

    from allauth.mfa.models import Authenticator

    def code(secret: str) -> str:
        counter = struct.pack(">Q", int(time.time()) // 30)
        digest = hmac.new(base64.b32decode(secret), counter, "sha1").digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    person("agent", "ada@example.org")
    client = Client()
    client.post("/sign-in/", {"login": "ada@example.org", "password": PASSWORD})
    assert client.get("/account/second-factor/app/")["Location"].startswith("/sign-in/again/")
    client.post("/sign-in/again/", {"password": PASSWORD})
    page = client.get("/account/second-factor/app/").content.decode()
    found = re.search(r'id="totp-secret">([A-Z2-7]{16,})<', page)
    assert found, page
    secret = found[1]
    answer = client.post("/account/second-factor/app/", {"code": code(secret)})
    assert answer.status_code == 302
    stored = str(Authenticator.objects.get(type="totp").data)
    assert secret not in stored
    again = Client()
    answer = again.post("/sign-in/", {"login": "ada@example.org", "password": PASSWORD})
    assert answer["Location"].startswith("/sign-in/second-factor/")
    assert again.get("/account/").status_code == 302
    cache.clear()
    answer = again.post("/sign-in/second-factor/", {"code": "000000"})
    assert again.get("/account/").status_code == 302
    answer = again.post("/sign-in/second-factor/", {"code": code(secret)})
    assert again.get("/account/").status_code == 200


def test_only_keys_that_can_be_used_are_made_on_the_page_of_keys() -> None:
    client = signed_in("engineer")
    assert client.post("/settings/keys/", {"name": "x", "scope": "write"}).status_code == 422
    page = client.get("/settings/keys/").content.decode()
    assert 'needs a <a href="/sources/">source</a> and its write key instead' in page
