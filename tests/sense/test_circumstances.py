"""What is true for a customer now, and what follows for our part of the conversation."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heed import rules
from heed.commerce.domain import FACTS as ORDER_FACTS
from heed.commerce.domain import Orders, late_turn
from heed.commerce.domain import next_change as next_of_orders
from heed.commerce.domain import step as fold_orders
from heed.contracts import vocabulary as v
from heed.contracts.event import Event, Understanding
from heed.contracts.mood import Circumstance, Mood, Stance
from heed.kit.clock import DAY, HOUR, MINUTE, in_ms
from heed.rules.facts import register_fact
from heed.rules.turns import register_turn, verdict
from heed.sense.domain import feel, surroundings
from heed.sense.domain.built_in import BUILT_IN, Definition
from heed.sense.domain.circumstances import Book, local_turn, span
from heed.sense.domain.mood import Feelings, mood_at
from heed.sense.domain.ratings import share_of_scale
from heed.sense.domain.stance import stance
from heed.service.domain import FACTS as CASE_FACTS
from heed.service.domain import Cases
from heed.service.domain import make_step as make_service_step
from heed.service.domain import next_change as next_of_cases

T0 = in_ms(datetime(2023, 11, 15, 12, 0, tzinfo=UTC))
ids = itertools.count()
fold_cases = make_service_step(share_of_scale)
fold_mood = feel.make_step()
MOOD_FACTS = feel.facts()
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = __import__("importlib").import_module("heed.rules.facts")
    monkeypatch.setattr(known, "_facts", {})
    for fact in (*ORDER_FACTS, *CASE_FACTS, *MOOD_FACTS, *surroundings.FACTS):
        register_fact(fact)
    register_turn("order.days_late", late_turn)
    register_turn("local.hour", local_turn)
    monkeypatch.setattr(rules, "_in_use", [SimpleNamespace()])


def event(name: str, at: int = T0, read: Understanding | None = None, **properties: Any) -> Event:
    context = properties.pop("context", {})
    message_id = properties.pop("id", f"m{next(ids)}")
    return Event(
        message_id, "track", at, at, name=name, properties=properties, understanding=read, context=context
    )


def page(at: int = T0, **context: Any) -> Event:
    return Event(f"m{next(ids)}", "page", at, at, name="Home", context=context)


def lived(*events: Event) -> SimpleNamespace:
    state = SimpleNamespace(
        orders=Orders(), cases=Cases(), mood=Feelings(), circumstances=surroundings.Surroundings()
    )
    for each in events:
        for step in (fold_orders, fold_cases, surroundings.step, fold_mood):
            step(state, each, each.received)
    return state


def true_now(now: int, *events: Event, book: Book | None = None) -> dict[str, Circumstance]:
    return {one.name: one for one in (book or Book()).at(lived(*events), now)}


def stance_now(now: int, *events: Event) -> Stance:
    state = lived(*events)
    return stance(mood_at(state.mood, now), Book().at(state, now))


def complaint(at: int, text: str = "This is the third time I ask where my parcel is.", **more: Any) -> Event:
    read = Understanding("en", -0.85, "negative", "anger", 0.81, "complaint", 0.97, 0.9)
    return event(v.MESSAGE_RECEIVED, at, read, text=text, **more)


LATE = event(
    v.ORDER_COMPLETED, T0 - 8 * DAY, id="placed", order_id="88213", value=84.5, expected_at=T0 - 5 * DAY
)


def test_every_built_in_rule_can_be_read() -> None:
    for definition in BUILT_IN:
        rules.parse(definition.rule)


def test_a_late_order_says_how_late_since_when_and_why() -> None:
    late = true_now(T0, LATE)["order_late"]
    assert late.label == "order 5 days late"
    assert late.since == T0 - 5 * DAY
    assert late.message_ids == ("placed",)
    assert late.weight < 0


def test_the_third_contact_names_the_order() -> None:
    contacts = [complaint(T0 - days * DAY, order_id="88213") for days in (3, 1, 0)]
    repeated = true_now(T0, LATE, *contacts)["contact_repeated"]
    assert repeated.label == "third contact about order 88213"
    assert true_now(T0 + 8 * DAY, LATE, *contacts).get("contact_repeated") is None
    assert true_now(T0, LATE, contacts[0]).get("contact_repeated") is None


def test_what_begins_by_an_event_ends_by_itself() -> None:
    complained = true_now(T0 + HOUR, complaint(T0))["just_complained"]
    assert (complained.since, complained.until) == (T0, T0 + 48 * HOUR)
    assert complained.label == "complained 1 hour ago"
    state = lived(complaint(T0))
    assert Book().holds(state, "just_complained", complained.until - 1)
    assert not Book().holds(state, "just_complained", complained.until)


def test_a_basket_is_left_after_half_an_hour_and_the_due_table_knows() -> None:
    state = lived(event(v.PRODUCT_ADDED, T0, product_id="p", price=3))
    book = Book()
    assert not book.holds(state, "basket_left", T0 + 29 * MINUTE)
    assert book.overview(state, T0)[1] == T0 + 30 * MINUTE
    assert book.holds(state, "basket_left", T0 + 30 * MINUTE)
    left = {one.name: one for one in book.at(state, T0 + 90 * MINUTE)}["basket_left"]
    assert left.label == "basket left 1 hour ago"
    assert left.until == T0 + 7 * DAY


def test_someone_new_on_a_phone_at_night() -> None:
    night = T0 - 12 * HOUR
    now = true_now(night, page(night, timezone="Europe/Stockholm", userAgent=IPHONE))
    assert {"first_visit", "on_a_phone", "night_there"} <= set(now)
    later = true_now(T0, page(night, timezone="Europe/Stockholm", userAgent=IPHONE))
    assert not {"first_visit", "on_a_phone", "night_there"} & set(later)


def test_night_begins_at_ten_where_the_customer_is() -> None:
    state = lived(page(T0, timezone="Europe/Stockholm"))
    ten = in_ms(datetime(2023, 11, 15, 21, 0, tzinfo=UTC))
    book = Book()
    assert not book.holds(state, "night_there", ten - 1)
    assert book.holds(state, "night_there", ten)
    assert (
        book.overview(lived(Event("z", "identify", T0, T0, traits={"timezone": "Europe/Stockholm"})), T0)[1]
        is not None
    )


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../../etc/passwd", "\x00", 7, None, "Europe", "x" * 9999]
)
def test_an_unknown_time_zone_only_means_we_do_not_know(zone: object) -> None:
    state = lived(page(T0, timezone=zone))
    assert not Book().holds(state, "night_there", T0)
    assert not Book().holds(state, "night_there", T0 + 12 * HOUR)


@pytest.mark.parametrize(("zone", "hour"), [("+02:00", 14), ("UTC-5", 7), ("Asia/Kolkata", 17.5)])
def test_offsets_and_names_both_tell_the_hour(zone: str, hour: float) -> None:
    assert surroundings.local_hour(lived(page(T0, timezone=zone)).circumstances, T0) == hour


def test_a_company_adds_its_own_circumstance() -> None:
    book = Book()
    book.define(Definition("big_basket", "basket.value > 100", ("basket of {basket.value}",), 0.1))
    now = true_now(T0, event(v.PRODUCT_ADDED, T0, product_id="p", price=120.5), book=book)
    assert now["big_basket"].label == "basket of 120.5"
    with pytest.raises(ValueError, match="no other circumstance"):
        book.define(Definition("loop", 'circumstance "loop"', ("x",)))
    with pytest.raises(rules.RuleError):
        book.define(Definition("typo", "basket.valu > 1", ("x",)))


def test_a_missing_room_takes_its_circumstances_along_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = __import__("importlib").import_module("heed.rules.facts")
    monkeypatch.setattr(known, "_facts", {fact.name: fact for fact in surroundings.FACTS})
    state = SimpleNamespace(circumstances=surroundings.Surroundings(), mood=Feelings())
    surroundings.step(state, page(T0), T0)
    assert [one.name for one in Book().at(state, T0)] == ["first_visit"]


def test_lengths_of_time_are_spoken() -> None:
    spans = [span(x) for x in (5_000, 61_000, 2 * HOUR, 25 * HOUR, 5.9 * DAY)]
    assert spans == ["1 minute", "1 minute", "2 hours", "1 day", "5 days"]


def test_someone_very_unhappy_about_a_late_order_hears_an_apology_from_a_person() -> None:
    answer = stance_now(T0, LATE, complaint(T0 - DAY), complaint(T0, order_id="88213"))
    assert answer.tone == "apologetic"
    assert answer.speaker == "person"
    assert answer.summary == "Apologise first, and let a person speak."
    assert {"promotion", "upsell", "survey", "review_request"} <= set(answer.hold)
    assert answer.first[:2] == ("apology", "status_update")
    assert any("Very unhappy" in reason for reason in answer.reasons)
    assert "Order 5 days late." in answer.reasons
    assert any("“This is the third time I ask where my parcel is.”" in reason for reason in answer.reasons)


def test_a_late_order_alone_asks_for_an_apology_but_for_no_person() -> None:
    answer = stance_now(T0, LATE)
    assert (answer.tone, answer.speaker) == ("apologetic", "self_service")
    assert "promotion" in answer.hold


def test_someone_unknown_is_met_plainly() -> None:
    answer = stance_now(T0, page(T0))
    assert (answer.tone, answer.speaker, answer.hold) == ("plain", "self_service", ())


def test_one_click_in_frustration_changes_nothing_drastic() -> None:
    answer = stance_now(T0, event(v.RAGE_CLICK))
    assert (answer.tone, answer.hold) == ("plain", ())
    assert answer.reasons == ("How they feel is not clear enough to act on.",)


def test_someone_pleased_is_thanked_and_may_get_an_offer() -> None:
    read = Understanding("en", 0.95, "positive", "gratitude", 0.9, "praise", 0.9, 0.95)
    answer = stance_now(T0, event(v.MESSAGE_RECEIVED, T0, read, text="Thank you, wonderful service!"))
    assert answer.tone in {"warm", "celebratory"}
    assert "thanks" in answer.first
    assert answer.hold == ()


def test_at_night_nobody_rings_or_texts() -> None:
    night = T0 - 12 * HOUR
    answer = stance_now(night, page(night, timezone="Europe/Stockholm"))
    assert {"call", "sms"} <= set(answer.hold)
    assert "night" in answer.summary


def test_unsure_moods_do_not_bring_people_in() -> None:
    unsure = Mood(-0.9, 0.4, 0.9, 0.2, 0.15, T0)
    assert stance(unsure, ()) == Stance(
        "plain", "self_service", "Nothing special: be plain and useful.", reasons=stance(unsure, ()).reasons
    )
    sure = Mood(-0.9, 0.1, 0.9, 0.9, 0.15, T0)
    assert stance(sure, ()).speaker == "person"


def test_the_first_signs_of_ten_thousand_events_fit_in_a_small_state() -> None:
    state = lived(*(page(T0 + i * HOUR, userAgent=IPHONE, timezone="Europe/Paris") for i in range(2_000)))
    for i, name in enumerate(surroundings.TOPICS):
        surroundings.step(state, event(name, T0 + i, id="0b6f7f0e-8c4e-4c1c-9f4e-0d9f4f8e2a11"), T0)
    assert len(msgspec.msgpack.encode(state.circumstances)) < 1500


json = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dictionaries(st.just("type"), st.text())
)
contexts = st.dictionaries(
    st.sampled_from(["timezone", "userAgent", "device", "userAgentData", "traits", "page"]), json
)
strange = st.builds(
    lambda name, at, context, props: event(name, at, context=context, **props),
    st.sampled_from([*surroundings.TOPICS, v.SURVEY_ANSWERED, "Anything"]),
    st.integers(0, T0 + 30 * DAY),
    contexts,
    st.dictionaries(
        st.sampled_from(["rating", "scale", "order_id", "expected_at", "due_at", "price", "product_id"]), json
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(strange, max_size=15), st.integers(T0 - DAY, T0 + 60 * DAY))
def test_whatever_happens_there_is_a_stance(events: list[Event], now: int) -> None:
    state = lived(*events)
    circumstances = Book().at(state, now)
    answer = stance(mood_at(state.mood, now), circumstances)
    assert answer.tone in {"apologetic", "caring", "plain", "warm", "celebratory"}
    assert answer.speaker in {"person", "bot", "self_service"}
    assert all(one.label and "{" not in one.label for one in circumstances)
    assert all(one.until == 0 or one.until > now for one in circumstances)
    wake = Book().overview(state, now)[1]
    assert wake is None or wake > now
    packed = msgspec.msgpack.encode(state.circumstances)
    assert packed == msgspec.msgpack.encode(lived(*events).circumstances)


lives = st.lists(
    st.builds(
        lambda name, ago, props: event(name, T0 - ago, **props),
        st.sampled_from([*surroundings.TOPICS, v.PAYMENT_FAILED, v.ORDER_COMPLETED, v.PRODUCT_ADDED]),
        st.integers(0, 20 * DAY),
        st.fixed_dictionaries(
            {"order_id": st.sampled_from("ab"), "product_id": st.just("p"), "price": st.just(3)},
            optional={"expected_at": st.integers(T0 - 9 * DAY, T0 + 9 * DAY)},
        ),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(lives, st.floats(0, 1), st.integers(1, 12))
def test_between_two_looks_nothing_begins_or_ends(events: list[Event], share: float, looks: int) -> None:
    """Orders and cases say themselves when they fall due; everything else the circumstances must foretell."""
    state, book, now = lived(page(T0 - HOUR, timezone="Asia/Kolkata"), *events), Book(), T0
    for _ in range(looks):
        names, wake = book.overview(state, now)
        due = min(each for each in (wake, next_of_orders(state, now), next_of_cases(state, now)) if each)
        for between in (now + round(share * (due - 1 - now)), due - 1):
            assert (
                book.overview(state, between)[0]
                == names
                == [one.name for one in BUILT_IN if book.holds(state, one.name, between)]
            )
        now = due


comparisons = st.builds(
    lambda field, operator, limit: f"{field} {operator} {limit}",
    st.sampled_from(
        [
            "order.days_late",
            "local.hour",
            "order.placed_hours_ago",
            "basket.idle_minutes",
            "order.announced_days_late",
        ]
    ),
    st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
    st.sampled_from(["0", "0.3", "1", "2.5", "7", "22"]),
)
clocks_change = [in_ms(datetime(2024, month, day, 20, tzinfo=UTC)) for month, day in ((3, 30), (10, 26))]
_PERIOD = 3 * DAY


@settings(max_examples=300, deadline=None)
@example([], "local.hour >= 2.5", clocks_change[1], 4 * HOUR + 45 * MINUTE, 0.5)
@example([], "local.hour < 2.5", clocks_change[1], 4 * HOUR + 45 * MINUTE, 0.5)
@given(lives, comparisons, st.sampled_from([T0, *clocks_change]), st.integers(0, DAY), st.floats(0, 1))
def test_whoever_looks_when_told_misses_nothing_and_looks_seldom(
    events: list[Event], rule: str, begin: int, later: int, share: float
) -> None:
    for each in events:
        each.occurred += begin - T0
        if "expected_at" in each.properties:
            each.properties["expected_at"] += begin - T0
    state = lived(page(begin - HOUR, timezone="Europe/Berlin"), *events)
    tree = rules.parse(rule)
    holds, look, now = rules.predicate(tree), verdict(tree, rules.readings()), begin + later
    looks = 0
    while now < begin + later + _PERIOD:
        held, stamp = look(state, now)
        assert holds(state, now) is held
        moments = (stamp, next_of_orders(state, now), next_of_cases(state, now), now + _PERIOD)
        due = min(each for each in moments if each)
        for between in (now + round(share * (due - 1 - now)), due - 1):
            assert holds(state, between) is held, (rule, now, due, between)
        now, looks = due, looks + 1
    assert looks < 80
