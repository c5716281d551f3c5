"""Whoever reads gets everything once. Requests that arrive together are committed together, and nobody is kept waiting for
more than come."""

from __future__ import annotations

import pytest

from heed.engines.postgres.ledger import Company
from heed.ports.ledger import BULK, PARTS
from tests.installation import Installation


@pytest.fixture
def appended(installation: Installation) -> list[int]:
    """Where 2,000 events of one append and three of another stand, in the order of the ledger."""
    made = [installation.event("Imported", userId=f"u{n % 90}", messageId=f"i{n}") for n in range(2_003)]
    installation.send(*made[:2_000], lane=BULK)
    installation.send(*made[2_000:], lane=BULK)
    return sorted(each.seq for each in made)


@pytest.mark.parametrize("limit", [1, 7, 100, 999, 5_000])
def test_a_reader_gets_no_more_than_asked_for_and_misses_nothing(
    installation: Installation, appended: list[int], limit: int
) -> None:
    positions, read = dict.fromkeys(range(PARTS), 0), []
    while span := installation.ledger.read_parts(BULK, positions, limit):
        found = [each.seq for each in span.events]
        assert len(found) == min(limit, len(appended) - len(read))
        assert span.last == found[-1]
        read += found
        positions = dict.fromkeys(positions, span.last)
        if len(read) > 300 and limit == 1:
            break
    assert read == appended[: len(read)]
    assert limit == 1 or read == appended


def test_parts_read_each_from_its_own_position_miss_nothing(
    installation: Installation, appended: list[int]
) -> None:
    few = {part: 0 for part in range(PARTS) if part % 2}
    first = installation.ledger.read_parts(BULK, few, 150)
    assert first is not None
    rest = dict.fromkeys(range(PARTS), 0) | dict.fromkeys(few, first.last)
    span = installation.ledger.read_parts(BULK, rest, 5_000)
    assert span is not None
    assert sorted(each.seq for each in (*first.events, *span.events)) == appended


def wanted(come: list[int]) -> list[int]:
    """What each commit waits for, where so many requests are there when it begins."""
    company, found = Company(), []
    for now, count in enumerate(come):
        found.append(company.expect())
        company.came(count, float(now))
    return found


def test_a_lone_sender_waits_for_nobody() -> None:
    assert set(wanted([1] * 200)) == {1}


def test_few_who_wait_for_their_answers_are_hardly_ever_waited_for_in_vain() -> None:
    asked = wanted([3] * 640)[1:]
    assert [each for each in asked if each > 3] == [5] * 10


def test_where_more_would_come_they_are_waited_for_in_the_end() -> None:
    company, count = Company(), 2
    for now in range(600):
        count = min(9, max(2, company.expect()))
        company.came(count, float(now))
    assert count == 9


def test_after_a_rush_little_is_expected_again() -> None:
    asked = wanted([400] * 3 + [1] * 20)
    assert max(asked) == 12
    assert asked[-1] == 1
