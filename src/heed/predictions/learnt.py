"""Customers by what was learnt of them, without those who refuse now."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import msgspec

from heed.profiles import reading as people
from heed.profiles.api import still

_PIECE: Final = 1_000
Told = TypeVar("Told")


def in_pieces(rows: Any) -> Iterator[list[uuid.UUID]]:
    """Those of these rows, all of them, by id."""
    after = uuid.UUID(int=0)
    while True:
        following = rows.filter(profile_id__gt=after).order_by("profile_id")
        found = list(following.values_list("profile_id", flat=True)[:_PIECE])
        if not found:
            return
        yield still(found)
        after = found[-1]


def by_id(rows: Any, cursor: str, size: int) -> people.Page:
    """One page of them, by id."""
    following = rows.filter(profile_id__gt=people.id_after(cursor)).order_by("profile_id")
    found = list(following.values_list("profile_id", flat=True)[: size + 1])
    more, found = len(found) > size, found[:size]
    return people.Page(people.people_of(still(found)), str(found[-1]) if more else "")


def most_first(rows: Any, share: str, cursor: str, size: int) -> people.Page:
    """One page of them, those with the highest of this share first."""
    if after := _read_cursor(cursor):
        rows = rows.filter(**{f"{share}__lte": after[0]}).exclude(
            **{share: after[0]}, profile_id__lte=after[1]
        )
    found = list(rows.order_by(f"-{share}", "profile_id").values_list("profile_id", share)[: size + 1])
    more, found = len(found) > size, found[:size]
    cursor = f"{found[-1][1]!r}|{found[-1][0]}" if more else ""
    return people.Page(people.people_of(still(profile_id for profile_id, _ in found)), cursor)


def _read_cursor(cursor: str) -> tuple[float, uuid.UUID] | None:
    """`share|profile id`; one that makes no sense starts anew."""
    share, _, profile_id = cursor.partition("|")
    try:
        value, found = float(share), uuid.UUID(profile_id)
    except ValueError:
        return None
    return (value, found) if 0 <= value <= 1 else None


def told(value: Any, shape: type[Told]) -> Told | None:
    """What a version keeps as JSON."""
    return msgspec.convert(value, shape) if value else None
