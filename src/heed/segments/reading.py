"""What pages ask about segments: sizes, overlap, who is in, files of members."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from django.db import connection
from django.urls import reverse

from heed import rules
from heed.kit.kept import Kept
from heed.profiles.api import Use
from heed.segments import store
from heed.segments.models import Segment, SegmentPass, SegmentSize

COLUMNS = (
    "profile_id",
    "user_id",
    "email",
    "phone",
    "name",
    "country",
    "last_seen",
    "mood",
    "orders",
    "revenue",
    "currency",
)
_PIECE = 2_000


@dataclass(frozen=True)
class Progress:
    """The share of customers that is through: first what they did before is counted, then who belongs is looked at."""

    share: float
    counting: bool = False


def progress() -> Progress | None:
    """None while nothing is being filled, or not begun since segments last changed."""
    filling = _rows("select after from carry_filling where adds and not finished order by id limit 1", [])
    if filling:
        # Only those who did something are counted, in the order of their ids, which are spread evenly.
        return Progress(filling[0][0].int / 2**128, counting=True)
    found = SegmentPass.objects.filter(finished=False).first()
    if found is None or _mark() not in found.mark:
        return None
    return Progress(min(0.99, found.done / found.total) if found.total else 0.0)


def _mark() -> str:
    """What a pass begun for the segments as they are defined now is marked with, among other things."""
    connection.ensure_connection()
    return store.mark(cast(psycopg.Connection, connection.connection))


def _sizes() -> dict[str, int]:
    rows = _rows("select name, count(*) from profile, unnest(segments) as name group by name", [])
    return dict(rows)


sizes = Kept(_sizes, 3)
"""Members by key, counted in one go over all profiles."""


def size(key: str) -> int:
    return int(_rows("select count(*) from profile where segments @> array[%s::text]", [key])[0][0])


def ids(key: str) -> set[uuid.UUID]:
    """Everybody in it."""
    return {row[0] for row in _rows("select id from profile where segments @> array[%s::text]", [key])}


def exists(key: str) -> bool:
    return "\x00" not in key and Segment.objects.filter(key=key).exists()


def over_time(segment: Segment) -> list[tuple[Any, int]]:
    """`(day, members)`, oldest first, the last ninety days there are."""
    found = SegmentSize.objects.filter(segment=segment).order_by("-day").values_list("day", "members")[:90]
    return list(reversed(list(found)))


@dataclass(frozen=True)
class Overlap:
    """`both` are in the segment asked about and in this one."""

    key: str
    name: str
    both: int
    members: int


def overlaps(key: str, limit: int = 10) -> list[Overlap]:
    """The other segments that most members are in too."""
    both = dict(
        _rows(
            "select other, count(*) from profile, unnest(segments) as other"
            " where segments @> array[%s::text] and other <> %s group by other order by 2 desc limit %s",
            [key, key, limit],
        )
    )
    every = sizes.get()
    called = dict(Segment.objects.filter(key__in=list(both)).values_list("key", "name"))
    return [
        Overlap(other, called[other], count, every.get(other, 0))
        for other, count in both.items()
        if other in called
    ]


def in_all(keys: Sequence[str]) -> int:
    """How many customers are in every one of these segments."""
    return int(_rows("select count(*) from profile where segments @> %s::text[]", [list(keys)])[0][0])


def shared(keys: Sequence[str]) -> dict[tuple[str, str], int]:
    """Of each two of these segments, how many customers are in both."""
    rows = _rows(
        "select a, b, count(*) from profile, unnest(segments) as a, unnest(segments) as b"
        " where segments && %s::text[] and a = any(%s) and b = any(%s) group by a, b",
        [list(keys)] * 3,
    )
    return {(a, b): count for a, b, count in rows}


def of_profile(profile_id: uuid.UUID) -> list[str]:
    rows = _rows("select segments from profile where id = %s", [profile_id])
    return list(rows[0][0]) if rows else []


def members(key: str) -> Iterator[list[tuple[Any, ...]]]:
    """All members in pieces, in the order of `COLUMNS`, with every piece read anew: who leaves meanwhile is not
    in it any more."""
    after = uuid.UUID(int=0)
    while True:
        rows = _rows(
            "select id, user_id, email, phone, display_name, country, last_seen,"
            " case when confidence > 0 then valence end, orders, revenue, currency from profile"
            " where segments @> array[%s::text] and id > %s order by id limit %s",
            [key, after, _PIECE],
        )
        if rows:
            after = rows[-1][0]
            yield rows
        if len(rows) < _PIECE:
            return


def _rows(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def uses() -> Iterator[Use]:
    """Which fields the rules of segments read."""
    for key, name, text in Segment.objects.filter(kind="rule").values_list("key", "name", "rule"):
        for kind, each in rules.fields_in(text):
            yield Use(kind, each, f"segment {name}", reverse("segments:segment", args=[key]))
