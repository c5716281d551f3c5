"""The queries of Home. What is costly is kept for a while, and asked for by one thread at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from heed.kit.kept import Kept
from heed.measure.domain.means import Day
from heed.ports.current import lake_rows
from heed.profiles import reading


def _mood_by_day() -> list[Day]:
    """Per day of the last eight weeks: the last mood each customer had that day, as mean, deviation and n."""
    since = datetime.now(UTC).date() - timedelta(days=56)
    table = lake_rows(
        """
        select epoch_ms(day::timestamp) as start, avg(mood)::double as mean,
               coalesce(stddev_samp(mood), 0)::double as deviation, count(*) as n
        from (
            select day, profile_id, arg_max(valence, occurred)::double as mood from events
            where day >= ? and valence is not null and mood_confidence > 0 and profile_id is not null
            group by day, profile_id
        ) group by day order by day
        """,
        [since],
    )
    return [Day(int(r["start"]), r["mean"], r["deviation"], int(r["n"])) for r in table]


def _spread_before() -> list[int]:
    """Where customers stood four weeks ago, in the steps of `reading.spread_of_moods`."""
    until = datetime.now(UTC) - timedelta(days=28)
    counts = [0] * reading.BINS
    table = lake_rows(
        """
        select least(greatest(floor((mood + 1) / 2 * ?)::int, 0), ?) as place, count(*) as n from (
            select profile_id, arg_max(valence, occurred)::double as mood from events
            where day <= ? and occurred <= ? and valence is not null and mood_confidence > 0
            group by profile_id
        ) group by 1
        """,
        [reading.BINS, reading.BINS - 1, until.date(), until],
    )
    for row in table:
        counts[int(row["place"])] = int(row["n"])
    return counts


mood_by_day = Kept(_mood_by_day, 60)
spread_before = Kept(_spread_before, 1800)
spread_now = Kept(reading.spread_of_moods, 3)


@dataclass(frozen=True)
class Pulse:
    """`rate` in events a second, `waiting` to be carried, `lag_ms` since the last carry, `accepted` ever."""

    rate: float
    waiting: int
    lag_ms: int
    accepted: int


def _pulse() -> Pulse:
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('ledger_head') is not null")
        if not cursor.fetchone()[0]:
            return Pulse(0.0, 0, 0, 0)
        cursor.execute(
            "select coalesce(sum(h.seq), 0), coalesce(sum(greatest(h.seq - coalesce(p.seq, 0), 0)), 0),"
            " max(p.carried_at) from ledger_head h left join carry_progress p on p.lane = h.lane"
        )
        accepted, waiting, carried_at = cursor.fetchone()
        cursor.execute(
            "select coalesce(sum(count), 0) from ledger where received > now() - interval '60 seconds'"
        )
        recent = cursor.fetchone()[0]
    age = datetime.now(UTC) - carried_at if carried_at else timedelta()
    return Pulse(
        float(recent) / 60, int(waiting), int(age.total_seconds() * 1000) if waiting else 0, int(accepted)
    )


pulse = Kept(_pulse, 1)


def _traffic() -> dict[str, tuple[datetime | None, int, tuple[int, ...]]]:
    """By source: the hour of its latest event, events of the last 24 hours, and those hour by hour."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=23 - i) for i in range(24)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select source, hour, sum(count) from carry_hour"
            " where outcome = 'carried' and hour >= %s group by 1, 2",
            [hours[0]],
        )
        recent = {(source, hour): int(count) for source, hour, count in cursor.fetchall()}
        cursor.execute("select source, max(hour) from carry_hour where outcome = 'carried' group by 1")
        latest = dict(cursor.fetchall())
    found = {}
    for source, last in latest.items():
        counts = tuple(recent.get((source, hour), 0) for hour in hours)
        found[source] = (last, sum(counts), counts)
    return found


traffic = Kept(_traffic, 5)
