"""Customers behind a figure of any room, kept as a list."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import msgspec
import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from heed.govern.api import create_user
from heed.segments import list_actions
from heed.segments.jobs import fill_list
from heed.segments.list_actions import register_whom, save_as_list
from heed.segments.models import Segment


class Numbered(msgspec.Struct, frozen=True, tag=True):
    """Whoever has one of these numbers."""

    numbers: frozenset[int]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_actions, "_known", dict(list_actions._known))
    register_whom(Numbered, numbered)


def numbered(whom: Numbered) -> Iterator[list[uuid.UUID]]:
    for number in sorted(whom.numbers):
        yield [uuid.UUID(int=number)]


@pytest.mark.django_db
def test_the_worker_is_told_whom_and_asks_the_room_that_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    put: list[tuple[str, list[uuid.UUID], str]] = []
    monkeypatch.setattr(list_actions, "put_on_list", lambda key, ids, by: put.append((key, ids, by)))
    owner = create_user("owner@example.org", "owner", "a quiet harbour 7")
    key = save_as_list("Some numbers", "Those of a figure", "marketing", Numbered(frozenset({7, 3})), owner)
    made = Segment.objects.get(key=key)
    assert (made.kind, made.purpose, made.description) == ("list", "marketing", "Those of a figure")
    fill_list(**ProcrastinateJob.objects.get(task_name="heed.segments.jobs.fill_list").args)
    assert put == [(key, [uuid.UUID(int=number)], "owner@example.org") for number in (3, 7)]


def test_two_figures_cannot_go_by_one_name() -> None:
    register_whom(Numbered, numbered)
    other = msgspec.defstruct("Numbered", [("letters", str)], tag=True, frozen=True)
    with pytest.raises(ValueError, match="Numbered"):
        register_whom(other, lambda whom: iter([]))
