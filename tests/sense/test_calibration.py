"""Weights fitted to a company's own ratings, and what is said about how well they do."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from sklearn.metrics import roc_auc_score

from heed.contracts import vocabulary as v
from heed.contracts.event import Event, Understanding
from heed.demo.truth import live_through
from heed.demo.world import Nature, World
from heed.kit.clock import DAY, moment
from heed.pipeline.replay import replay
from heed.profiles.api import fold
from heed.sense import store
from heed.sense.actions.calibrate import calibrate, put_in_force
from heed.sense.domain import calibration
from heed.sense.domain.calibration import TooFew, auc, calibration_error, fit, judge, split
from heed.sense.domain.mood import Kept
from heed.sense.domain.observing import Observer, Rated
from heed.sense.domain.weights import DEFAULT, LowCurve, Weights
from heed.sense.weighing import Weighing
from tests.installation import MASTER_KEY, START, Installation


def rated(at: int, share: float, *evidence: Kept, valence: float = 0.0) -> Rated:
    return Rated(at, share, 0.0, 0.15, [valence, valence], [0.5, 0.5], list(evidence))


def piece(kind: str, at: int, value: float) -> Kept:
    return Kept("m", kind, kind, at, value, 1.0, 2)


def company(chance: random.Random, count: int = 400) -> list[Rated]:
    """A company where late parcels ruin ratings and payments that failed do not matter at all."""
    found = []
    for number in range(count):
        at = START + number * DAY // 4
        late, failed = chance.random() < 0.3, chance.random() < 0.3
        evidence = [piece("delivered_late", at - DAY, -0.35)] * late + [
            piece("payment_failed", at - DAY, -0.55)
        ] * failed
        low = chance.random() < (0.8 if late else 0.05)
        found.append(rated(at, 0.2 if low else 0.9, *evidence))
    return found


def test_what_ruins_ratings_gains_weight_and_what_does_not_loses_it() -> None:
    fitted = fit(company(random.Random(3)), DEFAULT)

    def pull(weights: Weights, kind: str) -> float:
        return weights.signals[kind].precision * -weights.signals[kind].value

    assert pull(fitted, "delivered_late") > 1.3 * pull(DEFAULT, "delivered_late")
    assert pull(fitted, "payment_failed") < 0.7 * pull(DEFAULT, "payment_failed")
    assert fitted.signals["goodwill"] == DEFAULT.signals["goodwill"], (
        "of what never happened nothing is learnt"
    )


def test_few_ratings_change_nothing_and_say_how_many_it_takes() -> None:
    with pytest.raises(TooFew, match="it takes 100 ratings"):
        split(company(random.Random(1), 60))
    with pytest.raises(TooFew, match="20 low ones"):
        split([rated(START + number, 0.9) for number in range(500)])


def test_the_later_ratings_judge_and_are_never_learnt_from() -> None:
    learnt, later = split(company(random.Random(2)))
    assert max(each.at for each in learnt) <= min(each.at for each in later)
    report, curve = judge(learnt, later)
    assert report.n == len(later)
    assert curve.slope < 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_gradient_is_that_of_the_loss(seed: int) -> None:
    problem = calibration._Problem(company(random.Random(seed), 60))
    theta = problem.start() + np.random.default_rng(seed).normal(0, 0.2, len(problem.start()))
    _, gradient = problem.loss(theta)
    numeric = approx_fprime(theta, lambda each: problem.loss(each)[0], 1e-7)
    assert np.allclose(gradient, numeric, atol=1e-3, rtol=1e-3)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60))
def test_the_auc_is_the_one_everybody_computes(pairs: list[tuple[int, bool]]) -> None:
    scores, low = np.array([float(a) for a, _ in pairs]), np.array([float(b) for _, b in pairs])
    if 0 < low.sum() < len(low):
        assert auc(scores, low) == pytest.approx(roc_auc_score(low, scores))
    else:
        assert auc(scores, low) == 0.5


def test_chances_that_come_true_have_no_calibration_error() -> None:
    low = np.array([0.0, 0.0, 0.0, 1.0] * 50)
    assert calibration_error(np.full(200, 0.25), low, groups=1) == pytest.approx(0.0)
    assert calibration_error(np.full(200, 0.75), low, groups=1) == pytest.approx(0.5)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_who_feels_worse_is_likelier_to_rate_low(one: float, other: float) -> None:
    curve = LowCurve()
    if one < other:
        assert curve.chance(one) >= curve.chance(other)
    assert 0 < curve.chance(one) < 1


def test_calibrating_fits_strengths_and_the_curve_and_nothing_else() -> None:
    fitted = fit(company(random.Random(4)), DEFAULT)
    for kind, row in fitted.signals.items():
        assert msgspec.structs.replace(row, precision=1) == msgspec.structs.replace(
            DEFAULT.signals[kind], precision=1
        )
    assert msgspec.structs.replace(fitted, signals=DEFAULT.signals, text=DEFAULT.text) == DEFAULT


def test_a_mood_beats_the_last_sentiment_at_foretelling_low_ratings() -> None:
    lived = live_through(World(7, START, 1_500), 75, [DEFAULT])
    low = np.array([each.low for each in lived.rated], float)
    mood = auc(np.array([-each.valences[0] for each in lived.rated]), low)
    last = auc(np.array([-each.last_sentiment for each in lived.rated]), low)
    assert mood >= last + 0.1
    assert mood >= 0.75


def test_a_company_calibrates_and_every_process_follows(installation: Installation) -> None:
    world = World(5, START - 60 * DAY, 150, Nature(late=0.45, broken=0.2, days_between_visits=5.0))
    calls = list(world.until(START))
    for start in range(0, len(calls), 500):
        installation.send(*(installation.event(**call) for call in calls[start : start + 500]))
    installation.carry()
    found = calibrate(installation.connection, installation.lake, MASTER_KEY, DEFAULT, START)
    assert found.report.learnt_from + found.report.n >= calibration.LEAST_RATINGS
    assert found.weights != DEFAULT
    follower = Weighing()
    follower.reload(installation.connection)
    assert follower.weights == DEFAULT
    assert put_in_force(installation.connection, found, START, "a test") == 1
    follower.reload(installation.connection)
    assert follower.weights == found.weights
    again = calibrate(installation.connection, installation.lake, MASTER_KEY, found.weights, START)
    assert again.weights == found.weights, "calibrating again adds nothing up"
    before = installation.state_bytes()
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == before, "calibrating by itself changes nobody's past"


def test_weights_survive_being_stored() -> None:
    packed = msgspec.json.encode(DEFAULT)
    assert msgspec.json.decode(packed, type=Weights) == DEFAULT


def test_what_came_later_foretells_nothing() -> None:
    """Ratings of one file, messages of another: the order of importing is not the order of living."""
    observer = Observer(fold.new(), fold.apply, [DEFAULT])
    angry = Understanding("en", -0.9, "negative", "anger", 0.9, "complaint", 0.9, 0.9)
    score = {"score": 9, "scale": "nps"}
    message = Event(
        "m",
        "track",
        START + 30 * DAY,
        START,
        v.MESSAGE_RECEIVED,
        properties={"text": "x"},
        understanding=angry,
    )
    rating = Event("r", "track", START, START, v.SURVEY_ANSWERED, properties=score)
    for event in sorted([message, rating], key=lambda each: each.occurred):
        observer.take(event)
    (noted,) = observer.rated
    assert (noted.last_sentiment, noted.evidence) == (0.0, [])


def test_two_ratings_of_one_occasion_count_once() -> None:
    observer = Observer(fold.new(), fold.apply, [DEFAULT])
    for number in range(3):
        at = START + number * DAY // 3
        observer.take(
            Event(f"r{number}", "track", at, at, v.SURVEY_ANSWERED, properties={"score": 3, "scale": "nps"})
        )
    assert len(observer.rated) == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_whatever_is_learnt_bad_news_stays_bad_news(seed: int) -> None:
    chance, found = random.Random(seed), []
    kinds = chance.sample(sorted(DEFAULT.signals), 6)
    for number in range(200):
        at = START + number * DAY
        evidence = [
            piece(kind, at - DAY, DEFAULT.signals[kind].value) for kind in kinds if chance.random() < 0.4
        ]
        found.append(rated(at, chance.choice((0.1, 0.9)), *evidence))
    for kind, row in fit(found, DEFAULT).signals.items():
        assert row.value * DEFAULT.signals[kind].value > 0
        assert row.precision > 0


def test_kinds_of_evidence_that_came_later_keep_what_they_ship_with(installation: Installation) -> None:
    older = dict(DEFAULT.signals)
    del older["order_overdue"]
    packed = msgspec.json.encode(msgspec.structs.replace(DEFAULT, signals=older))
    store.put_in_force(installation.connection, moment(START), "a test", packed, b"{}")
    follower = Weighing()
    follower.reload(installation.connection)
    assert follower.weights.signals["order_overdue"] == DEFAULT.signals["order_overdue"]
