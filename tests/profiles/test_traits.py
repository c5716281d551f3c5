"""Of several words for one trait the one that should counts, in whatever order they came."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from heed.contracts.event import Event
from heed.profiles import api as profiles
from heed.profiles.domain.fields import Fields, Keeping
from heed.profiles.domain.traits import MOST_OTHERS
from tests.installation import Installation

WORDS = st.lists(
    st.tuples(st.sampled_from(["shop", "desk", "crm"]), st.integers(1, 40), st.sampled_from(["a", "b", "c"])),
    min_size=1,
    max_size=8,
    unique_by=lambda each: each[1],
)


def said(words: list[tuple[str, int, str]]) -> Any:
    state = profiles.fold.new()
    for source, at, value in words:
        event = Event(f"m{at}", "identify", at, at, user_id="ada", source=source, traits={"plan": value})
        profiles.fold.apply(state, event, at)
    return state


@given(WORDS, st.randoms(use_true_random=False))
def test_whose_word_counts_does_not_hang_on_the_order_words_came_in(
    words: list[tuple[str, int, str]], chance: Any
) -> None:
    shuffled = list(words)
    chance.shuffle(shuffled)
    fields = Fields()
    for state in (said(words), said(shuffled)):
        in_order = sorted(words, key=lambda each: each[1])
        assert fields.value(state, "plan") == in_order[-1][2]
        fields.keeping = {"plan": Keeping("first")}
        assert fields.value(state, "plan") == in_order[0][2]
        for trusted in (("crm", "desk"), ("desk",), ("nobody", "shop")):
            fields.keeping = {"plan": Keeping("trusted", trusted)}
            own = [[value for source, _, value in in_order if source == each] for each in trusted]
            expected = next((values[-1] for values in own if values), in_order[-1][2])
            assert fields.value(state, "plan") == expected
        fields.keeping = {}


@given(WORDS, WORDS)
def test_merging_two_customers_is_as_if_all_had_been_said_of_one(
    one: list[tuple[str, int, str]], other: list[tuple[str, int, str]]
) -> None:
    other = [(source, at + 100, value) for source, at, value in other]
    merged = said(one)
    profiles.fold.merge(merged, said(other))
    assert merged.traits == said([*one, *other]).traits


def test_only_so_many_sources_are_kept() -> None:
    state = said([(f"s{number}", number, str(number)) for number in range(1, 30)])
    assert len(state.traits.values["plan"].others) == MOST_OTHERS


def test_null_takes_back_what_anybody_said() -> None:
    state = said([("shop", 1, "a"), ("desk", 2, "b")])
    profiles.fold.apply(state, Event("m", "identify", 3, 3, source="desk", traits={"plan": None}), 3)
    assert "plan" not in state.traits.values


def test_the_source_trusted_most_is_believed_by_segments_and_pages(installation: Installation) -> None:
    installation.segment("gold", 'trait.plan = "gold"')
    for source, plan in (("src_crm", "gold"), ("src_shop", "free")):
        event = installation.event(
            type="identify", userId="ada", traits={"plan": plan, "name": f"Ada {source}"}
        )
        event.source = source
        installation.send(event)
        installation.carry()
        installation.clock.advance(1_000)
    assert installation.members("gold") == set()
    installation.connection.execute(
        "insert into field_setting (kind, name, purpose, survivor, trusted) values"
        " ('trait', 'plan', '', 'trusted', '{src_crm}'), ('trait', 'name', '', 'first', '{}')"
    )
    try:
        installation.happen("Seen", userId="ada")
        installation.carry()
        assert installation.members("gold") == {"ada"}
        row = installation.connection.execute("select display_name from profile").fetchone()
        assert row == ("Ada src_crm",)
    finally:
        profiles.fields.set({}, {})
