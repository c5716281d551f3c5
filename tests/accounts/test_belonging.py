"""Customers belong to companies and households, and what one of them tells of it all of them know."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from heed.accounts import store
from heed.accounts.domain.section import MOST, Accounts, Belonging, merge
from heed.accounts.telling import PAUSE
from heed.contracts import vocabulary as v
from heed.contracts.told import Told, latest, take
from heed.kit.clock import HOUR
from heed.pipeline.replay import replay
from heed.rules import compile_rule, parse, readings
from tests import merging
from tests.installation import Installation


def belong(installation: Installation, user: str, key: str, **traits: object) -> None:
    installation.happen(type="group", userId=user, groupId=key, traits=traits)


def plan_of(installation: Installation, user: str, key: str = "acme") -> object:
    return installation.state_of(user_id=user).accounts.of[key].traits.get("plan", (None, 0))[0]


def meets(installation: Installation, user: str, rule: str) -> bool:
    state = installation.state_of(user_id=user)
    return compile_rule(parse(rule), readings())(state, installation.clock())


def members(installation: Installation, key: str) -> set[str]:
    rows = installation.connection.execute("select user_id from profile where accounts @> array[%s]", [key])
    return {user for (user,) in rows}


def test_what_one_member_tells_of_the_account_all_members_know(installation: Installation) -> None:
    belong(installation, "ada", "acme", name="Acme Ltd", plan="starter")
    belong(installation, "bob", "acme")
    installation.carry()
    assert plan_of(installation, "bob") == "starter"
    installation.clock.advance(HOUR)
    belong(installation, "bob", "acme", plan="enterprise")
    installation.carry()
    assert plan_of(installation, "ada") == "enterprise"
    assert members(installation, "acme") == {"ada", "bob"}
    assert meets(installation, "ada", 'trait.account.plan = "enterprise" and trait.account.kind = "company"')
    assert meets(installation, "bob", 'trait.account.id = "acme" and account.count = 1')


def test_segments_follow_the_account(installation: Installation) -> None:
    installation.segment("big", 'trait.account.plan = "enterprise"')
    belong(installation, "ada", "acme", plan="starter")
    belong(installation, "bob", "acme")
    assert installation.members("big") == set()
    installation.clock.advance(PAUSE)
    belong(installation, "ada", "acme", plan="enterprise")
    installation.carry()
    assert installation.members("big") == {"ada", "bob"}


def test_many_members_are_told_piece_by_piece(installation: Installation) -> None:
    events = [
        installation.event(type="group", userId=f"u{number}", groupId="acme", traits={})
        for number in range(600)
    ]
    installation.send(*events)
    installation.carry()
    installation.clock.advance(PAUSE)
    belong(installation, "u0", "acme", plan="gold")
    while installation.carry():
        pass
    assert {plan_of(installation, f"u{number}") for number in (1, 299, 599)} == {"gold"}


def test_who_is_told_again_is_told_nothing_new(installation: Installation) -> None:
    belong(installation, "ada", "acme", plan="gold")
    belong(installation, "bob", "acme", plan="gold")
    installation.carry()
    before = len(installation.lake_rows("message_id"))
    for _ in range(3):
        belong(installation, "ada", "acme", plan="gold")
        installation.carry()
    assert len(installation.lake_rows("message_id")) == before + 3


def test_whoever_is_taken_out_stays_out_of_what_happened_before(installation: Installation) -> None:
    belong(installation, "ada", "acme", plan="gold")
    earlier = installation.event(type="group", userId="ada", groupId="acme", traits={"plan": "old"})
    installation.clock.advance(HOUR)
    installation.happen(v.ACCOUNT_REMOVED_USER, userId="ada", context={"groupId": "acme"})
    installation.send(earlier)
    installation.carry()
    assert members(installation, "acme") == set()
    installation.clock.advance(HOUR)
    belong(installation, "ada", "acme")
    assert members(installation, "acme") == {"ada"}


def test_acting_for_an_account_is_belonging_to_it(installation: Installation) -> None:
    installation.happen("Product Viewed", userId="ada", context={"groupId": 4711})
    assert members(installation, "4711") == {"ada"}
    belong(installation, "ada", "home", type="Household")
    assert meets(installation, "ada", 'trait.account.kind = "household"') is False
    installation.clock.advance(1)
    belong(installation, "ada", "home")
    assert meets(installation, "ada", 'trait.account.kind = "household"')


def test_who_was_one_by_mistake_is_told_what_the_other_was_told_meanwhile(installation: Installation) -> None:
    for user in ("ada", "bob", "cleo"):
        belong(installation, user, "acme", plan="starter")
    installation.carry()
    absorbed = {user: merging.owner(installation, "user_id", user) for user in ("ada", "bob")}
    merging.merge(installation, {"user_id": "ada"}, {"user_id": "bob"})
    installation.clock.advance(PAUSE)
    belong(installation, "cleo", "acme", plan="gold")
    installation.carry()
    gone = next(iter(set(absorbed.values()) - set(installation.profile_ids())))
    merging.unmerge(installation, gone)
    installation.clock.advance(PAUSE)
    installation.carry()
    assert [plan_of(installation, user) for user in ("ada", "bob")] == ["gold", "gold"]


def test_replay_finds_the_same_profiles(installation: Installation) -> None:
    for user in ("ada", "bob", "cleo"):
        belong(installation, user, "acme", plan=user)
        installation.clock.advance(HOUR)
        installation.carry()
    installation.happen(v.ACCOUNT_REMOVED_USER, userId="bob", context={"groupId": "acme"})
    before = installation.state_bytes()
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == before
    assert members(installation, "acme") == {"ada", "cleo"}


def test_a_name_nobody_would_give_costs_no_event(installation: Installation) -> None:
    for key in ("😀" * 900, "a'; drop table account; --", "%", "\\", " "):
        installation.happen(type="group", userId="ada", groupId=key, traits={"name": key, key: key})
    assert len(installation.state_of(user_id="ada").accounts.of) == 4
    assert not installation.connection.execute("select from dead_letter").fetchall()


TRAITS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3) | st.none(), max_size=3)


@given(
    st.lists(st.tuples(TRAITS, st.integers(0, 50)), max_size=8, unique_by=lambda each: each[1]), st.randoms()
)
def test_of_each_trait_the_latest_counts_in_whatever_order(
    said: list[tuple[dict[str, object], int]], chance: object
) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one: dict[str, Told] = {}
    other: dict[str, Told] = {}
    for traits, at in said:
        take(one, traits, at)
    for traits, at in shuffled:
        take(other, traits, at)

    def known(told: dict[str, Told]) -> dict[str, object]:
        return {name: value for name, (value, _) in told.items() if value is not None}

    expected = {}
    for traits, _ in sorted(said, key=lambda each: each[1]):
        expected.update(traits)
    assert known(one) == {name: value for name, value in expected.items() if value is not None}
    assert known(one) == known(other)


@given(st.integers(0, 60), st.integers(0, 60))
def test_merging_joins_what_two_profiles_belong_to(many: int, others: int) -> None:
    one = Accounts({f"a{number}": Belonging(number, number) for number in range(min(many, MOST))})
    two = Accounts({f"a{number}": Belonging(number - 5, number + 5) for number in range(min(others, MOST))})
    longest = max(len(one.of), len(two.of))
    joined = merge(one, two)
    assert len(joined.of) == longest
    for number in range(len(two.of)):
        assert joined.of[f"a{number}"].used == number + 5


def test_joining_keeps_the_latest_of_each() -> None:
    one: dict[str, Told] = {"plan": ("old", 1), "city": ("Lund", 9)}
    latest(one, {"plan": ("new", 2), "city": ("Oslo", 3), "more": (1, 1)})
    assert one == {"plan": ("new", 2), "city": ("Lund", 9), "more": (1, 1)}


def test_an_account_whose_traits_change_all_the_time_tells_all_its_members_once_a_minute(
    installation: Installation,
) -> None:
    installation.send(
        *(installation.event(type="group", userId=f"u{n:03}", groupId="busy", traits={}) for n in range(300))
    )
    installation.send(*(installation.event(type="group", userId=f"q{n}", groupId="quiet") for n in range(2)))
    installation.carry()
    for second in range(50):
        installation.clock.advance(1_000)
        belong(installation, "u000", "busy", plan=f"plan {second}")
        if second == 20:
            belong(installation, "q0", "quiet", plan="gold")
    assert plan_of(installation, "q1", "quiet") == "gold"
    assert plan_of(installation, "u299", "busy") == "plan 0"
    own = [row for row in installation.lake_rows("source, type") if row["source"] == "heed"]
    assert len(own) < 700
    installation.clock.advance(HOUR)
    installation.carry()
    assert {plan_of(installation, f"u{n:03}", "busy") for n in (1, 150, 299)} == {"plan 49"}


def test_two_engines_at_a_new_account_lose_nothing(installation: Installation) -> None:
    other = installation.new_engine().connection
    with ThreadPoolExecutor(1) as thread:
        with installation.connection.transaction():
            store.told(installation.connection, [_told("k1", {"seats": 3}), _told("k2", {"a": 1})])
            waiting = thread.submit(_tell_in_a_transaction, other, ["k2", "k1"])
            installation.connection.execute("select pg_sleep(0.3)")
            assert not waiting.done()
        waiting.result(10)
    other.close()
    row = installation.connection.execute("select traits from account where key = 'k1'").fetchone()
    assert row is not None
    assert {name: value for name, (value, _) in store.decode(bytes(row[0])).items()} == {
        "seats": 3,
        "plan": "gold",
    }


def test_whoever_joins_by_an_external_id_alone_is_told_as_well(installation: Installation) -> None:
    belong(installation, "ada", "acme", plan="gold")
    external = [{"type": "email", "id": "ext@example.org"}]
    installation.happen(type="group", groupId="acme", context={"externalIds": external})
    installation.carry()
    assert installation.state_of(email="ext@example.org").accounts.of["acme"].traits["plan"][0] == "gold"


def test_names_and_values_without_end_are_not_kept(installation: Installation) -> None:
    belong(installation, "ada", "acme", **{"n" * 30_000: 1, "long": "x" * 30_000})
    traits = installation.state_of(user_id="ada").accounts.of["acme"].traits
    assert set(traits) == {"long"}
    assert len(traits["long"][0]) == 500


def _told(key: str, traits: dict[str, object]) -> dict[str, object]:
    return {
        "key": key,
        "at": 1,
        "traits": traits,
        "joins": False,
        "user_id": "",
        "anonymous_id": "",
        "named": {},
    }


def _tell_in_a_transaction(connection: psycopg.Connection, keys: list[str]) -> None:
    with connection.transaction():
        store.told(connection, [_told(key, {"plan": "gold"}) for key in keys])
