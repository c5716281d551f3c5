"""The queries of `scores`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
from django.db import connection

from heed.contracts import vocabulary as v
from heed.contracts.event import OWN_SOURCE
from heed.kit.kept import Kept
from heed.ports.current import lake_rows
from heed.profiles import api as profiles
from heed.profiles import reading as people
from heed.scores.domain.section import Score, current

_REACH: Final = timedelta(days=400)
_LOOKED_AT: Final = 200


def names(connection: psycopg.Connection) -> dict[str, str]:
    """What scores that are not retired are called, by key."""
    rows = connection.execute(
        "select key, name from score where retired_at is null order by name, key"
    ).fetchall()
    return dict(rows)


@dataclass(frozen=True)
class Given:
    """How many customers a score was given, when last, and the value that half of them are above."""

    customers: int
    last: datetime | None
    middle: float


_LATEST: Final = """
    select profile_id, key, arg_max(amount, occurred) as amount, max(occurred) as given from (
        select profile_id, occurred, json_extract_string(properties, '$.score_key') as key,
               coalesce(try_cast(json_extract_string(properties, '$.amount') as double), 'nan'::double) as amount
        from events where name = ? and source = ? and day >= ? and profile_id is not null
    ) where key is not null group by profile_id, key
"""
"""The latest value of each customer and score, "not a number" where it was taken back."""


def _asked() -> list[object]:
    return [v.SCORE_GIVEN, OWN_SOURCE, datetime.now(UTC).date() - _REACH]


def _given() -> dict[str, Given]:
    rows = lake_rows(
        "select key, count(*) filter (not isnan(amount)) as n, max(given) as last,"  # noqa: S608  fixed texts
        f" coalesce(median(amount) filter (not isnan(amount)), 0) as middle from ({_LATEST}) group by key",
        _asked(),
    )
    return {row["key"]: Given(int(row["n"]), row["last"], float(row["middle"])) for row in rows}


given = Kept(_given, 30)


@dataclass(frozen=True)
class Line:
    person: people.Person
    score: Score


def highest(key: str, now: int, limit: int = 20) -> list[Line]:
    """Those with the highest value that counts at `now` (ms)."""
    rows = lake_rows(
        f"select profile_id from ({_LATEST}) where key = ? and not isnan(amount)"  # noqa: S608  a fixed text
        " order by amount desc, profile_id limit ?",
        [*_asked(), key, _LOOKED_AT],
    )
    found = []
    for profile_id, data in people.states_of(_kept([uuid.UUID(row["profile_id"]) for row in rows])).items():
        score = current(profiles.fold.decode(data), key, now)
        if score is not None:
            found.append((-score.value, str(profile_id), profile_id, score))
    found.sort(key=lambda each: each[:2])
    known = {each.id: each for each in people.people_of([row[2] for row in found[:limit]])}
    return [Line(known[row[2]], row[3]) for row in found[:limit] if row[2] in known]


def _kept(ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Each once, merged customers as who they are part of."""
    return list(dict.fromkeys(today(ids).values()))


def today(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Of profile ids, who each is today; whether there is such a profile is not asked."""
    connection.ensure_connection()
    into = profiles.kept_by(connection.connection, ids)
    return {each: into.get(each, each) for each in ids}
