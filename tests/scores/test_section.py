"""Scores in the profile: the latest counts, they run out, merge the same either way, and go with a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.pipeline.replay import replay
from heed.profiles import api as profiles
from heed.rules import compile_rule, fact, parse, readings
from heed.rules.facts import UnknownFact
from heed.rules.turns import verdict
from heed.scores.domain.section import MOST, Score, Scores, current, merge
from tests.installation import START, Installation

GIVEN = "Score Given"
HOUR = 3_600_000


def score(installation: Installation, who: str, value: Any, key: str = "upsell", **more: Any) -> None:
    installation.send(
        installation.own(GIVEN, userId=who, properties={"score_key": key, "amount": value, **more})
    )
    installation.carry()


def test_a_score_given_is_known_with_its_reason_and_moves_nobodys_last_seen(
    installation: Installation,
) -> None:
    installation.happen("Seen", userId="ada")
    before = installation.state_of(user_id="ada").identity
    installation.clock.advance(HOUR)
    score(installation, "ada", 0.7, by="API key crm", version="v3", explanation="Asked about seats twice.")
    state = installation.state_of(user_id="ada")
    found = current(state, "upsell", installation.clock())
    assert (found.value, found.by, found.version) == (0.7, "API key crm", "v3")
    assert found.why == "Asked about seats twice."
    assert (state.identity.last_seen, state.identity.events) == (before.last_seen, before.events)
    row = installation.lake_rows("name, properties, value, rating, valence")[-1]
    assert '"score_key"' in row["properties"]
    assert "seats" not in row["properties"]
    assert (row["value"], row["rating"]) == (None, None), "no amount of money and no rating of theirs"
    assert row["valence"] is None, "no moment at which they felt something"


def test_the_latest_said_counts_and_null_takes_it_back(installation: Installation) -> None:
    score(installation, "ada", 0.7)
    installation.clock.advance(1_000)
    score(installation, "ada", 0.2)
    assert current(installation.state_of(user_id="ada"), "upsell", installation.clock()).value == 0.2
    installation.clock.advance(1_000)
    score(installation, "ada", None)
    assert current(installation.state_of(user_id="ada"), "upsell", installation.clock()) is None


@pytest.mark.parametrize("value", ["0.7", True, [1], {"a": 1}, float(10**13)])
def test_what_is_no_value_is_no_score(installation: Installation, value: Any) -> None:
    score(installation, "ada", value)
    assert installation.state_of(user_id="ada").scores == Scores()


def test_with_a_write_key_nobody_gives_scores(installation: Installation) -> None:
    installation.happen("Seen", userId="ada")
    with pytest.raises(AssertionError, match="reserved"):
        installation.event(GIVEN, userId="ada", properties={"score_key": "upsell", "amount": 1.0})
    forged = installation.own(GIVEN, userId="ada", properties={"score_key": "upsell", "amount": 1.0})
    forged.source = "src_test"
    installation.send(forged)
    installation.carry()
    assert installation.state_of(user_id="ada").scores == Scores()


@pytest.mark.parametrize("purpose", ["profiling", "analytics"])
def test_who_refuses_to_be_looked_at_has_no_scores_and_none_comes_again(
    installation: Installation, purpose: str
) -> None:
    score(installation, "ada", 0.7)
    installation.happen("Consent Changed", userId="ada", properties={"purpose": purpose, "granted": False})
    assert installation.state_of(user_id="ada").scores == Scores()
    score(installation, "ada", 0.9)
    assert installation.state_of(user_id="ada").scores == Scores()
    installation.clock.advance(1_000)
    installation.happen("Consent Changed", userId="ada", properties={"purpose": purpose, "granted": True})
    score(installation, "ada", 0.9)
    assert current(installation.state_of(user_id="ada"), "upsell", installation.clock()).value == 0.9


def test_replaying_the_lake_gives_the_same_bytes(installation: Installation) -> None:
    for who in ("ada", "bob"):
        installation.happen("Seen", userId=who)
        for value in (0.1, 0.7, None, 0.25):
            score(installation, who, value, by="crm", explanation="because", valid_until=START + 10**9)
            score(installation, who, 3, key="risk")
            installation.clock.advance(1_000)
    before = installation.state_bytes()
    assert b"because" in b"".join(before.values())
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == before


def test_a_segment_by_score_follows_it_and_its_end(installation: Installation) -> None:
    installation.segment("ready", "score.upsell > 0.6")
    installation.segment("unknown", "score.upsell is unknown")
    installation.happen("Seen", userId="ada")
    assert (installation.members("ready"), installation.members("unknown")) == (set(), {"ada"})
    score(installation, "ada", 0.7, valid_until=installation.clock() + HOUR)
    assert (installation.members("ready"), installation.members("unknown")) == ({"ada"}, set())
    installation.clock.advance(HOUR - 1_000)
    installation.engine.wake()
    assert installation.members("ready") == {"ada"}
    installation.clock.advance(1_000)
    installation.engine.wake()
    assert (installation.members("ready"), installation.members("unknown")) == (set(), {"ada"})
    installation.clock.advance(1_000)
    score(installation, "ada", 0.5)
    assert (installation.members("ready"), installation.members("unknown")) == (set(), set())


def test_of_a_score_nobody_gave_every_comparison_is_false() -> None:
    state = profiles.fold.new()
    for text in (
        "score.never < 1",
        "score.never >= 0",
        "score.never = 0",
        "score.never != 3",
        "score.never is known",
    ):
        assert not compile_rule(parse(text), readings())(state, START), text
    assert compile_rule(parse("score.never is unknown"), readings())(state, START)


@pytest.mark.parametrize(
    "name", ["score", "score.", "score.Upsell", "score.a-b", "score.1a", "score." + "a" * 61]
)
def test_what_can_be_no_score_is_no_fact(name: str) -> None:
    with pytest.raises(UnknownFact):
        fact(name)


def test_the_end_of_a_score_is_foretold_to_rules() -> None:
    state = profiles.fold.new()
    state.scores.values["upsell"] = Score(0.7, START, until=START + HOUR)
    look = verdict(parse("score.upsell > 0.6"), readings())
    assert look(state, START)[1] == START + HOUR
    assert look(state, START + HOUR)[1] == 0


scores = st.builds(
    Scores,
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.builds(Score, st.sampled_from([0.0, 0.5, -1.0]), st.integers(1, 3), st.sampled_from(["", "x"])),
    ),
)


@settings(deadline=None)
@given(scores, scores)
def test_it_does_not_matter_who_becomes_part_of_whom(one: Scores, other: Scores) -> None:
    def joined(kept: Scores, absorbed: Scores) -> dict[str, Score]:
        return merge(Scores(dict(kept.values)), Scores(dict(absorbed.values))).values

    assert list(joined(one, other).items()) == list(joined(other, one).items())
    assert joined(one, one) == one.values


def test_nobody_has_more_scores_than_there_is_room_for(installation: Installation) -> None:
    events = [
        installation.own(GIVEN, userId="ada", properties={"score_key": f"s{i}", "amount": 1})
        for i in range(MOST + 20)
    ]
    installation.send(*events)
    installation.carry()
    assert len(installation.state_of(user_id="ada").scores.values) == MOST
