"""Rules and customers to try them on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from heed.rules.tree import All, Compare, Consents, Did, Holds, InSegment, Not, Window
from heed.rules.tree import Any as Either

TRAITS = ("plan", "age", "vip", "city")
EVENTS = ("Order Completed", "Product Viewed", "Login")
PROPERTIES = ("value", "category", "rating", "coupon", "discount", "gift")
CIRCUMSTANCES = ("order_late", "case_open", "basket_left", "just_complained")
PURPOSES = ("marketing", "service")
LISTS = ("testers", "press")

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
leaves = st.one_of(
    compares((*(f"trait.{name}" for name in TRAITS), "mood.valence", "mood.confidence")),
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
