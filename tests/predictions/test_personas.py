"""Personas among customers of three known kinds, and lookalikes of half of one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import User
from heed.predictions import jobs, personas
from heed.predictions import persona_reading as reading
from heed.predictions.models import CustomerLikeness, CustomerPersona, Likeness, Persona, PersonaRun
from heed.profiles.models import Profile
from heed.segments import api as segments
from heed.segments.jobs import fill_list
from tests.predictions.three_kinds import KINDS, customers, told

Carry = Callable[[list[Event]], None]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def client(transactional_db: None) -> Client:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    return client


def kinds_of(ids: Any) -> Counter[str]:
    names = Profile.objects.filter(pk__in=list(ids)).values_list("user_id", flat=True)
    return Counter(name.rstrip("0123456789") for name in names)


def by_kind() -> dict[str, Persona]:
    """The persona in which most of each kind are; fails where one is not nearly all of a kind."""
    found = {}
    for persona in reading.all_living():
        own = CustomerPersona.objects.filter(persona=persona).values_list("profile_id", flat=True)
        (kind, n), *_ = kinds_of(own).most_common()
        assert n >= 0.95 * persona.size, (persona.name, kinds_of(own))
        found[kind] = persona
    return found


def run_last(job: Any) -> None:
    call = ProcrastinateJob.objects.filter(task_name=job.name).order_by("-id")[0]
    job(**call.args)


def test_three_kinds_of_customers_are_three_personas_said_in_words(carry: Carry, client: Client) -> None:
    carry(customers())
    jobs.personas(0)
    run = reading.newest()
    assert (run.reason, run.customers) == ("", 270)
    found = by_kind()
    assert set(found) == set(KINDS)
    assert sum(each.size for each in found.values()) == 270
    loyal, gone, unlucky = (found[kind] for kind in KINDS)
    assert any(words.startswith("Bought ") and "(everybody " in words for words in loyal.sentences)
    assert any("ago (everybody" in words for words in gone.sentences)
    assert any("got in touch" in words.lower() for words in unlucky.sentences)
    assert loyal.mood > 0 > unlucky.mood
    assert ["Product Viewed", "Product Added", "Order Completed"] in [steps for steps, *_ in loyal.journeys]
    _steps, share, every = loyal.journeys[0]
    assert share > 0.9 > every > 0.2
    assert "Case Opened" in {step for steps, *_ in unlucky.journeys for step in steps}
    page = client.get("/personas/").content.decode()
    assert page.count("data-row") == 3
    for words in ("typically", "What they typically do", "everybody", "silhouette"):
        assert words in page
    assert client.get(f"/personas/{loyal.key}/").content.decode().count("data-row") == 50
    ada = Profile.objects.get(user_id="loyal1").pk
    assert loyal.sentences[0] in client.get(f"/customers/{ada}/").content.decode()


def test_a_name_given_stays_with_its_customers(carry: Carry, client: Client) -> None:
    carry(customers())
    personas.refresh(timezone.now())
    loyal = by_kind()["loyal"]
    keys = {kind: persona.key for kind, persona in by_kind().items()}
    assert client.post(f"/personas/{loyal.key}/edit/", {"name": " "}).status_code == 422
    done = client.post(f"/personas/{loyal.key}/edit/", {"name": HOSTILE, "note": HOSTILE})
    assert done["Location"] == "/personas/"
    page = client.get("/personas/").content.decode()
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    # Some are new, some did something more; the groups are found again.
    more = list(customers(130, seed=2, without=90))
    carry([*more, *(told(f"gone{i}", "Product Viewed", 1) for i in range(8))])
    personas.refresh(timezone.now())
    again = by_kind()
    assert {kind: persona.key for kind, persona in again.items()} == keys
    assert again["loyal"].name == HOSTILE
    assert again["loyal"].size == 130
    assert Persona.objects.count() == 3
    assert PersonaRun.objects.count() == 2


def test_a_persona_is_a_segment_kept_in_step(carry: Carry, client: Client) -> None:
    carry(customers())
    personas.refresh(timezone.now())
    unlucky = by_kind()["unlucky"]
    done = client.post(f"/personas/{unlucky.key}/list/")
    key = done["Location"].split("/")[-2]
    run_last(jobs.keep_list)
    carry([])
    assert segments.ids(key) == set(
        CustomerPersona.objects.filter(persona=unlucky).values_list("profile_id", flat=True)
    )
    segments.save_segment("", name="Both", rule=f'segment "{key}" and order.count >= 1')
    carry([])
    assert Profile.objects.filter(segments__contains=["both"]).count() == unlucky.size
    assert client.post(f"/personas/{unlucky.key}/list/")["Location"] == done["Location"], (
        "asked again, the same"
    )
    # Nobody moved: nothing is said again. Then one becomes loyal, and a stranger unlucky.
    unlucky.refresh_from_db()
    assert personas.keep_list(unlucky) == 0
    turned = [event for event in customers(1, seed=5) if event.user_id == "loyal0"]
    for event in turned:
        event.user_id, event.message_id = "unlucky7", event.message_id + "-turned"
    new = [event for event in customers(91, seed=6, without=90) if event.user_id == "unlucky90"]
    quiet = told("unlucky7", "Survey Answered", 0.01, score=10, scale="nps")
    carry([*turned, *new, quiet])
    personas.assign(reading.newest(), timezone.now())
    carry([])
    names = set(Profile.objects.filter(pk__in=segments.ids(key)).values_list("user_id", flat=True))
    assert "unlucky90" in names
    assert segments.ids(key) == set(
        CustomerPersona.objects.filter(persona=unlucky).values_list("profile_id", flat=True)
    )


def test_who_refuses_profiling_is_in_no_persona_and_like_nobody(carry: Carry, client: Client) -> None:
    refused = [told(f"loyal{i}", "Consent Changed", 1, purpose="profiling", granted=False) for i in range(5)]
    carry([*customers(), *refused])
    run = personas.refresh(timezone.now())
    assert (run.customers, run.refused) == (265, 5)
    assert CustomerPersona.objects.count() == 265
    segments.save_segment("", name="Loyal", rule="order.count >= 5")
    carry([])
    client.post("/lookalikes/", {"segment": "loyal"})
    run_last(jobs.lookalikes)
    found = Likeness.objects.get()
    assert (found.members, found.others) == (85, 180)


def test_too_few_and_one_crowd_are_said_in_words(carry: Carry, client: Client) -> None:
    assert "Not looked for yet" in client.get("/personas/").content.decode()
    carry([told("ada", "Seen", 1)])
    jobs.personas(0)
    assert not PersonaRun.objects.exists()
    for _ in range(2):
        personas.refresh(timezone.now())
    assert PersonaRun.objects.count() == 1, "of looks in vain the latest says all"
    page = client.get("/personas/").content.decode()
    assert "Insufficient evidence" in page
    assert "It takes 200 customers seen within a year, and there is one." in page
    assert not Persona.objects.exists()


def test_groups_end_where_there_are_none_any_more(carry: Carry, client: Client) -> None:
    carry(customers())
    now = timezone.now()
    personas.refresh(now)
    personas.refresh(now + timedelta(days=500))
    assert reading.all_living() == []
    assert Persona.objects.count() == 3
    assert not CustomerPersona.objects.exists()
    for key in Persona.objects.values_list("key", flat=True):
        assert client.get(f"/personas/{key}/").status_code == 404


def test_how_often_personas_are_looked_for(carry: Carry) -> None:
    now = timezone.now()
    assert reading.due(now) == ""
    carry([told(f"c{i}", "Seen", 1) for i in range(199)])
    assert reading.due(now) == ""
    carry([told("ada", "Seen", 1)])
    assert reading.due(now) == "look"
    PersonaRun.objects.create(learnt_at=now, assigned_at=now, customers=99, refused=1)
    assert reading.due(now) == "look", "there are twice as many customers"
    PersonaRun.objects.update(customers=200)
    assert reading.due(now + timedelta(hours=19)) == ""
    assert reading.due(now + timedelta(hours=21)) == "assign"
    assert reading.due(now + timedelta(days=7)) == "look"
    PersonaRun.objects.update(reason="too few")
    assert reading.due(now + timedelta(hours=21)) == "look"


def test_lookalikes_of_half_a_kind_are_the_other_half(carry: Carry, client: Client) -> None:
    carry(customers())
    segments.save_segment("", name=HOSTILE, kind="list")
    (key,) = segments.names()
    half = Profile.objects.filter(user_id__in=[f"loyal{i}" for i in range(55)]).values_list("pk", flat=True)
    segments.put_on_list(key, list(half))
    carry([])
    assert client.post("/lookalikes/", {"segment": key})["Location"] == f"/lookalikes/{key}/"
    assert "Being looked for" in client.get(f"/lookalikes/{key}/").content.decode()
    run_last(jobs.lookalikes)
    found = Likeness.objects.get()
    assert (found.reason, found.members, found.others) == ("", 55, 215)
    assert found.auc > 0.85
    alike = reading.most_alike(key, 35)
    assert kinds_of([each.person.id for each in alike]) == {"loyal": 35}, "all that are left of them"
    assert all(0 <= each.likeness <= 1 for each in alike)
    assert alike[0].why
    assert alike[0].why[0].endswith((": like them.", ": unlike them."))
    assert not set(CustomerLikeness.objects.values_list("profile_id", flat=True)) & set(half)
    page = client.get(f"/lookalikes/{key}/").content.decode()
    for words in ("Told apart", "What makes somebody alike", "Most alike"):
        assert words in page
    assert HOSTILE not in page
    assert HOSTILE not in client.get("/lookalikes/").content.decode()
    address = f"/lookalikes/{key}/people/?least=0.5"
    listed = reading.how_many_alike(key, 0.5)
    assert listed >= 35
    assert client.get(address).content.decode().count("data-row") == min(50, listed)
    assert client.post(address, {"name": "More of them", "purpose": ""}).status_code == 302
    run_last(fill_list)
    carry([])
    assert len(segments.ids("more-of-them")) == listed
    seen, after = [], ""
    while True:
        shown = reading.those_alike(key, 0.0, after, size=40)
        seen += [person.id for person in shown.people]
        if not (after := shown.next_cursor):
            break
    assert len(seen) == len(set(seen)) == 215


def test_lookalikes_are_refused_in_words(carry: Carry, client: Client) -> None:
    carry(customers(60))
    segments.save_segment("", name="Few", kind="list")
    segments.save_segment("", name="All", rule="order.count >= 0")
    segments.save_segment("", name="Any", kind="list")
    every = list(Profile.objects.order_by("pk").values_list("pk", flat=True))
    segments.put_on_list("few", every[:3])
    segments.put_on_list("any", every[::2])
    carry([])
    for key, words in (
        ("few", "too small: 3"),
        ("all", "Nearly everybody"),
        ("any", "Nothing tells its members"),
    ):
        client.post("/lookalikes/", {"segment": key})
        run_last(jobs.lookalikes)
        page = client.get(f"/lookalikes/{key}/").content.decode()
        assert "Insufficient evidence" in page
        assert words in page
    assert not CustomerLikeness.objects.exists()


def test_the_same_customers_give_the_same_personas_and_likeness(carry: Carry) -> None:
    carry(customers())
    segments.save_segment("", name="Loyal", rule="order.count >= 5")
    carry([])
    told_ = []
    for _ in range(2):
        now = timezone.now()
        personas.refresh(now)
        Likeness.objects.update_or_create(segment="loyal", defaults={"asked_at": now})
        jobs.lookalikes("loyal")
        told_.append((
            sorted((p.key, p.name, p.size, str(p.sentences), str(p.journeys)) for p in reading.all_living()),
            list(CustomerLikeness.objects.order_by("profile_id").values_list("profile_id", "likeness")),
        ))  # fmt: skip
    assert told_[0] == told_[1]


def test_who_may_not_changes_nothing(carry: Carry, client: Client) -> None:
    carry(customers(70))
    personas.refresh(timezone.now())
    key = reading.all_living()[0].key
    segments.save_segment("", name="Loyal", rule="order.count >= 5")
    Likeness.objects.create(segment="loyal", asked_at=timezone.now(), learnt_at=timezone.now())
    actions.create_user("agent@example.org", "agent", "a long enough password")
    client.force_login(User.objects.get(email="agent@example.org"))
    assert client.get("/personas/").status_code == client.get("/lookalikes/loyal/").status_code == 200
    for address in (f"/personas/{key}/edit/", f"/personas/{key}/list/", f"/personas/{key}/", "/lookalikes/",
                    "/lookalikes/loyal/people/"):  # fmt: skip
        assert client.post(address, {"name": "Mine", "segment": "loyal"}).status_code == 403
        if not address.endswith("list/"):
            assert Client().get(address).status_code == 302
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.parametrize("address", [
    "/personas/none/", "/personas/none/edit/", "/lookalikes/none/", "/lookalikes/none/people/", "/lookalikes/%00/",
])  # fmt: skip
def test_what_is_none_is_not_found(client: Client, carry: Carry, address: str) -> None:
    assert client.get(address).status_code == 404
    assert client.post("/lookalikes/", {"segment": "none"}).status_code == 404


@pytest.mark.parametrize("query", ["least=x", "least=nan", "least=-1", "after=x", "after=nan|0", "after=%00"])
def test_a_cursor_that_makes_no_sense_starts_anew(client: Client, carry: Carry, query: str) -> None:
    segments.save_segment("", name="Loyal", rule="order.count >= 5")
    Likeness.objects.create(segment="loyal", asked_at=timezone.now(), learnt_at=timezone.now())
    assert client.get(f"/lookalikes/loyal/people/?{query}").status_code == 200
