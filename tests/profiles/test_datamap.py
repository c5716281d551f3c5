"""The data map: what there is, where it comes from, what may be done with it, and what uses it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from heed.govern.actions import create_key
from heed.govern.api import create_user
from heed.profiles import api as profiles
from heed.profiles import datamap, field_book
from heed.profiles.domain.consent import Permission
from heed.profiles.domain.traits import Trait
from heed.profiles.models import FieldSetting, Profile
from heed.segments.models import Segment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    datamap.traits.forget()
    datamap.properties.forget()
    yield
    profiles.fields.set({}, {})


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(
        create_user(f"{role}-{uuid.uuid4().hex[:6]}@example.org", role, "a quiet harbour 7"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def person(marketing: bool | None = None, **traits: Any) -> Profile:
    state = profiles.fold.new()
    for name, value in traits.items():
        state.traits.values[name] = Trait(value, 1_700_000_000_000, "shop")
    if marketing is not None:
        state.consent.purposes["marketing"] = Permission(marketing, 1, "shop")
    state.identity.identifiers["user_id"] = ["ada"]
    return Profile.objects.create(
        id=uuid.uuid4(), state=profiles.fold.encode(state), last_seen=timezone.now()
    )


def field(name: str) -> datamap.Field:
    (found,) = [each for each in datamap.every() if each.name == name]
    return found


def in_force() -> None:
    """As every process does within seconds."""
    with connection.cursor() as cursor:
        field_book.reload(cursor.connection)


def test_it_says_of_each_field_how_common_it_is_and_what_uses_it() -> None:
    person(plan="gold", shoe=44)
    person(plan="free")
    now = timezone.now()
    Segment.objects.create(
        key="gold", name="Gold", rule='trait.plan = "gold"', created_at=now, changed_at=now
    )
    plan, shoe = field("plan"), field("shoe")
    assert (plan.share, shoe.share) == (1.0, 0.5)
    assert [use.label for use in plan.uses] == ["segment Gold"]
    assert plan.sources == ["shop"]
    assert shoe.wasted
    assert not plan.wasted
    html = signed_in("analyst").get("/permission/fields/").content.decode()
    assert "segment Gold" in html
    assert 'value="shoe"' not in html
    only = signed_in("owner").get("/permission/fields/?only=unused").content.decode()
    assert 'value="shoe"' in only
    assert 'value="plan"' not in only
    count, total = re.search(r"Fields nothing uses</h2><small>(\d+) of (\d+)</small>", only).groups()  # type: ignore[union-attr]
    assert int(count) == only.count('data-label="Field"') < int(total)


def test_it_says_how_many_of_the_holders_permit() -> None:
    person(marketing=True, shoe=44)
    person(marketing=False, shoe=45)
    person(shoe=46)
    datamap.assign("trait", "shoe", "marketing", by=None)
    found = field("shoe")
    assert found.purpose_name == "Offers and news"
    assert found.permitted == pytest.approx(1 / 3)


def test_assigning_a_field_is_for_those_who_manage_customers() -> None:
    person(shoe=44)
    asked = {"kind": "trait", "name": "shoe", "purpose": "marketing"}
    assert signed_in("analyst").post("/permission/fields/assign/", asked).status_code == 403
    assert not FieldSetting.objects.exists()
    assert signed_in("owner").post("/permission/fields/assign/", asked).status_code == 302
    assert FieldSetting.objects.get().purpose == "marketing"
    signed_in("owner").post("/permission/fields/assign/", {**asked, "purpose": ""})
    assert FieldSetting.objects.get().purpose == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "trait", "name": "email", "purpose": "marketing"},
        {"kind": "property", "name": "granted", "purpose": "marketing"},
        {"kind": "trait", "name": "shoe", "purpose": "no such"},
        {"kind": "folly", "name": "shoe", "purpose": "marketing"},
        {"kind": "trait", "name": "x" * 201, "purpose": "marketing"},
        {"kind": "trait", "name": "a\x00b", "purpose": "marketing"},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(asked: dict[str, str]) -> None:
    assert signed_in("owner").post("/permission/fields/assign/", asked).status_code == 302
    assert not FieldSetting.objects.exists()


def test_withdrawing_permission_hides_the_trait_on_every_way_to_it() -> None:
    made = person(marketing=True, shoe="size-forty-four")
    datamap.assign("trait", "shoe", "marketing", by=None)
    in_force()
    client, key = signed_in("owner"), create_key("robot", "manage")
    head = {"authorization": f"Bearer {key}"}

    def seen() -> list[bool]:
        return [
            "size-forty-four" in client.get(path, headers=head).content.decode()
            for path in (f"/customers/{made.pk}/", f"/api/v1/profiles/{made.pk}")
        ]

    assert seen() == [True, True]
    state = profiles.fold.decode(bytes(made.state))
    state.consent.purposes["marketing"] = Permission(False, 2, "shop")
    made.state = profiles.fold.encode(state)
    made.save()
    assert seen() == [False, False]
    assert "is not permitted" in client.get(f"/customers/{made.pk}/").content.decode()


def test_a_form_that_asks_whether_a_field_is_known_is_noted_as_its_user() -> None:
    person(shoe=44)
    datamap.note_use("trait", ["shoe", "nothing of that name"], "API key checkout")
    datamap.note_use("trait", ["shoe"], "API key checkout")
    found = field("shoe")
    assert [who for who, _ in found.asked] == ["API key checkout"]
    assert not found.wasted


def test_a_field_says_who_says_it_and_whose_word_counts() -> None:
    state = profiles.fold.new()
    state.traits.values["shoe"] = Trait(44, 2, "crm", {"shop": (45, 1)}, 1, 45)
    Profile.objects.create(id=uuid.uuid4(), state=profiles.fold.encode(state), last_seen=timezone.now())
    person(shoe=40)
    path = "/permission/fields/trait/?name=shoe"
    html = signed_in("analyst").get(path).content.decode()
    assert "Sources disagree about 50.0% of them" in html
    assert signed_in("analyst").post(path, {"survivor": "first"}).status_code == 403
    client = signed_in("owner")
    assert client.post(path, {"survivor": "trusted"}).status_code == 422
    assert client.post(path, {"survivor": "trusted", "trusted_0": "nobody"}).status_code == 422
    assert (
        client.post(path, {"survivor": "trusted", "trusted_0": "shop", "trusted_1": "crm"}).status_code == 302
    )
    assert FieldSetting.objects.get().trusted == ["shop", "crm"]
    in_force()
    assert profiles.fields.value(state, "shoe") == 45
    assert client.get("/permission/fields/trait/?name=nothing").status_code == 404
