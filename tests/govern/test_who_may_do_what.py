"""Who may do what: the table itself, and what only owners decide."""

from __future__ import annotations

import pytest

from heed.govern.domain import PERMISSIONS, ROLES, matrix, may, may_change


def test_the_owner_may_everything_and_a_stranger_nothing() -> None:
    assert all(may("owner", permission) for permission in PERMISSIONS)
    assert not any(may("somebody", permission) for permission in PERMISSIONS)


def test_a_typing_error_in_a_permission_never_opens_a_page() -> None:
    with pytest.raises(ValueError, match=r"customers\.raed"):
        may("owner", "customers.raed")


@pytest.mark.parametrize("role", [r for r in ROLES if r not in {"owner", "manager"}])
def test_only_owners_and_managers_change_the_team(role: str) -> None:
    assert not may(role, "team.manage")
    assert not may_change(role, "", "analyst")


def test_only_owners_make_and_unmake_owners() -> None:
    assert may_change("owner", "agent", "owner")
    assert may_change("owner", "owner", "agent")
    assert may_change("manager", "agent", "manager")
    assert not may_change("manager", "agent", "owner")
    assert not may_change("manager", "owner", "agent")
    assert not may_change("owner", "agent", "emperor")


def test_an_analyst_reads_and_changes_nothing() -> None:
    changing = {p for p in PERMISSIONS if p.endswith((".manage", ".correct"))}
    assert changing
    assert not any(may("analyst", permission) for permission in changing)


def test_the_table_people_see_is_the_table_that_decides() -> None:
    for permission, words, cells in matrix():
        assert words
        assert cells == [may(role, permission) for role in ROLES]
