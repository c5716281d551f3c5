"""Rules and customers to try them on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from heed.rules.tree import (
    All,
    Compare,
    Consents,
    Dated,
    Did,
    Duration,
    Holds,
    InSegment,
    Not,
    Sequence,
    Step,
    Touch,
    Window,
)
from heed.rules.tree import Any as Either

TRAITS = ("plan", "age", "vip", "seen_days_ago")
EVENTS = ("Order Completed", "Product Viewed", "Login")
PROPERTIES = ("value", "category", "rating", "coupon", "discount", "gift")
CIRCUMSTANCES = ("order_late", "case_open", "basket_left", "just_complained")
PURPOSES = ("marketing", "service")
LISTS = ("testers", "press")
SCORES = ("upsell", "risk")

texts = st.sampled_from(["", "pro", "free", 'a "quoted" \\ text', "Ünï", "%_'", "5", "true", "null"])
numbers = st.one_of(
    st.integers(-5, 120),
    st.sampled_from([0.5, -0.25, 12.5, 1e15, 19.9999, 0.1 + 0.2]),
    st.integers(-(2**60), 2**60),
)
literals = st.one_of(texts, numbers, st.booleans())


def compares(fields: tuple[str, ...]) -> st.SearchStrategy[Compare]:
    field = st.sampled_from(fields)
    return st.one_of(
        st.builds(Compare, field, st.sampled_from(["=", "!="]), literals),
        st.builds(Compare, field, st.sampled_from(["<", "<=", ">", ">="]), numbers),
        st.builds(Compare, field, st.just("contains"), texts),
        st.builds(Compare, field, st.just("in"), st.lists(literals, min_size=1, max_size=3).map(tuple)),
        st.builds(Compare, field, st.sampled_from(["known", "unknown"])),
    )


windows = st.one_of(
    st.none(),
    st.builds(Window, st.integers(1, 180), st.just("minutes")),
    st.builds(Window, st.integers(1, 336), st.just("hours")),
    st.builds(Window, st.integers(1, 400), st.just("days")),
)
dids = st.builds(
    Did,
    st.sampled_from(EVENTS),
    st.sampled_from(["=", "<", "<=", ">", ">="]),
    st.integers(0, 4),
    windows,
    st.lists(compares(PROPERTIES), max_size=2).map(tuple),
)
totals = st.builds(
    Did,
    st.sampled_from(EVENTS),
    st.sampled_from(["=", "<", "<=", ">", ">="]),
    st.sampled_from([0, 12.5, 20, 99.9999, -3]),
    windows,
    st.lists(compares(PROPERTIES), max_size=1).map(tuple),
    st.just("value"),
)
filters = st.lists(compares(PROPERTIES), max_size=1).map(tuple)
durations = st.builds(Duration, st.integers(1, 48), st.sampled_from(["minutes", "hours", "days"]))
Durations = st.SearchStrategy[Duration]


def minutes(most: int) -> Durations:
    return st.builds(Duration, st.integers(1, most), st.just("minutes"))


def sequences(names: tuple[str, ...] = EVENTS, lengths: Durations = durations) -> st.SearchStrategy[Sequence]:
    gaps = st.one_of(st.none(), lengths)
    first = st.builds(Step, st.sampled_from(names), filters)
    between = st.builds(Step, st.sampled_from(names), filters, gaps)
    last = st.builds(Step, st.sampled_from(names), filters, gaps, st.booleans())
    steps = st.tuples(first, st.lists(between, max_size=2), last)
    return st.builds(Sequence, steps.map(lambda each: (each[0], *each[1], each[2])), windows)


touches = st.builds(Touch, st.sampled_from(["first", "last"]), st.sampled_from(EVENTS), windows, filters)
dates = st.one_of(
    st.builds(Dated, st.just("trait.due"), st.sampled_from(["last", "ago", "next", "ahead"]), durations),
    st.builds(
        Dated,
        st.just("trait.due"),
        st.just("anniversary"),
        st.builds(Duration, st.integers(0, 180), st.just("days")),
    ),
    st.builds(
        Dated,
        st.just("trait.due"),
        st.sampled_from(["before", "since"]),
        st.none(),
        st.sampled_from(["2026-09-21", "2020-02-29T12:00:00+02:00", "1950-01-01"]),
    ),
)
scores = compares((*(f"score.{name}" for name in SCORES), "score.nobody_gave_it"))
leaves = st.one_of(
    sequences(),
    touches,
    dates,
    compares((*(f"trait.{name}" for name in TRAITS), "mood.valence", "mood.confidence")),
    scores,
    dids,
    totals,
    st.builds(Holds, st.sampled_from(CIRCUMSTANCES)),
    st.builds(Consents, st.sampled_from(PURPOSES)),
    st.builds(InSegment, st.sampled_from(LISTS)),
)


def rules() -> st.SearchStrategy[Any]:
    """Rules as people may write them: groups have two members and more, and none stands directly in its like."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda each: All(tuple(each))),
            st.lists(inner, min_size=2, max_size=3).map(lambda each: Either(tuple(each))),
            inner.map(Not),
        ),
        max_leaves=6,
    )
