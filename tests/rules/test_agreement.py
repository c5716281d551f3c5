"""One rule, two readers: the live predicate, the Ibis answer over the lake's rows, and a naive reference agree."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import ibis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from heed.contracts.event import Event
from heed.contracts.lake import open_event
from heed.kit.clock import moment
from heed.pipeline.lake_rows import RowBuilder, as_table
from heed.profiles.api import counting
from heed.profiles.domain.activity import Activity, count
from heed.rules import compile_rule
from heed.rules.lake import members, profile_table
from heed.rules.tree import (
    Did,
    Rule,
    Window,
    atoms,
)
from heed.rules.turns import verdict
from tests.rules.reference import NOW, naive
from tests.rules.strategies import (
    CIRCUMSTANCES,
    EVENTS,
    LISTS,
    PURPOSES,
    SCORES,
    TRAITS,
    dates,
    literals,
    minutes,
    rules,
    scores,
    sequences,
    touches,
)

_HOUR = 3_600_000


class Readings:
    def trait(self, state: Any, name: str) -> Any:
        return state.traits.get(name)

    def count(self, state: Any, key: str, since_bucket: int) -> int:
        return count(state.activity, key, since_bucket)

    def holds(self, state: Any, circumstance: str, now: int) -> bool:
        return circumstance in state.true_now

    def consents(self, state: Any, purpose: str, now: int) -> bool:
        return purpose in state.consented

    def paused_until(self, state: Any) -> int:
        return 0

    def member(self, state: Any, segment: str, now: int) -> bool:
        return segment in state.lists

    def traits(self, state: Any) -> Any:
        return state.traits

    def counted(self, state: Any) -> Any:
        return state.activity.counters

    def buckets(self, state: Any, key: str) -> Any:
        return state.activity.counters.get(key, ())


ages = st.one_of(
    st.integers(0, 3 * _HOUR),
    st.integers(0, 15 * 24 * _HOUR),
    st.integers(0, 420 * 24 * _HOUR),
    st.sampled_from([0, 1, 60_000, _HOUR, 24 * _HOUR]),
)
properties = st.fixed_dictionaries(
    {},
    optional={
        "value": st.one_of(st.integers(0, 100), st.sampled_from([12.5, 0.1, 19.9999, "12.50", True, "x"])),
        "category": literals,
        "rating": literals,
        "coupon": literals,
        "discount": literals,
        "gift": st.booleans(),
    },
)
due = st.one_of(
    st.integers(-400, 400).map(lambda days: f"{moment(NOW + days * 24 * _HOUR):%Y-%m-%d}"),
    st.integers(-(3 * 24 * _HOUR), 3 * 24 * _HOUR).map(lambda away: moment(NOW + away).isoformat()),
    st.sampled_from(
        ["1968-02-29", "2026-09-21T10:00:00+05:30", NOW // 1000, float(NOW), 0, -1, "soon", True, "", 1e300]
    ),
)
events = st.lists(st.tuples(st.sampled_from(EVENTS), ages, properties), max_size=6)
customers = st.fixed_dictionaries(
    {
        "traits": st.builds(
            lambda traits, due: {**traits, "due": due},
            st.dictionaries(st.sampled_from(TRAITS), literals),
            due,
        ),
        "true_now": st.sets(st.sampled_from(CIRCUMSTANCES)),
        "consented": st.sets(st.sampled_from(PURPOSES)),
        "lists": st.sets(st.sampled_from(LISTS)),
        "given": st.dictionaries(
            st.sampled_from(SCORES),
            st.tuples(
                st.one_of(st.integers(-5, 120).map(float), st.sampled_from([0.5, -0.25, 12.5, 0.1 + 0.2])),
                st.sampled_from([0, NOW - 1, NOW, NOW + 1, NOW + _HOUR, NOW + 40 * 24 * _HOUR]),
            ),
        ),
        "profiling": st.sampled_from([None, True, False]),
        "events": events,
    }
)
"""`given` are scores with the moment from when on they count no more (0 for never); `profiling` is what they permit."""


def world(people: list[dict[str, Any]], *rules: Rule) -> tuple[dict[str, Any], RowBuilder]:
    counting.set(atom.begun(NOW) for rule in rules for atom in atoms(rule))
    rows = RowBuilder(0)
    states: dict[str, Any] = {}
    for number, person in enumerate(people):
        profile_id = uuid.UUID(int=number + 1)
        state = SimpleNamespace(activity=Activity(), **person)
        for index, (name, age, props) in enumerate(person["events"]):
            event = Event(f"{number}-{index}", "track", NOW - age, NOW, name, properties=props)
            open_event(event)
            counting.step(state, event, event.occurred)
            rows.add(event, profile_id, [], None, None, True)
        states[str(profile_id)] = state
    _feel(states)
    return states, rows


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(st.lists(customers, min_size=1, max_size=8), rules(), st.sampled_from([0, 1, _HOUR, 30 * 24 * _HOUR]))
def test_live_and_lake_and_reference_agree(people: list[dict[str, Any]], rule: Any, later: int) -> None:
    """Also `later`, when no event came but time went on."""
    _agree(people, rule, NOW + later)


def _agree(people: list[dict[str, Any]], rule: Any, now: int) -> None:
    states, rows = world(people, rule)
    readings = Readings()
    test = compile_rule(rule, readings)
    live = {key for key, state in states.items() if test(state, now)}
    connection = ibis.duckdb.connect()
    table = connection.create_table("profiles", profile_table(rule, states.items(), readings, now))
    happened = connection.create_table("events", as_table([(0, rows.encoded())]))
    lake = set(members(rule, table, happened, now).to_pyarrow()["profile_id"].to_pylist())
    reference = {key for key, state in states.items() if naive(rule, state, now)}
    assert live == reference
    assert lake == reference


close = st.lists(
    st.tuples(
        st.sampled_from(EVENTS[:2]), st.integers(0, 6).map(lambda minutes: minutes * 60_000), properties
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(close, min_size=8, max_size=12),
    sequences(EVENTS[:2], minutes(3)),
    st.sampled_from([0, 1, 60_000]),
)
def test_sequences_agree_where_time_is_just_enough(people: list[Any], rule: Any, later: int) -> None:
    nobody: dict[str, Any] = {
        "traits": {},
        "true_now": set(),
        "consented": set(),
        "lists": set(),
        "given": {},
    }
    _agree([{**nobody, "events": events} for events in people], rule, NOW + later)


def _feel(states: dict[str, Any]) -> None:
    """Moods are facts of another room; here nobody has any, so that comparing them is comparing nothing. Scores are
    those given."""
    from heed.profiles.domain.consent import Consent, Permission
    from heed.scores.domain.section import Score, Scores
    from heed.sense.domain.mood import Feelings

    for state in states.values():
        state.mood = Feelings()
        state.scores = Scores(
            {
                key: Score(value, NOW - 1, until=until)
                for key, (value, until) in getattr(state, "given", {}).items()
            }
        )
        said = getattr(state, "profiling", None)
        state.consent = Consent({} if said is None else {"profiling": Permission(said, NOW - 1, "shop")})


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    customers,
    st.one_of(rules(), sequences(EVENTS[:2]), touches, dates, scores),
    st.integers(0, 40 * 24 * _HOUR),
)
def test_between_two_turns_nothing_changes(person: dict[str, Any], rule: Any, ahead: int) -> None:
    """Whoever looks only when told to look misses nothing."""
    states, _ = world([person], rule)
    (state,) = states.values()
    readings, now = Readings(), NOW
    test, look = compile_rule(rule, readings), verdict(rule, readings)
    while (stamp := look(state, now)[1]) and stamp <= NOW + ahead:
        assert look(state, now)[0] is test(state, now) is test(state, stamp - 1)
        now = stamp
    assert look(state, now)[0] is test(state, now) is test(state, NOW + ahead)


def test_a_window_ends_on_the_bucket() -> None:
    """`within 1 days` is today so far in UTC, not the last 24 hours."""
    rule = Did("Login", window=Window(1, "days"))
    midnight = NOW // (24 * _HOUR) * 24 * _HOUR
    people = [
        {
            "traits": {},
            "true_now": set(),
            "consented": set(),
            "lists": set(),
            "given": {},
            "events": [("Login", NOW - at, {})],
        }
        for at in (midnight, midnight - 1)
    ]
    states, _ = world(people, rule)
    test = compile_rule(rule, Readings())
    assert [test(state, NOW) for state in states.values()] == [True, False]
