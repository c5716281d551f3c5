"""Every page is guarded, and each role opens exactly what the table says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from heed.govern import actions
from heed.govern.domain import ROLES, check_permission, may
from heed.govern.models import User
from heed.web.urls import entrance

OPEN_TO_ALL = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "mfa_authenticate",
    "robots",
}
"""Pages strangers may open. allauth guards its others by itself, which a test below tries."""
BY_ALLAUTH = {pattern.name for pattern in entrance} - OPEN_TO_ALL


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each, prefix + str(each.pattern))
        else:
            yield prefix + str(each.pattern), each


def test_only_the_preference_centre_is_open_to_whoever_holds_a_link() -> None:
    public = {pattern.name for _, pattern in patterns() if getattr(pattern.callback, "heed_public", False)}
    assert public == {"preferences", "preferences_ask", "preferences_download"}


def test_every_view_says_who_may_open_it() -> None:
    found = list(patterns())
    assert len(found) > 30
    missing = []
    for address, pattern in found:
        if address.lstrip("^").startswith("api/") or pattern.name in OPEN_TO_ALL | BY_ALLAUTH:
            continue
        if getattr(pattern.callback, "heed_public", False):
            continue
        permission = getattr(pattern.callback, "heed_permission", None)
        if permission is None:
            missing.append(address)
        else:
            check_permission(permission)
    assert not missing, f"views without @allow: {missing}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(BY_ALLAUTH))
def test_strangers_are_sent_to_sign_in_from_allauths_own_pages(name: str) -> None:
    address = next(a for a, p in patterns() if p.name == name)
    answer = Client().get(f"/{address}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_the_table_says_and_nothing_else(role: str) -> None:
    actions.create_user(f"{role}@example.org", role, "a long enough password")
    client = Client()
    client.force_login(User.objects.get(role=role))
    opened = refused = 0
    for address, pattern in patterns():
        permission = getattr(pattern.callback, "heed_permission", None)
        if permission is None or "<" in address:
            continue
        answer = client.get(f"/{address}")
        if may(role, permission):
            assert answer.status_code in {200, 204, 405}, (role, address, answer.status_code)
            opened += 1
        else:
            assert answer.status_code == 403, (role, address)
            assert f"Your role ({role}) does not include" in answer.content.decode()
            refused += 1
    assert opened >= 5
    assert (refused == 0) == (role in {"owner", "manager"})


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_navigation_shows_only_what_opens(role: str) -> None:
    import re

    actions.create_user(f"{role}@example.org", role, "a long enough password")
    client = Client()
    client.force_login(User.objects.get(role=role))
    page = client.get("/account/").content.decode()
    rail = page[page.index('<nav class="rail"') : page.index("</nav>")]
    links = re.findall(r'href="(/[^"]*)"', rail)
    assert len(links) > 3
    for link in links:
        assert client.get(link).status_code == 200, link


@pytest.mark.django_db
def test_the_management_api_opens_only_for_a_manage_key() -> None:
    from heed.govern import api

    client = Client()
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = client.get("/api/v1/profiles?userId=x", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unknown_key"
        assert answer["WWW-Authenticate"] == "Bearer"
    write, manage = api.create_key("w", "write"), api.create_key("m", "manage")
    answer = client.get("/api/v1/profiles?userId=x", headers={"Authorization": f"Bearer {write}"})
    assert answer.status_code == 403
    assert set(answer.json()) == {"code", "message", "detail"}
    answer = client.get("/api/v1/profiles?userId=x", headers={"Authorization": f"Bearer {manage}"})
    assert answer.status_code == 200
    assert answer.json() == []
    answer = client.get("/api/v1/profiles", headers={"Authorization": f"Bearer {manage}"})
    assert answer.status_code == 400
    assert "exactly one" in answer.json()["message"]


@pytest.mark.django_db
def test_a_session_is_no_key_to_the_management_api() -> None:
    actions.create_user("o@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    assert client.get("/api/v1/profiles?userId=x").status_code == 401


@pytest.mark.django_db
def test_the_api_explains_itself_from_this_server_alone() -> None:
    import re

    page = Client().get("/api/docs").content.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    assert all(address.startswith("/") for address in loaded), loaded
    assert not re.search(r"<script(?![^>]*\b(src=|type=\"application/json\"))", page)
    schema = Client().get("/api/openapi.json").json()
    assert "/api/v1/profiles/{profile_id}/timeline" in schema["paths"]
    assert 'name="viewport"' in page
    assert 'href="/">Back to Heed' in page


def test_the_api_describes_what_the_front_answers_as_it_answers_it() -> None:
    from heed.collect.domain.protocol import KINDS

    paths = Client().get("/api/openapi.json").json()["paths"]
    for name in (*KINDS, "batch", "import", "decide", "known"):
        told = paths[f"/v1/{name}"]["post"]
        assert told["security"] == [{"WriteKey": []}]
        assert {"200", "400", "401", "404", "413", "429", "503"} == set(told["responses"])
        assert told["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert (
        len({told["post"]["operationId"] for path, told in paths.items() if path.startswith("/v1/")})
        == len(KINDS) + 4
    )


@pytest.mark.django_db
def test_the_table_of_roles_shows_only_what_has_a_page() -> None:
    actions.create_user("o@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    page = client.get("/settings/team/").content.decode()
    assert "Change actions, placements and contact policies" in page
    assert "Find customers and see everything known about one" in page
    assert "Merge, unmerge and erase customers" in page
    assert "Answer and close cases" not in page


@pytest.mark.django_db
def test_sign_in_names_the_organisation_only_when_it_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from heed import settings

    assert "Your organisation" not in Client().get("/sign-in/").content.decode()
    named = replace(settings.load(), organisation="Nordlicht <b>")
    monkeypatch.setattr(settings, "load", lambda: named)
    assert "to <bdi>Nordlicht &lt;b&gt;</bdi>" in Client().get("/sign-in/").content.decode()


@pytest.mark.django_db
def test_the_second_factor_is_explained_before_and_after_it_is_set_up() -> None:
    actions.create_user("o@example.org", "owner", "a long enough password")
    client = Client()
    client.post("/sign-in/", {"login": "o@example.org", "password": "a long enough password"})
    page = client.get("/account/second-factor/").content.decode()
    assert "a password that leaks is not enough" in page
    assert "Set it up" in page
    client.post("/sign-in/again/", {"password": "a long enough password"})
    page = client.get("/account/second-factor/app/").content.decode()
    assert "Scan this picture" in page
    assert 'name="code"' in page
