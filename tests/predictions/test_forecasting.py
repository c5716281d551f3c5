"""Forecasts learnt from a shop whose truth is known: better than recency alone, well calibrated, and blind to the future."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest

from heed.ports import current
from heed.predictions import forecasting, signs
from heed.predictions.domain import forecast as domain
from heed.predictions.domain.forecast import Check, Kind, Model
from heed.predictions.domain.signs import RAW
from heed.predictions.models import Forecast
from heed.scores.models import Score
from tests.lake import put
from tests.predictions.shoppers import NOW, shoppers, who

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("an_empty_lake")]
BUY, CHURN = Kind("buy_30d", 30, False), Kind("churn", 60, True)


def filled(events: list[dict[str, Any]], version: int = 0) -> None:
    for event in events:
        if "value" in event:
            event["value"] = Decimal(str(event["value"]))
    put(current.lake(), events, version)


@pytest.mark.parametrize("kind", [BUY, CHURN])
def test_it_beats_recency_and_its_chances_hold(kind: Kind) -> None:
    filled(shoppers())
    made = forecasting.refresh(kind, NOW)
    assert made.published, made.reason
    check = msgspec.convert(made.held, Check)
    assert check.auc.value > check.auc_recency.value + 0.01
    assert check.brier < check.brier_recency
    assert check.gain > 1.96
    assert check.auc_active is not None
    assert check.auc.value > check.auc_active.value
    assert check.error < 0.05
    assert sum(row.n for row in check.rows) == check.customers
    assert sum(abs(row.foretold - row.real) <= row.margin + 0.03 for row in check.rows) >= len(check.rows) - 2
    assert made.happened > 0
    assert made.cuts == sorted(made.cuts, reverse=True)
    score = Score.objects.get(key=kind.key)
    assert (score.own, score.name) == (True, kind.name)


def test_what_tells_is_found_to_tell() -> None:
    filled(shoppers())
    weights = msgspec.convert(forecasting.refresh(CHURN, NOW).model, Model).weights
    assert weights["buying"] > 0.3, "the longer ago, the likelier they stay away"
    assert weights["late"] > 0.1, "a late order drives people away in this shop"
    assert weights["visits"] < -0.1, "who comes to look stays"


def test_nothing_after_a_day_is_known_on_it() -> None:
    events = shoppers(300)
    day = NOW.date() - timedelta(days=60)
    before = [event for event in events if event["occurred"] < signs.midnight(day)]
    filled(before)
    alone = signs.known_on(day)
    after = [event for event in events if event["occurred"] >= signs.midnight(day)]
    # Later events say all there is to say of earlier orders, and of customers nobody knew then.
    ordered = next(event for event in before if event["name"] == "Order Completed")
    at = signs.midnight(day)
    for name in ("Order Cancelled", "Order Returned", "Order Delayed", "Order Completed"):
        after.append({**ordered, "name": name, "occurred": at})
    after.append({"profile_id": who(0), "name": "Survey Answered", "occurred": at, "rating": 0.0, "scale": "nps",
                  "valence": -1.0, "mood_confidence": 1.0})  # fmt: skip
    after.append({"profile_id": who(99_999), "name": "Seen", "occurred": at})
    filled(after, 1)
    together = signs.known_on(day)
    assert together.ids == alone.ids
    for name in RAW:
        np.testing.assert_array_equal(together.raw[name], alone.raw[name], err_msg=name)
    assert signs.known_on(day + timedelta(days=1)).ids != alone.ids


def test_what_happens_after_today_changes_no_forecast() -> None:
    events = shoppers(600)
    filled(events)
    first = forecasting.refresh(BUY, NOW)
    today = signs.midnight(NOW.date())
    filled(
        [{**event, "occurred": today + timedelta(hours=n % 900)} for n, event in enumerate(events[-3_000:])],
        1,
    )
    again = forecasting.refresh(BUY, NOW)
    assert (again.model, again.held, again.cuts) == (first.model, first.held, first.cuts)
    assert first.model is not None


def test_no_outcome_is_known_to_what_it_is_held_against() -> None:
    """What taught and calibrated was over when the weeks began that are foretold."""
    for kind in (BUY, CHURN):
        first = NOW.date() - timedelta(days=420)
        unseen, later, *earlier = forecasting.cut_offs(kind, NOW.date(), first)
        length = timedelta(days=kind.days)
        assert unseen + length == NOW.date()
        assert later + length <= unseen
        assert all(cut + length <= later for cut in earlier)
        assert earlier


def test_the_same_events_give_the_same_forecast() -> None:
    events = shoppers(500)
    filled(events)
    one, other = forecasting.refresh(BUY, NOW), forecasting.refresh(BUY, NOW)
    assert (one.model, one.held) == (other.model, other.held)


def test_where_recency_says_all_there_is_the_forecast_is_refused_in_words() -> None:
    """Nobody has a rate of their own and nobody leaves: nothing tells customers apart."""
    random = np.random.default_rng(4)
    start = NOW - timedelta(days=200)
    filled(
        sorted(
            (
                {"profile_id": who(n), "name": "Order Completed", "occurred": start + timedelta(days=float(day)),
                 "order_id": f"{n}-{day}", "value": 10.0, "currency": "EUR"}
                for n in range(400) for day in np.cumsum(random.exponential(40, 12)) if day < 200
            ), key=lambda event: event["occurred"],
        )
    )  # fmt: skip
    made = forecasting.refresh(BUY, NOW)
    assert not made.published
    assert made.model is None
    assert "not clearly better than going by how long ago" in made.reason
    assert made.held is not None
    assert not Score.objects.exists()


@pytest.mark.parametrize(("customers", "days", "words"), [
    (40, 420, "Too few customers to"), (400, 60, "do not go back far enough"), (0, 1, "do not go back far enough"),
])  # fmt: skip
def test_too_little_is_said_in_words(customers: int, days: int, words: str) -> None:
    if customers:
        filled(shoppers(customers, days))
    made = forecasting.refresh(BUY, NOW)
    assert not made.published
    assert words in made.reason
    assert Forecast.objects.count() == 1


def test_where_customers_turned_round_lately_nothing_is_foretold() -> None:
    """From some day on nearly everybody who would have bought does not: the order holds, the chances do not."""
    events, random = shoppers(), np.random.default_rng(8)
    day = NOW - timedelta(days=30)
    gone = {who(number) for number in range(1_500) if random.random() < 0.8}
    filled([event for event in events if event["occurred"] < day or event["profile_id"] not in gone])
    made = forecasting.refresh(BUY, NOW)
    check = msgspec.convert(made.held, Check)
    assert check.auc.value > check.auc_recency.value
    assert check.error > domain.WIDEST
    assert not made.published


def test_chances_that_do_not_hold_are_refused_in_words() -> None:
    filled(shoppers())
    made = forecasting.refresh(BUY, NOW)
    check, model = msgspec.convert(made.held, Check), msgspec.convert(made.model, Model)
    assert domain.not_good_enough(model, check) == ""
    off = msgspec.structs.replace(check, error=0.16)
    assert "Its chances do not hold: in weeks it had not seen they were off by 16%" in domain.not_good_enough(
        model, off
    )
    for worse in (
        msgspec.structs.replace(check, gain=1.9),
        msgspec.structs.replace(check, auc=check.auc_recency),
    ):
        assert "not clearly better" in domain.not_good_enough(model, worse)


def test_drift_is_nothing_among_the_same_and_large_among_others() -> None:
    filled(shoppers())
    made = forecasting.refresh(BUY, NOW)
    model = msgspec.convert(made.model, Model)
    known = signs.known_on(NOW.date())
    own = known.where(BUY.concerns(known.raw))
    assert not domain.drift(model, own.raw).large
    other = {**own.raw, "since_last": own.raw["since_last"] + 150, "mood": np.full(len(own.ids), -0.9)}
    found = domain.drift(model, other)
    assert found.large
    assert "buying" in found.topics


def test_reasons_name_what_tells_a_customer_from_the_others() -> None:
    filled(shoppers())
    model = msgspec.convert(forecasting.refresh(CHURN, NOW).model, Model)
    known = signs.known_on(NOW.date())
    own = known.where(CHURN.concerns(known.raw))
    order = np.argsort(model.chance(own.raw))
    lowest, highest = domain.reasons(model, own.raw, [order[0], order[-1]])
    assert 1 <= len(lowest) <= 3
    assert any(each.endswith("makes it less likely.") for each in lowest)
    assert highest[0].endswith("makes it likelier.")
    assert any(each.startswith("Bought ") for each in (*lowest, *highest))


def test_a_chance_is_told_again_where_it_moved_noticeably() -> None:
    assert domain.moved(0.5, 0.56)
    assert not domain.moved(0.5, 0.54)
    assert domain.moved(0.02, 0.035)
    assert not domain.moved(0.001, 0.005)
    assert not domain.moved(0.3, 0.3)
