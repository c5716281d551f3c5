"""One rule, two readers: the live predicate, the Ibis answer over the lake's rows, and a naive reference agree."""

from __future__ import annotations

import itertools
import uuid
from calendar import isleap
from datetime import UTC, datetime, timedelta
from decimal import Decimal
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
from heed.rules.predicate import as_number
from heed.rules.tree import (
    BUCKET_MS,
    All,
    Consents,
    Dated,
    Did,
    Holds,
    InSegment,
    Not,
    Rule,
    Sequence,
    Step,
    Touch,
    Window,
    atoms,
)
from heed.rules.tree import Any as Either
from heed.rules.turns import verdict
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

NOW = 1_790_000_123_456
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
    reference = {key for key, state in states.items() if _naive(rule, state, now)}
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


def _naive(rule: Any, state: Any, now: int) -> bool:
    """The meaning of a rule, said again in the plainest way, from what really happened."""
    if isinstance(rule, All):
        return all(_naive(each, state, now) for each in rule.rules)
    if isinstance(rule, Either):
        return any(_naive(each, state, now) for each in rule.rules)
    if isinstance(rule, Not):
        return not _naive(rule.rule, state, now)
    if isinstance(rule, Holds):
        return rule.circumstance in state.true_now
    if isinstance(rule, Consents):
        return rule.purpose in state.consented
    if isinstance(rule, InSegment):
        return rule.segment in state.lists
    if isinstance(rule, Did):
        meant = [event for event in state.events if _counts(rule, event, now)]
        if rule.total:
            amounts = [Decimal(str(value)) for *_, props in meant if (value := props.get("value")) is not None
                       and not isinstance(value, bool) and value != "x"]  # fmt: skip
            return bool(_compare(float(sum(amounts)), rule.operator, rule.count))
        return bool(_compare(len(meant), rule.operator, rule.count))
    if isinstance(rule, Sequence):
        return _sequence(rule, state, now)
    if isinstance(rule, Touch):
        same = [event for event in state.events if event[0] == rule.event]
        if not same:
            return False
        pick = max if rule.which == "first" else min  # of ages
        edge = pick(age for _, age, _ in same)
        return any(
            _counts(Did(rule.event, window=rule.window, where=rule.where), event, now)
            for event in same
            if event[1] == edge
        )
    if isinstance(rule, Dated):
        return _dated(rule, state.traits.get("due"), now)
    if rule.field.startswith("trait."):
        return _compare(state.traits.get(rule.field[6:]), rule.operator, rule.value)
    if rule.field.startswith("score."):
        value, until = state.given.get(rule.field[6:], (None, 0))
        unknown = (until and until <= now) or getattr(state, "profiling", None) is False
        return _compare(None if unknown else value, rule.operator, rule.value)
    from heed.rules import fact

    return _compare(fact(rule.field).read(state, now), rule.operator, rule.value)


def _sequence(rule: Sequence, state: Any, now: int) -> bool:
    """Every choice of events for the steps is tried."""
    wanted = [step for step in rule.steps if not step.absent]

    def meant(step: Step) -> list[int]:
        return [
            NOW - event[1] for event in state.events if _counts(Did(step.event, where=step.where), event, now)
        ]

    for chosen in itertools.product(*(meant(step) for step in wanted)):
        if any(
            before > after
            or (before == after and last.event == step.event)
            or (step.gap and after - before > step.gap.ms)
            for before, after, last, step in zip(chosen, chosen[1:], wanted, wanted[1:], strict=False)
        ):
            continue
        end, last = chosen[-1], rule.steps[-1]
        if rule.window:
            size = BUCKET_MS[rule.window.unit]
            if end // size <= now // size - rule.window.amount:
                continue
        if last.absent:
            if last.gap and end + last.gap.ms >= now:
                continue
            same = rule.steps[-2].event == last.event
            if any(
                (at > end or (at == end and not same)) and (not last.gap or at - end <= last.gap.ms)
                for at in meant(last)
            ):
                continue
        return True
    return False


def _dated(rule: Dated, value: Any, now: int) -> bool:
    try:
        if isinstance(value, str):
            when = datetime.fromisoformat(value)
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
        elif isinstance(value, bool) or value is None or value > 1e14:
            return False
        else:
            when = moment(value if value > 1e11 else value * 1000)
    except ValueError:
        return False
    here = moment(now)
    if rule.relation in {"before", "since"}:
        other = datetime.fromisoformat(rule.date)
        other = other if other.tzinfo else other.replace(tzinfo=UTC)
        return (when < other) is (rule.relation == "before")
    length = timedelta(**{rule.duration.unit: rule.duration.amount})
    if rule.relation == "anniversary":
        for ahead in range(rule.duration.amount + 1):
            day = (here + timedelta(days=ahead)).date()
            born = when.astimezone(UTC).date()
            leap = (born.month, born.day) == (2, 29) and not isleap(day.year)
            if (day.month, day.day) == ((2, 28) if leap else (born.month, born.day)):
                return True
        return False
    if rule.relation == "last":
        return here - length < when <= here
    if rule.relation == "ago":
        return when <= here - length
    if rule.relation == "ahead":
        return when > here + length
    begins = here.replace(microsecond=0, second=0)
    if rule.duration.unit != "minutes":
        begins = begins.replace(minute=0)
    if rule.duration.unit == "days":
        begins = begins.replace(hour=0)
    return begins <= when <= here + length


def _counts(rule: Did, event: tuple[str, int, dict[str, Any]], now: int) -> bool:
    name, age, props = event
    if name != rule.event:
        return False
    if rule.window:
        size = BUCKET_MS[rule.window.unit]
        if (NOW - age) // size <= now // size - rule.window.amount:
            return False
    return all(_compare(_property(props, each.field), each.operator, each.value) for each in rule.where)


def _property(props: dict[str, Any], name: str) -> Any:
    value = props.get(name)
    if name == "value":
        if isinstance(value, bool) or value == "x" or value is None:
            return None
        return float(value)
    if name == "rating":
        return None if isinstance(value, (bool, str)) else value
    if name == "category":
        if isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) >= 10**15):
            return None
        return value if value is None else str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**8:
        return None
    return value


def _compare(found: Any, operator: str, wanted: Any) -> bool:
    if operator == "known":
        return found is not None and found != ""
    if operator == "unknown":
        return found is None or found == ""
    if operator == "contains":
        return isinstance(found, str) and str(wanted) in found
    if operator == "in":
        return any(_compare(found, "=", each) for each in wanted)
    if isinstance(wanted, bool) or isinstance(found, bool):
        both = isinstance(wanted, bool) and isinstance(found, bool)
        return both and {"=": found == wanted, "!=": found != wanted}.get(operator, False)
    if isinstance(wanted, str) or isinstance(found, str):
        both = isinstance(wanted, str) and isinstance(found, str)
        return both and {"=": found == wanted, "!=": found != wanted and found != ""}.get(operator, False)
    a, b = as_number(found), as_number(wanted)
    if a is None or b is None:
        return False
    return {"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


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
