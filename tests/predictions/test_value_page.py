"""What customers are worth, from orders that were really carried."""

from __future__ import annotations

import random
import time
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
from heed.predictions import jobs, valuing
from heed.predictions import value_reading as reading
from heed.predictions.domain.outlook import Money, by_currency, grid, groups
from heed.predictions.domain.reasons import History, why_active, why_orders, why_value
from heed.predictions.domain.rfm import GROUPS, KEY_OF, fifths
from heed.predictions.domain.value import Spending
from heed.predictions.models import CustomerValue, ValueFit
from heed.profiles.models import Profile
from heed.segments.jobs import fill_list

Carry = Callable[[list[Event]], None]
DAY = 86_400_000
HOSTILE = "<script>alert(1)</script>"
_number = iter(range(10**9))


def order(
    who: str, days_ago: float, value: float = 20.0, name: str = "Order Completed", **more: Any
) -> Event:
    at = time.time_ns() // 1_000_000 - int(days_ago * DAY) - 60_000
    number = next(_number)
    properties = {"order_id": f"o{number}", "value": value, "currency": "EUR", **more}
    return Event(f"w{number}", "track", at, at, name=name, user_id=who, source="shop", properties=properties)


def named(who: str, name: str, **ids: str) -> Event:
    at = time.time_ns() // 1_000_000 - 90 * DAY
    return Event(
        f"w{next(_number)}", "identify", at, at, user_id=who, source="shop", traits={"name": name}, **ids
    )


def a_business(customers: int = 130) -> list[Event]:
    """Half buy once, half again and again until some stop; six months."""
    chance = random.Random(3)
    events = []
    for i in range(customers):
        at = 180 - chance.random() * 90
        events.append(order(f"c{i}", at, 20 + i % 7))
        while i % 2 and (at := at - chance.expovariate(1 / 25) - 1) > 0 and chance.random() > 0.15:
            events.append(order(f"c{i}", at, 20 + i % 7 + chance.random()))
    return events


@pytest.fixture
def client(transactional_db: None) -> Client:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    return client


def value_of(user_id: str) -> CustomerValue:
    return CustomerValue.objects.get(profile_id=Profile.objects.get(user_id=user_id).pk)


def test_who_buys_again_is_learnt_from_our_own_orders_and_shown(carry: Carry, client: Client) -> None:
    story = [order("ada", days, 50.0) for days in (160, 120, 80, 40, 21)]
    gone = [order("gone", days, 50.0) for days in (170, 167, 164, 161, 158)]
    carry([named("ada", HOSTILE), *story, *gone, *a_business()])
    fit = valuing.refresh(timezone.now())
    assert fit.customers == 132
    assert fit.r is not None
    ada, left = value_of("ada"), value_of("gone")
    assert (ada.purchases, ada.spent, ada.currency) == (5, 250, "EUR")
    assert ada.p_active > 0.8 > 0.1 > left.p_active
    assert 0.5 < ada.expected_orders < 4
    assert float(ada.expected_value) == pytest.approx(ada.expected_orders * 50, rel=0.2)
    assert value_of("c0").p_active is None
    version = reading.version()
    check = version.held_out
    assert all(row.n >= 10 for row in check.rows[-1:])
    assert sum(row.n for row in check.rows) == check.customers
    assert check.real == pytest.approx(check.foretold, rel=0.4)
    page = client.get("/value/").content.decode()
    for words in ("Does it hold?", "Champions", "Worth most", "&lt;script&gt;"):
        assert words in page
    assert HOSTILE not in page
    panel = client.get(f"/customers/{ada.profile_id}/").content.decode()
    assert "Bought on 5 days in 5 months, most recently 3 weeks ago." in panel
    assert "Purchases in the next 90 days" in panel
    assert "Usually 5 weeks pass between purchases; the last was 3 weeks ago." in panel
    assert "a purchase: mostly their own average" in panel
    once = client.get(f"/customers/{value_of('c0').profile_id}/").content.decode()
    assert "Too early to say after one purchase" in once


def test_every_cell_opens_its_people_and_all_are_somewhere(carry: Carry, client: Client) -> None:
    carry(a_business())
    valuing.refresh(timezone.now())
    summary = reading.version().summary
    cells = [cell for _, row in grid(summary) for cell in row if cell.n]
    assert sum(cell.n for cell in cells) == 130
    every = groups(summary)
    assert sum(group.n for group in every) == 130
    total = sum(CustomerValue.objects.values_list("spent", flat=True))
    assert sum(each.amount for group in every for each in group.spent) == total
    for cell in cells:
        found = client.get(f"/value/{cell.recency}-{cell.frequency}/")
        assert found.content.decode().count("data-row") == min(cell.n, 50)
    seen, after = set(), ""
    while True:
        page = reading.those_in(frozenset((c.recency, c.frequency) for c in cells), after, size=40)
        seen |= {person.id for person in page.people}
        if not (after := page.next_cursor):
            break
    assert len(seen) == 130


def test_orders_count_once_and_cancelled_ones_never(carry: Carry) -> None:
    twice = order("ada", 50, 30)
    again = order("ada", 49, 30, order_id=twice.properties["order_id"])
    off = order("ada", 30, 99)
    cancel = order("ada", 29, 99, name="Order Cancelled", order_id=off.properties["order_id"])
    same_day = [order("ada", 10, 10), order("ada", 10.0001, 10)]
    carry([twice, again, off, cancel, *same_day, order("ada", 5, 7, currency="SEK")])
    valuing.refresh(timezone.now())
    assert (value_of("ada").purchases, value_of("ada").spent) == (3, 50)


def test_orders_before_a_merge_count_for_who_it_is_now(carry: Carry) -> None:
    stranger = order("", 60)
    stranger.user_id, stranger.anonymous_id = "", "device-1"
    carry([stranger])
    carry([order("ada", 30)])
    carry([named("ada", "Ada", anonymous_id="device-1")])
    valuing.refresh(timezone.now())
    assert CustomerValue.objects.count() == 1
    assert value_of("ada").purchases == 2


def test_with_too_little_the_page_says_how_much_it_takes(carry: Carry, client: Client) -> None:
    assert "Nothing learnt yet" in client.get("/value/").content.decode()
    carry([order("ada", 40), order("ada", 20), order("bob", 3)])
    valuing.refresh(timezone.now())
    page = client.get("/value/").content.decode()
    assert "Too little to foretell from" in page
    assert "100 customers" in page
    panel = client.get(f"/customers/{value_of('ada').profile_id}/").content.decode()
    assert "Too few orders in all" in panel
    assert value_of("ada").expected_orders is None


def test_an_empty_lake_is_no_mistake(carry: Carry, client: Client) -> None:
    carry([])
    assert valuing.refresh(timezone.now()).customers == 0
    assert "No orders yet" in client.get("/value/").content.decode()


def test_it_is_learnt_once_a_day_and_sooner_while_there_is_too_little(carry: Carry) -> None:
    now = timezone.now()
    assert not reading.due(now), "before anybody bought"
    carry([order("ada", 3)])
    assert reading.due(now)
    jobs.value(0)
    assert not reading.due(now)
    assert reading.due(now + timedelta(hours=1, minutes=5))
    ValueFit.objects.update(r=0.3)
    assert not reading.due(now + timedelta(hours=19))
    assert reading.due(now + timedelta(hours=21))
    fitted = reading.newest()
    assert fitted is not None
    fitted.customers, fitted.r = 0, 1.0
    fitted.save()
    assert reading.due(now + timedelta(hours=1)), "many more have bought since"


@pytest.mark.parametrize("place", ["9-1", "0-0", "99999999999999999999-1", "nobody", "%00"])
def test_a_group_that_is_none_is_not_found(client: Client, place: str) -> None:
    assert client.get(f"/value/{place}/").status_code == 404


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "EUR|1|",
        "EUR|NaN|00000000-0000-0000-0000-000000000001",
        "|9e99|0",
        "%00",
        "%00|1|00000000-0000-0000-0000-000000000001",
    ],
)
def test_a_cursor_that_makes_no_sense_starts_anew(client: Client, after: str) -> None:
    assert client.get(f"/value/lost/?after={after}").status_code == 200


def test_strangers_see_nothing(transactional_db: None) -> None:
    for address in ("/value/", "/value/lost/"):
        assert Client().get(address).status_code == 302


def test_fifths_keep_equals_together() -> None:
    assert fifths([1, 1, 1, 1, 1, 1, 2, 3, 3, 9]).tolist() == [1, 1, 1, 1, 1, 1, 4, 4, 4, 5]
    assert fifths([7]).tolist() == [1]
    assert fifths([]).tolist() == []


def test_every_cell_has_one_name() -> None:
    cells = [cell for _, own in GROUPS.values() for cell in own]
    assert sorted(cells) == [(r, f) for r in range(1, 6) for f in range(1, 6)]


def test_a_history_is_said_as_people_say_it() -> None:
    today = timezone.now().date()

    def said(purchases: int, first: int, last: int) -> str:
        return str(History(purchases, today - timedelta(first), today - timedelta(last), today))

    assert said(4, 335, 21) == "Bought on 4 days in 11 months, most recently 3 weeks ago."
    assert said(1, 21, 21) == "Bought once, 3 weeks ago."
    assert said(2, 1, 0) == "Bought on 2 days in 1 day, most recently today."
    assert said(1_200, 2_000, 1) == "Bought on 1,200 days in 5 years, most recently yesterday."


def test_why_somebody_may_have_left_is_said_in_words() -> None:
    today = timezone.now().date()

    def history(purchases: int, first: int, last: int) -> History:
        return History(purchases, today - timedelta(first), today - timedelta(last), today)

    assert why_active(history(3, 100, 40)) == "Nothing for 6 weeks, 1.3 times as long as usual (4 weeks)."
    assert why_active(history(11, 510, 500)) == "Nothing for 16 months, far longer than usual (1 day)."
    assert "stayed away for good" in why_active(history(3, 100, 80), 0.999)
    assert "stayed away" not in why_active(history(3, 100, 80), 0.6) + why_active(history(3, 100, 40), 0.999)
    assert why_active(history(1, 5, 5)).startswith("Too early to say after one purchase")
    assert why_orders(history(1, 5, 5)).endswith("whose only purchase was 5 days ago.")


def test_what_a_purchase_is_expected_to_be_worth_says_whose_average_that_is() -> None:
    alike, apart = Spending(p=6.0, q=4_000.0, v=80_000.0), Spending(p=6.0, q=4.0, v=15.0)
    assert alike.weight(5) < 0.01
    assert 0.9 < apart.weight(5) < 1
    # The weight is that of the formula: as much of `expected` moves with their own mean.
    for spending in (alike, apart):
        moved = float(spending.expected(5, 101.0) - spending.expected(5, 100.0))
        assert moved == pytest.approx(spending.weight(5), rel=1e-6)
    assert "mostly their own average" in why_value(6, "€40", apart.weight(5))
    assert "a little their own average" in why_value(2, "€40", 0.3)
    assert "about what all customers spend" in why_value(6, "€40", alike.weight(5))


def test_amounts_stay_apart_by_currency(carry: Carry, client: Client) -> None:
    carry(
        [*a_business(), *(order(f"s{i}", d, 900.0, currency="SEK") for i in range(40) for d in (50 + i, 9))]
    )
    valuing.refresh(timezone.now())
    summary = reading.version().summary
    assert [(each.currency, each.customers) for each in summary.expected] == [("EUR", 130), ("SEK", 40)]
    page = client.get("/value/").content.decode()
    assert "each currency by itself" in page
    assert "72,000 SEK" in page
    assert set(CustomerValue.objects.filter(currency="SEK").values_list("money", flat=True)) == {1}
    assert by_currency([Money("EUR", 1), Money("SEK", 5), Money("EUR", 2)]) == [
        Money("SEK", 5),
        Money("EUR", 3),
    ]


def test_who_refuses_profiling_is_in_no_figure_of_single_people(carry: Carry, client: Client) -> None:
    def said(purpose: str, granted: bool) -> Event:
        event = order("c1", 0.1, name="Consent Changed")
        event.properties = {"purpose": purpose, "granted": granted}
        return event

    carry([*a_business(), said("profiling", False), said("marketing", True)])
    valuing.refresh(timezone.now())
    assert CustomerValue.objects.count() == 129
    assert reading.version().summary.refused == 1
    assert "1 customer who permit" in client.get("/value/").content.decode()
    refused = Profile.objects.get(user_id="c1").pk
    assert "What to expect" not in client.get(f"/customers/{refused}/").content.decode()


def test_who_refuses_later_is_shown_no_more_though_it_was_learnt(carry: Carry, client: Client) -> None:
    carry([*a_business(), named("c1", "Ada Byron")])
    valuing.refresh(timezone.now())
    own = value_of("c1")
    group = f"/value/{KEY_OF[own.recency, own.frequency]}/"
    cells = frozenset({(own.recency, own.frequency)})
    CustomerValue.objects.filter(pk=own.pk).update(expected_value=10**6, spent=10**6)
    for address in ("/value/", group):
        assert "Ada Byron" in client.get(address).content.decode()
    assert own.pk in {each for piece in reading.ids_in(cells) for each in piece}
    refusal = order("c1", 0.1, name="Consent Changed")
    refusal.properties = {"purpose": "analytics", "granted": False}
    carry([refusal])
    assert value_of("c1").expected_value == 10**6, "nothing was learnt since"
    for address in ("/value/", group):
        assert "Ada Byron" not in client.get(address).content.decode()
    assert own.pk not in {each for piece in reading.ids_in(cells) for each in piece}
    assert "What to expect" not in client.get(f"/customers/{own.pk}/").content.decode()


def test_versions_are_kept_compared_and_held_to_what_came(carry: Carry, client: Client) -> None:
    carry(a_business())
    now = timezone.now()
    first = valuing.refresh(now - timedelta(days=30))
    assert (first.drift, first.looked_back) == (None, None)
    second = valuing.refresh(now)
    version = reading.version()
    assert (version.drift.version, version.drift.day) == (first.pk, first.until)
    assert version.drift.before > 0
    back = version.looked_back
    assert (back.version, round(back.check.weeks * 7)) == (first.pk, 30)
    assert back.check.customers == 130
    later = CustomerValue.objects.filter(last_day__gt=first.until).count()
    assert back.check.real >= later > 0
    assert back.check.foretold == pytest.approx(back.check.real, rel=0.5)
    page = client.get("/value/").content.decode()
    assert "What the version of" in page
    assert "For the same customers the version before" in page
    assert ValueFit.objects.count() == 2
    assert set(CustomerValue.objects.values_list("fit", flat=True)) == {second.pk}


def test_a_group_is_kept_as_a_list_of_those_who_permit_it(carry: Carry, client: Client) -> None:
    consents = [order(f"c{i}", 0.1, name="Consent Changed") for i in range(0, 130, 3)]
    for event in consents:
        event.properties = {"purpose": "marketing", "granted": True}
    carry([*a_business(), *consents])
    valuing.refresh(timezone.now())
    largest = groups(reading.version().summary)[0]
    wrong = client.post(f"/value/{largest.key}/", {"name": " ", "purpose": "marketing"})
    assert wrong.status_code == 422
    offered = wrong.content.decode()
    assert '<option value="marketing" selected>Offers and news</option>' in offered
    assert "datalist" not in offered
    assert not ProcrastinateJob.objects.exists()
    done = client.post(f"/value/{largest.key}/", {"name": HOSTILE, "purpose": "marketing"})
    assert done.status_code == 302
    call = ProcrastinateJob.objects.get(task_name="heed.segments.jobs.fill_list").args
    fill_list(**call)
    carry([])
    cells = [list(cell) for cell in GROUPS[largest.key][1]]
    own = {each.pk for each in CustomerValue.objects.all() if [each.recency, each.frequency] in cells}
    permitting = {
        each.pk for each in Profile.objects.filter(pk__in=own) if int(each.user_id[1:]) % 3 == 0
    }  # fmt: skip
    listed = set(Profile.objects.filter(segments__contains=[call["key"]]).values_list("pk", flat=True))
    assert listed == permitting
    assert len(own) > len(listed) > 0
    page = client.get(f"/value/{largest.key}/").content.decode()
    assert "Save them as a list" in page


def test_who_may_not_change_segments_saves_no_list(carry: Carry, client: Client) -> None:
    carry(a_business())
    valuing.refresh(timezone.now())
    key = groups(reading.version().summary)[0].key
    actions.create_user("agent@example.org", "agent", "a long enough password")
    client.force_login(User.objects.get(email="agent@example.org"))
    page = client.get(f"/value/{key}/").content.decode()
    assert "data-row" in page
    assert "Save them as a list" not in page
    assert client.post(f"/value/{key}/", {"name": "Mine"}).status_code == 403
