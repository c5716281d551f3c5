"""Moods by segment and by touchpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection

from heed.contracts import vocabulary
from heed.contracts.event import OWN_SOURCE
from heed.kit.kept import Kept
from heed.kit.means import Mean
from heed.ports.current import lake_rows
from heed.segments import api as segments

DAYS: Final = 30
LEAST: Final = 10
"""Customers below which a mean is not shown: it would say more about one of them than about all."""
_MOST: Final = 40
_ENOUGH: Final = 0.01


@dataclass(frozen=True)
class Group:
    """Customers of a segment: how they feel on average, and how many feel worse than calm."""

    key: str
    name: str
    mood: Mean
    unhappy: int


@dataclass(frozen=True)
class Touchpoint:
    """What an event does: `change` of the mood from just before to just after it, and the mood after it, over the
    customers who met it (each counted once, by their own average)."""

    event: str
    times: int
    change: Mean
    after: Mean

    @property
    def clear(self) -> bool:
        """Whether it moves moods by more than chance, and by enough to speak of."""
        return self.change.clear and abs(self.change.value) >= _ENOUGH


def by_segment() -> list[Group]:
    """Segments with enough members whose mood is known, the unhappiest first."""
    names = segments.names()
    with connection.cursor() as cursor:
        cursor.execute(
            "select name, count(*), avg(valence), coalesce(stddev_samp(valence), 0),"
            " count(*) filter (where valence < -0.25)"
            " from profile, unnest(segments) as name where confidence > 0 group by name having count(*) >= %s"
            " order by 3",
            [LEAST],
        )
        return [
            Group(key, names[key], Mean(float(mean), float(deviation), int(n)), int(unhappy))
            for key, n, mean, deviation, unhappy in cursor.fetchall()
            if key in names
        ]


def _by_touchpoint() -> list[Touchpoint]:
    since = datetime.now(UTC).date() - timedelta(days=DAYS)
    rows = lake_rows(
        """
        with felt as (
            select profile_id, name, valence::double as valence,
                   valence::double - lag(valence::double) over (partition by profile_id order by batch, place)
                       as change
            from events
            where day >= ? and type = 'track' and source <> ? and name <> ? and valence is not null and profile_id is not null and name <> ''
        ), own as (
            select name, profile_id, count(*) as times, avg(change) as change, avg(valence) as after
            from felt where change is not null group by name, profile_id
        )
        select name, sum(times)::bigint as times, count(*) as n, avg(change) as change,
               coalesce(stddev_samp(change), 0) as change_deviation, avg(after) as after,
               coalesce(stddev_samp(after), 0) as after_deviation
        from own group by name having count(*) >= ? order by avg(change) limit ?
        """,
        [since, OWN_SOURCE, vocabulary.DECISION_MADE, LEAST, _MOST],
    )
    return [
        Touchpoint(
            row["name"],
            int(row["times"]),
            Mean(row["change"], row["change_deviation"], int(row["n"])),
            Mean(row["after"], row["after_deviation"], int(row["n"])),
        )
        for row in rows
    ]


by_touchpoint = Kept(_by_touchpoint, 60)
