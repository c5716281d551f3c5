"""The next best action: who gets what, what is held back, and when nothing is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.contracts.decision import Treatment
from heed.contracts.event import Event
from heed.contracts.mood import Evidence, Mood, Stance
from heed.decisions.domain.catalogue import Action, Catalogue, Tally
from heed.decisions.domain.choose import Situation, choose, propensity, silence_value
from heed.decisions.domain.exposure import fold_exposures
from heed.decisions.domain.wording import mood_words
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.profiles.api import fold
from heed.profiles.domain.consent import Permission

NOW = 1_790_000_000_000
CALM = Stance("plain", "self_service", "Nothing special.")
UPSET = Stance("apologetic", "person", "Apologise first.", hold=("promotion", "survey"), first=("apology",))


def action(key: str, kind: str = "info", value: float = 10.0, **more: Any) -> Action:
    texts = {
        name: more.pop(name) for name in ("eligible", "applicable", "suitable", "context") if name in more
    }
    given = {
        "lever": 1.0, "purpose": "", "valid_from": 0, "valid_to": 0, "cap_count": 0, "cap_days": 7,
        "customer_reason": "", "context_weight": 1.0, **more,
    }  # fmt: skip
    return Action(
        key,
        key.title(),
        kind,
        value,
        texts=texts,
        treatments=(Treatment(f"t-{key}", "banner", title=key),),
        **given,
    )


def decide(
    *actions: Action, state: Any = None, stance: Stance = CALM, valence: float = 0.1, **more: Any
) -> Any:
    mood = Mood(valence, 0.2, 0.0, 0.6, 0.1, NOW)
    situation = Situation(state or fold.new(), mood, (), stance, more.pop("placement", "banner"), "", NOW)
    return choose(Catalogue(actions, **more), situation)


def outcome(decision: Any, key: str) -> str:
    return str(next(each.outcome for each in decision.considered if each.action == key))


def test_the_highest_product_of_the_four_factors_wins() -> None:
    found = decide(action("cheap", value=5), action("dear", value=9), action("levered", value=5, lever=2.0))
    assert found.action == "levered"
    assert outcome(found, "dear") == "outranked"
    winner = found.considered[0]
    assert winner.priority == pytest.approx(winner.propensity * winner.context * winner.value * winner.lever)


def test_what_people_take_up_counts_for_more() -> None:
    tallies = {("liked", "banner"): Tally(100, 40), ("ignored", "banner"): Tally(100, 0)}
    assert decide(action("liked"), action("ignored"), tallies=tallies).action == "liked"


def test_context_multiplies_where_its_rule_holds() -> None:
    state = fold.new()
    boosted = action("boosted", value=6, context="trait.vip is unknown", context_weight=2.0)
    assert decide(boosted, action("plain", value=10), state=state).action == "boosted"


def test_while_somebody_is_upset_offers_wait_and_an_apology_comes_first() -> None:
    offer, sorry = action("offer", "promotion", 1_000), action("sorry", "apology", 0.01)
    assert decide(offer, sorry).action == "offer"
    found = decide(offer, sorry, stance=UPSET, valence=-0.6)
    assert found.action == "sorry"
    assert outcome(found, "offer") == "held"
    assert any("Offer" in reason for reason in found.why)


@pytest.mark.parametrize(
    ("question", "expected"),
    [("eligible", "not_eligible"), ("applicable", "not_applicable"), ("suitable", "not_suitable")],
)
def test_each_question_can_say_no_and_says_why(question: str, expected: str) -> None:
    found = decide(action("asked", **{question: 'trait.plan = "pro"'}))
    assert found.action is None
    assert outcome(found, "asked") == expected
    assert "plan is pro" in found.why[-1]


def test_without_consent_nothing_that_needs_it_is_said() -> None:
    state = fold.new()
    mail = action("mail", purpose="marketing")
    assert outcome(decide(mail, state=state), "mail") == "not_permitted"
    state.consent.purposes["marketing"] = Permission(True, NOW, "s")
    assert decide(mail, state=state).action == "mail"
    state.consent.purposes["marketing"] = Permission(False, NOW, "s")
    assert decide(mail, state=state).action is None


def test_a_cap_holds_within_its_days_and_no_longer() -> None:
    state = fold.new()
    state.decisions.shown["banner"] = [NOW - 3 * DAY, NOW - DAY]
    assert outcome(decide(action("banner", cap_count=2, cap_days=7), state=state), "banner") == "capped"
    assert decide(action("banner", cap_count=2, cap_days=2), state=state).action == "banner"


def test_outside_its_dates_an_action_is_no_candidate() -> None:
    over = action("over", valid_to=NOW)
    early = action("early", valid_from=NOW + 1)
    assert {each.action for each in decide(over, early).considered} == {""}


def test_another_placement_is_another_question() -> None:
    assert decide(action("here"), placement="elsewhere").action is None


def test_saying_nothing_wins_where_the_best_is_worth_less() -> None:
    found = decide(action("trifle", value=0.001))
    assert found.action is None
    assert found.considered[0].name == "Say nothing"
    assert "Say nothing" in found.why[-1]


def test_an_action_whose_conditions_are_not_counted_yet_waits() -> None:
    new = action("new", eligible='did "Login" within 3 days')
    assert "being prepared" in decide(new).considered[-1].reason


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_propensity_is_a_chance(shown: int, accepted: int) -> None:
    assert 0 < propensity(Tally(shown, accepted)) < 1


@given(st.floats(-1, 1), st.floats(0, 1), st.integers(0, 50))
def test_silence_is_worth_more_the_worse_they_feel_and_the_more_they_heard(
    valence: float, confidence: float, shown: int
) -> None:
    mood = Mood(valence, 0.2, 0.0, confidence, 0.1, NOW)
    calm = Mood(0.5, 0.2, 0.0, confidence, 0.1, NOW)
    assert silence_value(mood, shown) >= silence_value(calm, shown)
    assert silence_value(mood, shown + 1) > silence_value(mood, shown)


def made(state: Any, at: int, action: str = "sorry") -> list[Any]:
    event = Event(
        f"d{at}", "track", at, at, "Decision Made", properties={"action": action, "placement": "banner"}
    )
    return list(fold_exposures(state, event, at))


def test_a_page_loaded_twice_has_shown_an_action_once() -> None:
    state = fold.new()
    assert made(state, NOW - 20 * MINUTE)
    assert not made(state, NOW - 10 * MINUTE), "it is not counted as shown again either"
    assert state.decisions.shown["sorry"] == [NOW - 20 * MINUTE]
    assert made(state, NOW + 20 * MINUTE)
    assert len(state.decisions.shown["sorry"]) == 2


def test_a_new_complaint_is_answered_by_a_new_apology() -> None:
    state = fold.new()
    state.decisions.shown["sorry"] = [NOW - 3 * HOUR, NOW - 2 * HOUR]
    sorry = action("sorry", "apology", 5.0, cap_count=2, cap_days=3)
    assert outcome(decide(sorry, state=state, stance=UPSET, valence=-0.6), "sorry") == "capped"
    state.cases.complained_at = NOW - HOUR
    assert decide(sorry, state=state, stance=UPSET, valence=-0.6).action == "sorry"
    assert outcome(decide(sorry, state=state), "sorry") == "capped", (
        "with nothing to answer the cap is the cap"
    )


def test_a_refusal_says_what_is_missing() -> None:
    found = decide(action("asked", applicable='circumstance "order_late"'))
    (refused,) = (each for each in found.considered if each.action == "asked")
    assert refused.reason == "would make sense with: order late (not so now)"


def test_the_reason_named_for_a_mood_pulls_the_way_the_mood_goes() -> None:
    evidence = (
        Evidence("m1", "text", "complained", NOW, -0.3),
        Evidence("m2", "text", "wrote with thanks", NOW, 0.2),
    )
    assert mood_words(Mood(0.4, 0.1, 0.0, 0.8, 0.1, NOW, evidence)) == (
        "They seem pleased (+0.40 ± 0.10, usually +0.10), mostly because of: wrote with thanks."
    )


def _sent(state: Any, channel: str, ago: int, purpose: str = "marketing") -> None:
    said = {"action": f"a{ago}", "placement": "newsletter", "channel": channel, "purpose": purpose}
    at = NOW - ago
    fold_exposures(state, Event(f"m{ago}", "track", at, at, "Decision Made", properties=said), at)


def test_who_wants_to_hear_once_a_week_hears_once_a_week() -> None:
    state = fold.new()
    state.consent.purposes["marketing"] = Permission(True, 1, "s")
    offer, news = action("offer", purpose="marketing"), action("parcel", purpose="")

    def mailed(*actions: Action, channel: str = "email") -> Any:
        mood = Mood(0.1, 0.2, 0.0, 0.6, 0.1, NOW)
        return choose(Catalogue(actions), Situation(state, mood, (), CALM, "banner", channel, NOW))

    _sent(state, "email", 3 * DAY)
    assert mailed(offer).action == "offer"
    state.consent.cadence = 7
    found = mailed(offer)
    assert found.action is None
    assert "once a week" in " ".join(found.why)
    assert mailed(news).action == "parcel"
    assert mailed(offer, channel="").action == "offer"
    state.consent.cadence = 1
    assert mailed(offer).action == "offer"


def test_only_messages_that_rest_on_consent_and_go_out_count_for_the_cadence() -> None:
    state = fold.new()
    _sent(state, "", HOUR)
    _sent(state, "email", 2 * HOUR, purpose="service")
    _sent(state, "email", 3 * HOUR, purpose="")
    assert state.decisions.contacts == []
    _sent(state, "sms", 4 * HOUR)
    assert state.decisions.contacts == [NOW - 4 * HOUR]
