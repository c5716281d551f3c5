"""Merging two customers and undoing it, from the page and over the API."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed.commerce.api import PURCHASES, purchase_parameters
from heed.contracts.event import Event
from heed.govern import api
from heed.govern.models import AuditEntry
from heed.ports import current
from heed.profiles import actions
from heed.profiles import api as profiles
from heed.profiles import timeline as timelines
from heed.profiles.models import ErasedProfile, KnownIdentifier, Profile, ProfileMerge, Unmerge
from tests.browser.shop import HOSTILE
from tests.profiles.test_views import event, known, signed_in, text, wrote

Carry = Callable[[list[Event]], None]


@pytest.fixture
def two(carry: Carry) -> tuple[Profile, Profile]:
    carry([known("mara", "Mara Lindqvist", email="mara@example.org"), event("Seen", "mara")])
    carry([known("m.l", "M. Lindqvist", email="mara@work.example"), event("Asked", "m.l")])
    return Profile.objects.get(user_id="mara"), Profile.objects.get(user_id="m.l")


def test_two_customers_are_merged_after_a_look_at_both_and_made_two_again(
    two: tuple[Profile, Profile], carry: Carry
) -> None:
    one, other = two
    before = {each.pk: (bytes(each.state), each.display_name, each.user_id) for each in two}
    client = signed_in("manager")
    page = text(client.post(f"/customers/{one.pk}/merge/", {"with": "mara@work.example"}))
    assert "Are these one person?" in page
    assert "M. Lindqvist" in page
    assert "differs" in page
    carry([])
    assert Profile.objects.count() == 2
    page = text(client.post(f"/customers/{one.pk}/merge/", {"with": str(other.pk), "sure": "1"}, follow=True))
    assert "Merged." in page
    carry([])
    kept = Profile.objects.get()
    recorded = ProfileMerge.objects.get()
    assert recorded.kept == kept.pk
    told = profiles.fold.decode(bytes(kept.state)).traits.values["email"].value
    assert kept.email == told, "the head of the page and what is known below it name one address"
    carry([event("Thanked", "m.l")])
    page = text(client.get(f"/customers/{kept.pk}/"))
    assert "as a colleague said" in page
    assert "Profiles Merged" not in page
    answer = client.post(f"/customers/{kept.pk}/unmerge/", {"absorbed": str(recorded.absorbed)}, follow=True)
    assert "Being undone" in text(answer)
    assert "being undone" in text(client.get(f"/customers/{kept.pk}/"))
    carry([])
    assert Profile.objects.count() == 2
    after = {each.pk: each for each in Profile.objects.all()}
    for pk, (state, name, user_id) in before.items():
        assert (after[pk].display_name, after[pk].user_id) == (name, user_id)
        if user_id == "mara":
            assert bytes(after[pk].state) == state
    assert "Thanked" in text(client.get(f"/customers/{other.pk}/"))
    assert "Thanked" not in text(client.get(f"/customers/{one.pk}/"))
    assert list(AuditEntry.objects.filter(what__startswith="customer.").values_list("what", flat=True)) in (
        ["customer.merged", "customer.unmerged"],
        ["customer.unmerged", "customer.merged"],
    )


@pytest.mark.parametrize("asked", ["nobody@example.org", "", "\x00", "'; drop table profile --", "mara"])
def test_nobody_is_merged_with_somebody_unknown_or_themselves(
    two: tuple[Profile, Profile], carry: Carry, asked: str
) -> None:
    one, _ = two
    page = text(
        signed_in("manager").post(f"/customers/{one.pk}/merge/", {"with": asked, "sure": "1"}, follow=True)
    )
    assert "Nobody else is known by that" in page
    carry([])
    assert Profile.objects.count() == 2


@pytest.mark.parametrize("role", ["agent", "marketer", "analyst", "engineer"])
def test_who_may_not_manage_customers_can_neither_merge_nor_undo(
    two: tuple[Profile, Profile], carry: Carry, role: str
) -> None:
    one, other = two
    client = signed_in(role)
    sure = {"with": str(other.pk), "sure": "1"}
    assert client.post(f"/customers/{one.pk}/merge/", sure).status_code == 403
    assert client.post(f"/customers/{one.pk}/unmerge/", {"absorbed": str(other.pk)}).status_code == 403
    assert Client().post(f"/customers/{one.pk}/merge/", sure).status_code == 302
    assert "Merge with" not in text(client.get(f"/customers/{one.pk}/"))
    carry([])
    assert Profile.objects.count() == 2
    assert not Unmerge.objects.exists()


def test_an_undo_of_what_was_never_merged_is_refused(two: tuple[Profile, Profile]) -> None:
    one, other = two
    client = signed_in("manager")
    for absorbed in (str(other.pk), str(uuid.uuid4()), "x", ""):
        page = text(client.post(f"/customers/{one.pk}/unmerge/", {"absorbed": absorbed}, follow=True))
        assert "no such merge" in page
    assert not Unmerge.objects.exists()


def test_programs_merge_and_undo_with_a_key_that_manages(two: tuple[Profile, Profile], carry: Carry) -> None:
    one, other = two
    client = Client(headers={"Authorization": f"Bearer {api.create_key('crm', 'manage')}"})
    sends = Client(headers={"Authorization": f"Bearer {api.create_key('shop', 'write')}"})
    address, wanted = f"/api/v1/profiles/{one.pk}", {"with": str(other.pk)}

    def post(who: Client, what: str, body: dict[str, str]) -> int:
        return who.post(f"{address}/{what}", body, content_type="application/json").status_code

    assert post(Client(), "merge", wanted) == 401
    assert post(sends, "merge", wanted) == 403
    assert post(sends, "unmerge", {"absorbed": str(other.pk)}) == 403
    assert post(client, "merge", {"with": str(uuid.uuid4())}) == 404
    assert post(client, "merge", {"with": str(one.pk)}) == 409
    assert post(client, "merge", {"with": "x"}) == 422
    assert post(client, "merge", wanted) == 202
    carry([])
    recorded = ProfileMerge.objects.get()
    assert post(client, "unmerge", {"absorbed": str(uuid.uuid4())}) == 404
    assert post(client, "unmerge", {"absorbed": str(recorded.absorbed)}) == 202
    carry([])
    assert Profile.objects.count() == 2
    assert AuditEntry.objects.filter(what="customer.merged", who_text__contains="crm").exists()


def test_what_cannot_be_merged_or_undone_is_refused_with_a_reason(
    two: tuple[Profile, Profile], carry: Carry
) -> None:
    one, other = two
    client = Client(headers={"Authorization": f"Bearer {api.create_key('crm', 'manage')}"})

    def post(what: str, body: Any, of: uuid.UUID = one.pk) -> tuple[int, str]:
        answer = client.post(f"/api/v1/profiles/{of}/{what}", body, content_type="application/json")
        return answer.status_code, answer.json().get("message", "")

    assert post("merge", {"with": str(one.pk)}) == (409, "That is the same customer.")
    assert post("merge", {"with": str(other.pk)}, uuid.uuid4()) == (404, "There is no such profile.")
    for body in ("{", "[]", {}, {"with": None}, {"with": "x" * 2000}, {"with": {"a": 1}}):
        assert post("merge", body)[0] in {400, 422}
        assert post("unmerge", body)[0] in {400, 422}
    assert post("merge", {"with": str(other.pk)})[0] == 202
    carry([])
    recorded = ProfileMerge.objects.get()
    for absorbed in (one.pk, other.pk):
        assert post("merge", {"with": str(absorbed)})[0] == 409
    assert post("merge", {"with": str(recorded.kept)}, recorded.absorbed)[0] == 409
    undo = {"absorbed": str(recorded.absorbed)}
    for _ in range(2):
        assert post("unmerge", undo)[0] == 202
    carry([])
    assert post("unmerge", undo) == (404, "There is no such merge to undo.")
    assert Profile.objects.count() == 2
    assert AuditEntry.objects.filter(what="customer.unmerged").count() == 1


def test_nobody_is_merged_with_somebody_who_was_erased(two: tuple[Profile, Profile], carry: Carry) -> None:
    one, other = two
    Profile.objects.filter(pk=other.pk).delete()
    KnownIdentifier.objects.filter(profile_id=other.pk).delete()
    ErasedProfile.objects.create(id=other.pk, at=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {api.create_key('crm', 'manage')}"})
    address = f"/api/v1/profiles/{one.pk}/merge"
    assert client.post(address, {"with": str(other.pk)}, content_type="application/json").status_code == 404
    sure = {"with": str(other.pk), "sure": "1"}
    page = text(signed_in("manager").post(f"/customers/{one.pk}/merge/", sure, follow=True))
    assert "Nobody else is known by that" in page
    carry([])
    assert not ProfileMerge.objects.exists()


def test_somebody_erased_before_the_merge_is_carried_is_not_made_anew(
    two: tuple[Profile, Profile], carry: Carry
) -> None:
    one, other = two
    actions.merge(one.pk, other.pk, by=None)
    Profile.objects.filter(pk=other.pk).delete()
    KnownIdentifier.objects.filter(profile_id=other.pk).delete()
    ErasedProfile.objects.create(id=other.pk, at=timezone.now())
    carry([])
    assert list(Profile.objects.values_list("pk", flat=True)) == [one.pk]
    assert not ProfileMerge.objects.exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stand_side_by_side_as_text(carry: Carry, name: str) -> None:
    carry([known("a", name, email="a@example.org", note=name), known("b", name[::-1], **{name[:80]: name})])
    one = Profile.objects.get(user_id="a")
    page = text(signed_in("manager").post(f"/customers/{one.pk}/merge/", {"with": "b"}))
    assert "Are these one person?" in page
    assert "<script>alert" not in page
    assert "differs" in page


def test_moods_and_purchases_of_both_are_their_own_again_wherever_the_lake_is_asked(
    two: tuple[Profile, Profile], carry: Carry
) -> None:
    one, other = two
    actions.merge(one.pk, other.pk, by=None)
    carry([])
    order = {"order_id": "o1", "value": 10, "currency": "EUR"}
    carry([wrote("m.l", "This is terrible, I am angry!"), event("Order Completed", "m.l", properties=order)])
    recorded = ProfileMerge.objects.get()
    actions.unmerge(recorded.kept, recorded.absorbed, by=None)
    carry([])
    now = time.time_ns() // 1_000_000
    names = {each.pk: [name for *_, name in timelines.mood_history([each.pk], now)] for each in two}
    assert "Message Received" in names[other.pk]
    assert "Message Received" not in names[one.pk]
    bought = current.lake().sql(f"with {PURCHASES} select who from purchases", purchase_parameters())
    assert bought["who"].to_pylist() == [str(other.pk)]
    moments = {each.pk: {m.title for m in timelines.timeline([each.pk])} for each in two}
    assert any("Order" in title for title in moments[other.pk])
    assert not any("Order" in title for title in moments[one.pk])
