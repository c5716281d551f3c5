"""The simulated shop: the same for a seed, with people whose names are as common as names are."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from heed.contracts import vocabulary
from heed.demo import names
from heed.demo.driver import CUSTOMERS, HISTORY_DAYS, SEED
from heed.demo.people import traits
from heed.demo.world import World
from heed.kit.clock import DAY, parse_moment
from heed.profiles.domain.records import record
from heed.profiles.matching import AUTOMATIC, find_pairs, records_table

START = 1_780_000_000_000


def test_a_seed_gives_the_same_shop_again() -> None:
    assert list(World(3, START, 60).until(START + 20 * DAY)) == list(
        World(3, START, 60).until(START + 20 * DAY)
    )


def test_what_people_are_called_changes_nothing_of_what_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def lived() -> list[object]:
        return [{**call, "traits": None} for call in World(3, START, 60).until(START + 20 * DAY)]

    before = lived()
    monkeypatch.setattr(names, "_COMMON", 0.9)
    monkeypatch.setattr(names, "TWICE_EVERY", 7)
    assert lived() == before


def test_some_names_are_common_and_most_are_rare() -> None:
    counts = Counter(each.person.name for each in World(7, START).customers)
    assert len(counts) > 1_700
    assert 3 <= max(counts.values()) < 20


def test_who_is_known_twice_is_found_and_nobody_is_certainly_somebody_else() -> None:
    world = World(7, START)
    records = {str(each.number): record(traits(each)) for each in world.customers}
    people = {str(each.number): each.person for each in world.customers}
    pairs = find_pairs(records_table(records))
    sure = [pair for pair in pairs if pair.probability >= AUTOMATIC]
    truth = sum(1 for n in range(1, len(people)) if n % names.TWICE_EVERY == 0)
    assert len(sure) >= 0.8 * truth > 10
    for pair in sure:
        one, other = people[pair.one], people[pair.other]
        assert (one.first, one.street, one.postcode) == (other.first, other.street, other.postcode)
        assert one.email != other.email
    assert len(pairs) < 3 * truth, "the page shows mostly true ones"


@pytest.mark.parametrize("country", names.LAST)
def test_who_is_known_twice_mistyped_every_name_in_latin_letters(country: str) -> None:
    start, end = names.PARTS[country]
    surnames = [*names.LAST[country].split(), *(a + b for a in start.split() for b in end.split())]
    for number, last in enumerate(surnames):
        known = names.Person("Mara", last, "mara@example.org", "Storgatan 1", "12345", "Lund")
        for turn in range(5):
            again = names._again(random.Random(turn), number, known)
            latin = any(each.isascii() and each.isalpha() for each in last)
            assert (again.last != last) == latin, last
            assert abs(len(again.last) - len(last)) <= 1, last


def test_the_history_is_long_enough_to_learn_a_month_ahead_from() -> None:
    """To learn from, to calibrate on and to be held against: a month each, after a month that is only known of."""
    assert HISTORY_DAYS >= 4 * 30
    world = World(SEED, START, CUSTOMERS)
    months = Counter(
        (parse_moment(call["timestamp"]) - START) // (30 * DAY)
        for call in world.until(START + HISTORY_DAYS * DAY)
        if call.get("event") == vocabulary.ORDER_COMPLETED
    )
    assert min(months[number] for number in range(HISTORY_DAYS // 30)) > 100
