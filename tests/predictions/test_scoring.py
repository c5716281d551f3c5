"""Chances reach profiles as scores, no more often than they move, and not those who refuse."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import AuditEntry, User
from heed.kit.clock import in_ms
from heed.ports import current
from heed.predictions import forecast_reading as reading
from heed.predictions import forecasting, jobs, scoring, signs
from heed.predictions.models import CustomerForecast, Forecast, ForecastChoice
from heed.profiles import api as profiles
from heed.profiles.models import Profile
from heed.scores import api as scores
from heed.segments import api as segments
from heed.segments.jobs import fill_list
from tests.predictions.shoppers import NOW, shoppers

Carry = Callable[[list[Event]], None]
HOSTILE = "<script>alert(1)</script>"
_number = iter(range(10**9))


def told(who: str, name: str, at: int, **properties: Any) -> Event:
    number = next(_number)
    return Event(f"f{number}", "track", at, at, name=name, user_id=who, source="shop", properties=properties)


def a_shop(customers: int = 350) -> list[Event]:
    """The simulated shop, ending now."""
    ends = time.time_ns() // 1_000_000 - 60_000
    events = []
    for event in shoppers(customers, 260):
        at = ends - int((NOW - event.pop("occurred")).total_seconds() * 1000)
        number = int(event.pop("profile_id").replace("-", ""), 16) - 1
        events.append(told(f"c{number}", event.pop("name"), at, **event))
    return events


@pytest.fixture
def client(transactional_db: None) -> Client:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    return client


def given() -> int:
    (row,) = current.lake().sql("select count(*) as n from events where name = 'Score Given'").to_pylist()
    return int(row["n"])


def test_chances_become_scores_told_only_as_they_move(carry: Carry, client: Client) -> None:
    refused = told("c3", "Consent Changed", time.time_ns() // 1_000_000, purpose="profiling", granted=False)
    carry([*a_shop(), refused])
    segments.save_segment("", name="Likely", rule="score.buy_30d > 0.6")
    now = timezone.now()
    jobs.forecasts(0)
    carry([])
    version = Forecast.objects.get(key="buy_30d")
    assert version.published, version.reason
    assert version.scored == CustomerForecast.objects.filter(key="buy_30d").count() > 250
    assert version.told == version.scored
    assert version.refused == 1
    no = Profile.objects.get(user_id="c3")
    assert not CustomerForecast.objects.filter(profile_id=no.pk).exists()
    assert profiles.fold.decode(bytes(no.state)).scores == scores.Scores()
    by_id = dict(CustomerForecast.objects.filter(key="buy_30d").values_list("profile_id", "chance"))
    for profile in Profile.objects.filter(pk__in=list(by_id)[:40]):
        score = scores.current(profiles.fold.decode(bytes(profile.state)), "buy_30d", in_ms(timezone.now()))
        assert (score.value, score.by, score.version) == (by_id[profile.pk], "Heed", str(version.pk))
        assert score.why
    likely = set(Profile.objects.filter(segments__contains=["likely"]).values_list("pk", flat=True))
    assert likely == {each for each, chance in by_id.items() if chance > 0.6}
    assert likely
    # The next day nearly nobody's chance has moved; scored again at once, nobody's.
    before = given()
    assert scoring.score(version, now + timedelta(minutes=1)) == 0
    assert scoring.score(version, now + timedelta(days=1)) < version.scored / 2
    carry([])
    assert given() - before < version.scored / 2
    # What ends soon is told again.
    assert scoring.score(version, now + timedelta(days=21)) > version.scored * 0.9

    panel = client.get(f"/customers/{next(iter(likely))}/").content.decode()
    assert "Will buy within 30 days" in panel
    assert "makes it likelier" in panel
    page = client.get("/forecasts/buy_30d/").content.decode()
    for words in (
        "Puts the right one first",
        "Does it hold?",
        "What weighs",
        "the more often they come",
        "Likeliest now",
    ):
        assert words in page
    assert page.count("data-row") == 20
    assert "in use" in client.get("/forecasts/").content.decode()


def test_who_was_merged_is_one_customer(carry: Carry) -> None:
    now = time.time_ns() // 1_000_000
    stranger = told("", "Order Completed", now - 9 * 86_400_000, order_id="1", value=10.0, currency="EUR")
    stranger.user_id, stranger.anonymous_id = "", "laptop"
    carry([stranger])
    carry([told("ada", "Order Completed", now - 2 * 86_400_000, order_id="2", value=30.0, currency="EUR")])
    joined = told("ada", "Seen", now - 60_000)
    joined.anonymous_id = "laptop"
    carry([joined])
    known = signs.known_on(timezone.now().date() + timedelta(days=1))
    assert known.ids == [str(Profile.objects.get(user_id="ada").pk)]
    assert known.raw["purchases"].tolist() == [2]
    assert 9 <= known.raw["since_first"][0] <= 11


def test_customers_above_a_chance_are_listed_and_kept(carry: Carry, client: Client) -> None:
    carry([told(f"c{i}", "Seen", time.time_ns() // 1_000_000) for i in range(70)])
    profiles_ = list(Profile.objects.order_by("pk"))
    for place, profile in enumerate(profiles_):
        CustomerForecast.objects.create(profile_id=profile.pk, key="buy_30d", chance=(place // 2) / 35)
    seen: list[Any] = []
    after = ""
    while True:
        page = reading.those_above("buy_30d", 0.2, after, size=9)
        seen += [person.id for person in page.people]
        if not (after := page.next_cursor):
            break
    assert len(seen) == len(set(seen)) == 56
    assert sorted(each for piece in reading.ids_above("buy_30d", 0.2) for each in piece) == sorted(seen)
    assert client.get("/forecasts/buy_30d/people/?least=0.2").content.decode().count("data-row") == 50
    done = client.post("/forecasts/buy_30d/people/?least=0.9", {"name": HOSTILE, "purpose": ""})
    assert done.status_code == 302
    from procrastinate.contrib.django.models import ProcrastinateJob

    call = ProcrastinateJob.objects.get(task_name="heed.segments.jobs.fill_list").args
    fill_list(**call)
    carry([])
    assert Profile.objects.filter(segments__contains=[call["key"]]).count() == 6


@pytest.mark.parametrize(
    "query", ["least=x", "least=nan", "least=-1", "least=9e9", "after=x", "after=nan|0", "after=%00"]
)
def test_what_makes_no_sense_is_a_half_from_the_start(client: Client, carry: Carry, query: str) -> None:
    assert client.get(f"/forecasts/buy_30d/people/?{query}").status_code == 200


def test_before_there_is_anything_pages_say_what_comes(client: Client, carry: Carry) -> None:
    assert "Not learnt yet" in client.get("/forecasts/").content.decode()
    assert "Nothing learnt yet" in client.get("/forecasts/churn/").content.decode()
    assert client.get("/forecasts/none/").status_code == 404
    jobs.forecasts(0)
    assert not Forecast.objects.exists()
    carry([told("ada", "Order Completed", time.time_ns() // 1_000_000, order_id="1", value=3)])
    jobs.forecasts(0)
    page = client.get("/forecasts/churn/").content.decode()
    assert "Insufficient evidence" in page
    assert "do not go back far enough" in page
    assert Forecast.objects.filter(published=False).count() == 2
    assert not CustomerForecast.objects.exists()
    forecasting.refresh(reading.kinds()[0], timezone.now())
    assert Forecast.objects.count() == 2, "of looks that found too little the latest says all"


def test_how_often_it_is_learnt(client: Client, carry: Carry) -> None:
    kind, now = reading.kinds()[0], timezone.now()
    made = Forecast.objects.create(
        key="buy_30d", days=30, learnt_at=now, until=now.date(), published=True, scored_at=now
    )
    assert not reading.due(kind, now + timedelta(days=6))
    assert reading.due(kind, now + timedelta(days=7))
    assert reading.to_score(kind, now + timedelta(hours=19)) is None
    assert reading.to_score(kind, now + timedelta(hours=21)) == made
    Forecast.objects.update(published=False)
    assert reading.due(kind, now + timedelta(hours=1))
    Forecast.objects.update(held={"auc": {"value": 0.5}})
    assert not reading.due(kind, now + timedelta(hours=1))
    assert reading.due(kind, now + timedelta(hours=21))
    assert reading.to_score(kind, now + timedelta(hours=21)) is None


def test_the_team_chooses_how_far_ahead(client: Client, carry: Carry) -> None:
    assert client.post("/forecasts/churn/days/", {"days": "60"}).status_code == 302
    assert [kind.days for kind in reading.kinds()] == [30, 60]
    assert "Will not come back within 60 days" in client.get("/forecasts/churn/").content.decode()
    assert AuditEntry.objects.filter(what="forecast.days_chosen").count() == 1
    for address, days in (("churn", "61"), ("churn", "x"), ("buy_30d", "60"), ("none", "60")):
        assert client.post(f"/forecasts/{address}/days/", {"days": days}).status_code == 404
    assert client.get("/forecasts/churn/days/").status_code == 405
    actions.create_user("agent@example.org", "agent", "a long enough password")
    client.force_login(User.objects.get(email="agent@example.org"))
    assert client.post("/forecasts/churn/days/", {"days": "30"}).status_code == 403
    assert client.post("/forecasts/churn/people/", {"name": "Mine"}).status_code == 403
    assert ForecastChoice.objects.get().days == 60
    assert Client().get("/forecasts/churn/").status_code == 302
    assert Client().get("/forecasts/churn/people/").status_code == 302


def test_what_another_question_said_counts_for_nothing(carry: Carry) -> None:
    carry(a_shop(250))
    kind = reading.kinds()[0]
    version = forecasting.refresh(kind, timezone.now())
    assert version.published, version.reason
    assert scoring.score(version, timezone.now()) > 0
    carry([])
    Forecast.objects.filter(pk=version.pk).update(days=60)
    other = forecasting.refresh(kind, timezone.now())
    assert scoring.score(other, timezone.now()) == other.scored
