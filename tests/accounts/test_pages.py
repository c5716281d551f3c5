"""Accounts on their pages and by the API: found, looked into, closed to who may not."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed.accounts import reading, store
from heed.accounts.models import Account
from heed.govern.actions import create_key
from heed.govern.api import create_user
from heed.profiles import api as profiles
from heed.profiles.models import Profile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    reading.how_many.forget()
    for each in reading.unhappiest.values():
        each.forget()


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(
        create_user("anna@example.org", "analyst", "a quiet harbour 7"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def account(key: str, name: str = "", kind: str = "company", **traits: Any) -> Account:
    told = store._encode({each: (value, 1) for each, value in traits.items()})
    return Account.objects.create(
        key=key, name=name or key, kind=kind, traits=told, told_at=timezone.now(), telling_at=timezone.now()
    )


def member(name: str, *keys: str, **columns: Any) -> Profile:
    state = profiles.fold.encode(profiles.fold.new())
    return Profile.objects.create(
        id=uuid.uuid4(),
        state=state,
        display_name=name,
        last_seen=timezone.now(),
        accounts=list(keys),
        **columns,
    )


def test_the_list_says_how_the_people_of_each_account_feel(client: Client) -> None:
    account("acme", "Acme Ltd")
    account("calm", "Calm AB")
    member(
        "Ada",
        "acme",
        valence=-0.6,
        confidence=0.8,
        attention=2.0,
        orders=2,
        revenue=Decimal(30),
        currency="EUR",
    )
    member("Bob", "acme", valence=-0.2, confidence=0.5, revenue=Decimal(12), currency="EUR")
    member("Cleo", "acme", "calm")
    member("Dana", "calm", valence=0.5, confidence=0.5)
    page = reading.page("", "")
    acme, calm = page.accounts
    assert (acme.members, acme.felt, acme.waiting, acme.orders, acme.currency) == (3, 2, 1, 2, "EUR")
    assert acme.valence == pytest.approx(-0.4)
    assert acme.spread == 1.0 or 0 < acme.spread < 1
    assert acme.revenue == 42
    assert calm.valence == 0.5
    html = client.get("/accounts/").content.decode()
    assert "Acme Ltd" in html
    assert "1 needs a person" in html
    assert "2 of 3 known" in html
    assert [each.key for each in reading.unhappiest[""].get()] == ["acme", "calm"]
    assert client.get("/accounts/?sort=unhappy").content.decode().index("Acme") > 0


def test_the_surely_unhappy_come_before_one_person_s_bad_day(client: Client) -> None:
    for key, kind, moods in (
        ("one bad day", "household", [-0.7]),
        ("all of them", "company", [-0.5, -0.45, -0.55]),
        ("fine", "company", [0.2, 0.3]),
    ):
        account(key, kind=kind)
        for number, mood in enumerate(moods):
            member(f"{key} {number}", key, valence=mood, confidence=0.5)
    assert [each.key for each in reading.unhappiest[""].get()] == ["all of them", "one bad day", "fine"]
    assert [each.key for each in reading.unhappiest["household"].get()] == ["one bad day"]
    html = client.get("/accounts/?kind=household").content.decode()
    assert "2 companies, 1 household," in html
    assert "one bad day" in html
    assert "all of them" not in html


def test_money_of_different_currencies_is_not_added_up(client: Client) -> None:
    made = account("acme")
    member("Ada", "acme", revenue=Decimal(30), currency="EUR")
    member("Bob", "acme", revenue=Decimal(12), currency="SEK")
    assert reading.page("", "").accounts[0].revenue is None
    assert "not added up" in client.get(f"/accounts/{made.pk}/").content.decode()


def test_an_account_is_found_by_part_of_its_name_and_signs_mean_themselves(client: Client) -> None:
    account("a1", "Acme Ltd")
    account("a2", "100% Wool_Co")
    assert [each.key for each in reading.page("cme", "").accounts] == ["a1"]
    assert [each.key for each in reading.page("0%", "").accounts] == ["a2"]
    assert [each.key for each in reading.page("_co", "").accounts] == ["a2"]
    assert reading.page("\\", "").accounts == []
    assert "Nothing found" in client.get("/accounts/", {"q": "\x00nobody"}).content.decode()


def test_pages_follow_each_other_without_gap(client: Client) -> None:
    for number in range(120):
        account(f"k{number}", f"Firm {number % 7}")
    seen, cursor = [], ""
    while True:
        page = reading.page("", cursor)
        seen += [each.key for each in page.accounts]
        if not (cursor := page.next_cursor):
            break
    assert sorted(seen) == sorted(f"k{number}" for number in range(120))
    assert client.get("/accounts/", {"after": "nonsense"}).status_code == 200


def test_one_account_shows_its_people_and_what_is_known_of_it(client: Client) -> None:
    made = account("acme", "Acme Ltd", plan="<b>gold</b>")
    ada = member("Ada", "acme")
    member("Stranger")
    html = client.get(f"/accounts/{made.pk}/").content.decode()
    assert f"/customers/{ada.pk}/" in html
    assert "Stranger" not in html
    assert "&lt;b&gt;gold" in html
    assert "<b>gold" not in html
    assert client.get("/accounts/999999/").status_code == 404
    assert client.get(f"/accounts/{2**70}/").status_code == 404


def test_strangers_see_no_account() -> None:
    account("acme")
    assert Client().get("/accounts/").status_code == 302
    assert Client().get("/api/v1/accounts").status_code == 401


def test_a_program_reads_accounts_and_their_members() -> None:
    made = account("acme", "Acme Ltd", plan="gold")
    ada = member("Ada", "acme", valence=0.2, confidence=0.4)
    client, key = Client(), create_key("robot", "manage")

    def get(path: str) -> Any:
        return client.get(f"/api/v1/accounts{path}", headers={"authorization": f"Bearer {key}"})

    (found,) = get("?key=acme").json()["items"]
    assert (found["name"], found["members"], found["mood"]) == ("Acme Ltd", 1, 0.2)
    assert get("?key=nobody").json() == {"items": [], "next": None}
    assert [each["key"] for each in get("?q=acm").json()["items"]] == ["acme"]
    assert get(f"/{made.pk}").json()["traits"] == {"plan": "gold"}
    assert [each["id"] for each in get(f"/{made.pk}/members").json()["items"]] == [str(ada.pk)]
    assert get("/99999999/members").status_code == 404
    assert get("/99999999999999999999999").status_code in {404, 400, 422}
    assert client.get(
        "/api/v1/accounts", headers={"authorization": f"Bearer {create_key('w', 'write')}"}
    ).status_code in {401, 403}
