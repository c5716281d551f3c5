"""Requests that arrive together are committed together, and nobody is kept waiting for more than come."""

from __future__ import annotations

from heed.engines.postgres.ledger import Company


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
