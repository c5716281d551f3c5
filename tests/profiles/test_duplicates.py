"""The review queue: pairs are shown, decided once, merged and undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from heed.contracts.event import Event
from heed.profiles import actions, duplicates
from heed.profiles.models import IdentityApart, LikelyPair, Profile, ProfileMerge
from tests.profiles.test_views import known, signed_in, text

Carry = Callable[[list[Event]], None]
MARA = {"first_name": "Mara", "last_name": "Lindqvist", "city": "Lund", "birthday": "1980-02-01"}


@pytest.fixture
def crowd(carry: Carry) -> None:
    events = [known("mara", "Mara Lindqvist", email="mara@example.org", **MARA)]
    events.append(known("m.l", "Mara Lindqvist", email="marra@example.org", **MARA))
    events += [
        known(
            f"u{n}", f"Per{n} Olsson{n}", first_name=f"Per{n}", last_name=f"Olsson{n}",
            city=f"C{n}", birthday=f"19{50 + n}-03-0{n % 9 + 1}", email=f"u{n}@x.example",
        )
        for n in range(40)
    ]  # fmt: skip
    carry(events)
    duplicates.look()


def test_a_pair_is_reviewed_merged_and_undone_and_never_proposed_again(crowd: None, carry: Carry) -> None:
    client = signed_in("manager")
    pair = LikelyPair.objects.get()
    page = text(client.get("/customers/duplicates/"))
    assert "1 pair to look at" in page
    assert "one person" in page
    assert "e-mail differs by one letter" in page
    assert "mara@example.org" in page
    assert "marra@example.org" in page
    answer = client.post(f"/customers/duplicates/{pair.pk}/", {"said": "same"}, follow=True)
    assert "Merged" in text(answer)
    carry([])
    assert Profile.objects.count() == 41
    assert "No duplicates" in text(client.get("/customers/duplicates/"))
    merge = ProfileMerge.objects.get()
    client.post(f"/customers/{merge.kept}/unmerge/", {"absorbed": str(merge.absorbed)})
    carry([])
    assert Profile.objects.count() == 42
    duplicates.look()
    assert "No duplicates" in text(client.get("/customers/duplicates/"))


def test_different_people_are_not_proposed_again(crowd: None, carry: Carry) -> None:
    client = signed_in("manager")
    pair = LikelyPair.objects.get()
    answer = client.post(f"/customers/duplicates/{pair.pk}/", {"said": "different"}, follow=True)
    assert "not proposed or matched again" in text(answer)
    duplicates.look()
    assert "No duplicates" in text(client.get("/customers/duplicates/"))
    again = client.post(f"/customers/duplicates/{pair.pk}/", {"said": "same"}, follow=True)
    assert "decided already" in text(again)
    carry([])
    assert Profile.objects.count() == 42


def test_different_people_are_not_proposed_again_when_one_becomes_part_of_somebody_else(
    crowd: None, carry: Carry
) -> None:
    pair = LikelyPair.objects.get()
    signed_in("manager").post(f"/customers/duplicates/{pair.pk}/", {"said": "different"})
    carry([known("older", "Mara Lindqvist", ago=90 * 86_400_000, email="m@other.example", **MARA)])
    older = Profile.objects.get(user_id="older")
    actions.merge(older.pk, pair.one, by=None)
    carry([])
    assert list(ProfileMerge.objects.values_list("kept", "absorbed")) == [(older.pk, pair.one)]
    duplicates.set_thresholds(0.01, 0.9, by=None)
    assert duplicates.look().merged == 0
    both = (older.pk, pair.other)
    assert not LikelyPair.objects.filter(one__in=both, other__in=both).exists()


def test_two_who_became_one_meanwhile_are_not_kept_apart(crowd: None, carry: Carry) -> None:
    client = signed_in("manager")
    pair = LikelyPair.objects.get()
    actions.merge(pair.one, pair.other, by=None)
    carry([])
    answer = client.post(f"/customers/duplicates/{pair.pk}/", {"said": "different"}, follow=True)
    assert "one customer by now" in text(answer)
    assert not IdentityApart.objects.exists()


def test_an_answer_that_is_none_decides_nothing(crowd: None) -> None:
    pair, client = LikelyPair.objects.get(), signed_in("manager")
    for said in ("", "same ", "x" * 2000, "<script>alert(1)</script>"):
        answer = client.post(f"/customers/duplicates/{pair.pk}/", {"said": said}, follow=True)
        assert answer.status_code == 200
        assert LikelyPair.objects.get().said == "open", said
    assert signed_in("owner").post("/customers/duplicates/999999/", {"said": "same"}).status_code == 302


def test_a_pair_put_off_comes_again(crowd: None) -> None:
    client = signed_in("manager")
    pair = LikelyPair.objects.get()
    assert "Put off" in text(client.post(f"/customers/duplicates/{pair.pk}/", {"said": "later"}, follow=True))
    assert "put off before" in text(client.get("/customers/duplicates/"))
    duplicates.look()
    assert LikelyPair.objects.get().said == "later"


def test_nothing_is_merged_unseen_until_somebody_switches_it_on(crowd: None, carry: Carry) -> None:
    carry([])
    assert Profile.objects.count() == 42
    client = signed_in("manager")
    form = {"review": "30", "automatic": "90", "merges": "on"}
    assert "Saved" in text(client.post("/customers/duplicates/thresholds/", form, follow=True))
    done = duplicates.look()
    carry([])
    assert done.merged == 1
    assert Profile.objects.count() == 41
    assert ProfileMerge.objects.get().kind == "match"


def test_thresholds_that_make_no_sense_are_refused(crowd: None) -> None:
    client = signed_in("manager")
    for form in (
        {"review": "0", "automatic": "99"}, {"review": "50", "automatic": "10", "merges": "on"},
        {"review": "nan", "automatic": "99"}, {}, {"review": "99", "automatic": "95", "merges": "on"},
    ):  # fmt: skip
        answer = client.post("/customers/duplicates/thresholds/", form, follow=True)
        assert "Saved" not in text(answer), form
        assert (duplicates.matching().review, duplicates.matching().automatic) == (0.5, None)


def test_the_queue_is_closed_to_who_may_not_manage_customers(crowd: None) -> None:
    pair = LikelyPair.objects.get()
    for role in ("agent", "marketer", "analyst", "engineer"):
        client = signed_in(role)
        assert client.get("/customers/duplicates/").status_code == 403, role
        for address in (f"{pair.pk}/", "thresholds/", "look/"):
            assert client.post(f"/customers/duplicates/{address}", {"said": "same"}).status_code == 403
    assert Client().get("/customers/duplicates/").status_code == 302
    assert LikelyPair.objects.get().said == "open"
