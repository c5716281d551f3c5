"""How a mood forms, fades and is corrected."""

from __future__ import annotations

import importlib
import itertools
import math
from typing import Any

import pytest

from heed.contracts import vocabulary as v
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.rules.facts import Fact
from heed.sense.domain.feel import facts
from heed.sense.domain.mood import Feelings, merge, mood_at, next_change
from heed.sense.domain.weights import DEFAULT
from tests.sense.feeling import T0, event, folded, mood, wrote


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other room is installed: its facts are not known, unless a test says so."""
    monkeypatch.setattr(importlib.import_module("heed.rules.facts"), "_facts", {})


ANGRY = wrote("This is the third time I ask where my parcel is.", -0.8, emotion="anger", intent="complaint")


def test_someone_unknown_feels_as_people_usually_do_and_nobody_is_sure() -> None:
    unknown = mood()
    assert unknown.baseline == DEFAULT.prior_valence
    assert unknown.valence == pytest.approx(DEFAULT.prior_valence)
    assert unknown.confidence == 0
    assert unknown.spread > 0.4
    assert unknown.evidence == ()


def test_an_angry_complaint_shows_at_once_with_its_words() -> None:
    now = mood(ANGRY)
    assert now.valence < -0.5
    assert now.urgency > 0.4
    assert now.confidence > 0.6
    assert now.spread < mood().spread
    (why,) = now.evidence
    assert why.label == "wrote an angry complaint"
    assert why.excerpt == "This is the third time I ask where my parcel is."
    assert why.message_id == ANGRY.message_id
    assert why.contribution == pytest.approx(now.valence - now.baseline, abs=0.001)


def test_contributions_of_all_pieces_add_up_to_the_shift_from_usual() -> None:
    now = mood(
        ANGRY, event(v.PROMISE_MISSED, T0 + HOUR), event(v.GOODWILL_GIVEN, T0 + 2 * HOUR), now=T0 + DAY
    )
    assert sum(one.contribution for one in now.evidence) == pytest.approx(
        now.valence - now.baseline, abs=0.001
    )


def test_anger_about_a_late_parcel_weighs_more_than_a_mild_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.import_module("heed.rules.facts")._facts
    monkeypatch.setitem(
        known, "order.days_late", Fact("order.days_late", "number", "x", lambda s, now: s.late)
    )
    mild = mood(wrote("It could be better", -0.4, intent="complaint"), late=0.0)
    angry = mood(ANGRY, late=0.0)
    late = mood(ANGRY, late=5.0)
    assert late.valence < angry.valence < mild.valence
    assert late.urgency > angry.urgency > mild.urgency
    assert late.confidence > mild.confidence
    assert late.evidence[0].label == "wrote an angry complaint about a late order"


def test_three_troubles_are_worse_than_one() -> None:
    troubles = [event(v.PAYMENT_FAILED), event(v.PRODUCT_OUT_OF_STOCK), event(v.ORDER_DELAYED)]
    falls = [mood(*troubles[:count]).valence for count in range(4)]
    assert all(after < before - 0.1 for before, after in itertools.pairwise(falls))


def test_ten_rage_clicks_in_a_minute_weigh_less_than_three_in_three_days() -> None:
    burst = mood(*(event(v.RAGE_CLICK, T0 + i * 1000) for i in range(10)))
    single = mood(event(v.RAGE_CLICK))
    spread_out = mood(*(event(v.RAGE_CLICK, T0 + day * DAY) for day in range(3)))
    assert single.confidence < burst.confidence < spread_out.confidence
    assert single.valence > burst.valence > spread_out.valence


def test_the_same_message_again_counts_less() -> None:
    once, twice = mood(ANGRY), mood(ANGRY, wrote("again!", -0.8, T0 + MINUTE, "anger", "complaint"))
    apart = mood(ANGRY, wrote("again!", -0.8, T0 + 2 * DAY, "anger", "complaint"))
    assert twice.valence < once.valence
    first = folded(ANGRY).mood.weights
    both = folded(ANGRY, wrote("again!", -0.8, T0 + MINUTE, "anger", "complaint")).mood.weights
    assert sum(both) < 1.6 * sum(first)
    assert apart.confidence > 0.6


def test_evidence_fades_back_to_the_usual() -> None:
    later = [mood(ANGRY, now=T0 + days * DAY).valence for days in (0, 1, 7, 30, 90, 300)]
    assert later == sorted(later)
    assert later[-1] == pytest.approx(DEFAULT.prior_valence, abs=0.05)
    assert mood(ANGRY, now=T0 + 300 * DAY).urgency < 0.01


def test_one_bad_day_hardly_moves_the_usual_and_a_bad_year_does() -> None:
    bad_day = mood(*(wrote("awful", -0.9, T0 + i * HOUR, "anger", "complaint") for i in range(10)))
    assert bad_day.baseline > DEFAULT.prior_valence - 0.1
    bad_year = mood(*(wrote("awful", -0.9, T0 + i * 7 * DAY, "anger", "complaint") for i in range(52)))
    assert bad_year.baseline < -0.3


def test_a_late_arriving_message_counts_from_when_it_was_written() -> None:
    old = wrote("so angry", -0.9, T0, "anger", "complaint")
    new = event(v.ORDER_COMPLETED, T0 + 10 * DAY)
    in_order, late = mood(old, new), mood(new, old, now=T0 + 10 * DAY)
    assert late.valence == pytest.approx(in_order.valence, abs=0.03)
    assert late.urgency == pytest.approx(in_order.urgency, abs=1e-6)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"rating": 1, "scale": "1-5"}, -0.9),
        ({"rating": 5, "scale": "1-5"}, 0.8),
        ({"rating": 10, "scale": "nps"}, 0.8),
        ({"rating": 0, "scale": {"min": 0, "max": 10}}, -0.9),
        ({"score": 7, "metric": "CES"}, 0.8),
        ({"nps": "0"}, -0.9),
        ({"rating": 1, "scale": 5, "reversed": True}, 0.8),
    ],
)
def test_a_rating_is_read_on_its_own_scale(properties: dict[str, Any], expected: float) -> None:
    state = folded(event(v.SURVEY_ANSWERED, **properties))
    assert state.mood.kept[0].value == pytest.approx(expected)


@pytest.mark.parametrize(
    "properties",
    [
        {"rating": 11, "scale": "nps"},
        {"rating": 0, "scale": "1-5"},
        {"rating": 4},
        {"rating": 4, "scale": "whatever"},
        {"rating": math.nan, "scale": "nps"},
        {"rating": True, "scale": "nps"},
        {"rating": 3, "scale": [5, 1]},
    ],
)
def test_no_answer_and_scores_without_a_scale_say_nothing(properties: dict[str, Any]) -> None:
    assert mood(event(v.SURVEY_ANSWERED, **properties)).confidence == 0


def test_a_review_is_one_to_five_stars() -> None:
    now = mood(event(v.PRODUCT_REVIEWED, rating="1"))
    assert now.valence < -0.4
    assert now.evidence[0].label == "rated 1 of 5"


def test_a_person_corrects_the_mood_and_their_word_stands() -> None:
    correction = event(
        v.MOOD_CORRECTED, T0 + HOUR, valence=0.6, urgency=0.1, note="Spoke to her, all fine", by="Ravi"
    )
    now = mood(ANGRY, event(v.PROMISE_MISSED, T0 + MINUTE), correction)
    assert now.valence == pytest.approx(0.6, abs=0.06)
    assert now.urgency == pytest.approx(0.1, abs=0.01)
    assert [(one.by, one.excerpt) for one in now.evidence] == [("Ravi", "Spoke to her, all fine")]


def test_what_was_written_before_a_correction_but_arrives_after_it_does_not_undo_it() -> None:
    correction = event(v.MOOD_CORRECTED, T0 + HOUR, valence=0.6, by="Ravi")
    assert mood(correction, ANGRY).valence == pytest.approx(mood(correction).valence)
    later = wrote("now it is broken again", -0.8, T0 + 2 * HOUR, "anger", "complaint")
    assert mood(correction, later).valence < mood(correction).valence - 0.15


def test_a_corrected_label_replaces_what_the_message_said() -> None:
    ironic = wrote("Great, another week of waiting", 0.8, emotion="joy", intent="praise", id="ironic")
    assert mood(ironic).valence > 0.4
    fixed = event(
        v.LABEL_CORRECTED, T0 + HOUR, message_id="ironic", sentiment="negative", intent="complaint", by="Ines"
    )
    now = mood(ironic, fixed)
    assert now.valence < -0.3
    (why,) = now.evidence
    assert (why.message_id, why.by, why.excerpt) == ("ironic", "Ines", "Great, another week of waiting")
    back = event(v.LABEL_CORRECTED, T0 + HOUR, message_id="ironic", sentiment=0.8, by="Ines")
    assert mood(ironic, fixed, back).valence > 0.3
    assert len(mood(ironic, fixed, back).evidence) == 1


def test_correcting_an_unknown_message_changes_nothing() -> None:
    assert mood(ANGRY, event(v.LABEL_CORRECTED, message_id="other", sentiment=1)) == mood(ANGRY)


def test_time_alone_wakes_a_mood_that_fades() -> None:
    state = folded(ANGRY)
    wake = next_change(state.mood, T0)
    assert wake is not None
    before, after = mood_at(state.mood, T0), mood_at(state.mood, wake)
    assert max(abs(before.valence - after.valence), abs(before.urgency - after.urgency)) >= 0.05
    assert next_change(Feelings(), T0) is None
    assert next_change(state.mood, T0 + 900 * DAY) is None


def test_rules_may_ask_about_the_mood() -> None:
    state = folded(ANGRY)
    asked = {fact.name: fact.read(state, T0) for fact in facts()}
    shown = mood_at(state.mood, T0)
    assert asked["mood.valence"] == shown.valence
    assert asked["mood.shift"] == shown.valence - shown.baseline


def test_two_profiles_found_to_be_one_person_feel_what_both_felt() -> None:
    late = event(v.ORDER_DELAYED, T0 + 3 * DAY)
    together = mood(ANGRY, late, now=T0 + 4 * DAY)
    joined = merge(folded(ANGRY).mood, folded(late).mood)
    both = mood_at(joined, T0 + 4 * DAY)
    assert both.valence == pytest.approx(together.valence, abs=0.02)
    assert both.urgency == pytest.approx(together.urgency)
    assert {piece.kind for piece in both.evidence} == {"text", "order_delayed"}
    assert merge(Feelings(), folded(ANGRY).mood).values == folded(ANGRY).mood.values
