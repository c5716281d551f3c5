"""Whose event is it? Strangers are never glued together, and the same person is found again."""

from __future__ import annotations

import copy
import uuid
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from heed.contracts.event import Event
from heed.profiles.api import Hasher, Normaliser, Working, fold, hashes_of
from heed.profiles.domain.identifiers import BLOCKED, limit

HASHER, NORMALISER = Hasher(bytes(32)), Normaliser("SE")


def working() -> Working:
    return Working(fold, NORMALISER, HASHER, {}, {})


_count = iter(range(10**9))


def take(work: Working, type: str = "track", **fields: Any) -> uuid.UUID | None:
    event = Event(f"m{next(_count)}", type, 1_000 + next(_count), 2_000, **fields)  # type: ignore[arg-type]
    resolved = work.resolve(event, hashes_of(event, NORMALISER, HASHER))
    if resolved.profile_id is not None:
        fold.apply(work.states[resolved.profile_id], event, event.occurred)
    return resolved.profile_id


def test_a_visitor_who_signs_in_is_the_same_person() -> None:
    work = working()
    visitor = take(work, anonymous_id="a1")
    assert take(work, anonymous_id="a1", user_id="u1") == visitor
    assert take(work, user_id="u1") == visitor


def test_two_devices_of_one_person_become_one_profile() -> None:
    work = working()
    take(work, anonymous_id="phone")
    laptop = take(work, anonymous_id="laptop", user_id="u1")
    assert take(work, anonymous_id="phone", user_id="u1") == laptop
    assert len(work.states) == 1
    assert len(work.merges) == 1
    assert take(work, anonymous_id="phone") == laptop


def test_a_second_user_on_a_shared_device_is_another_person() -> None:
    work = working()
    first = take(work, anonymous_id="tablet", user_id="u1")
    second = take(work, anonymous_id="tablet", user_id="u2")
    assert first != second
    assert work.merges == []
    assert take(work, anonymous_id="tablet") == second, "whoever signed in last goes on"
    assert take(work, user_id="u1") == first


def test_a_shared_address_does_not_join_two_users() -> None:
    work = working()
    first = take(work, "identify", user_id="u1", traits={"email": "family@example.org"})
    second = take(work, "identify", user_id="u2", traits={"email": "family@example.org"})
    assert first != second
    assert take(work, "identify", anonymous_id="x", traits={"email": "Family@Example.org "}) == first


def test_an_alias_joins_two_users_because_it_says_so() -> None:
    work = working()
    take(work, user_id="old")
    new = take(work, user_id="new")
    joined = take(work, "alias", user_id="new", previous_id="old")
    assert len(work.states) == 1
    assert take(work, user_id="old") == take(work, user_id="new") == joined
    assert new is not None


def test_a_new_user_id_is_taken_on_by_alias() -> None:
    work = working()
    old = take(work, user_id="old")
    assert take(work, "alias", user_id="brand-new", previous_id="old") == old
    assert take(work, user_id="brand-new") == old


@given(st.sampled_from(sorted(BLOCKED)), st.sampled_from(["user_id", "anonymous_id"]))
def test_a_blocked_value_glues_nobody(value: str, kind: str) -> None:
    work = working()
    other = "anonymous_id" if kind == "user_id" else "user_id"
    one = take(work, **{kind: value.upper(), other: "one"})
    two = take(work, **{kind: value, other: "two"})
    assert one != two
    assert take(work, **{kind: value}) is None


def test_a_device_of_very_many_people_stops_at_the_limit() -> None:
    work = working()
    for number in range(limit("anonymous_id") + 50):
        take(work, anonymous_id=f"a{number}", user_id="u1")
    (state,) = work.states.values()
    assert len(state.identity.identifiers["anonymous_id"]) == limit("anonymous_id")


def test_phones_and_addresses_are_found_however_they_are_written() -> None:
    work = working()
    one = take(work, "identify", anonymous_id="a", traits={"phone": "070-123 45 67", "country": "SE"})
    assert take(work, "identify", anonymous_id="b", traits={"phone": "+46 70 123 45 67"}) == one
    assert take(work, "identify", anonymous_id="c", traits={"email": "not an address"}) != one


def test_an_erased_persons_id_is_never_used_again() -> None:
    work = working()
    before = take(work, user_id="u1")
    assert before
    again = Working(fold, NORMALISER, HASHER, {}, {}, frozenset({before}))
    assert take(again, user_id="u1") not in {None, before}


names = st.sampled_from(["a", "b", "c", "d", "null", ""])
events = st.fixed_dictionaries(
    {"user_id": names, "anonymous_id": names},
    optional={"email": st.sampled_from(["x@example.org", "y@example.org", "test@test.com"])},
)


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=25))
def test_whatever_arrives_no_profile_has_two_users_and_no_identifier_two_profiles(
    arrivals: list[dict[str, str]],
) -> None:
    work = working()
    for arrival in arrivals:
        arrival = copy.deepcopy(arrival)
        email = arrival.pop("email", "")
        take(work, "identify", **arrival, traits={"email": email} if email else {})
    for state in work.states.values():
        assert len(state.identity.identifiers.get("user_id", [])) <= 1
    held = [
        (kind, value)
        for state in work.states.values()
        for kind, values in state.identity.identifiers.items()
        for value in values
    ]
    assert len(held) == len(set(held)), "an identifier belongs to one profile"
    assert set(work.owners.values()) <= set(work.states)
    assert sum(state.identity.events for state in work.states.values()) == sum(
        1 for arrival in arrivals if _named(arrival)
    )


def _named(arrival: dict[str, str]) -> bool:
    return any(arrival[kind] not in {"", "null"} for kind in ("user_id", "anonymous_id")) or (
        arrival.get("email", "") not in {"", "test@test.com"}
    )


def test_an_alias_glues_no_end_of_devices_onto_one_person() -> None:
    work = working()
    take(work, user_id="u1")
    for number in range(limit("anonymous_id") + 20):
        take(work, "alias", user_id="u1", previous_id=f"device-{number}")
    held = work.states[take(work, user_id="u1")].identity.identifiers["anonymous_id"]  # type: ignore[index]
    assert len(held) <= limit("anonymous_id")
