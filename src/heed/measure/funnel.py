"""Funnels, asked of the lake: events in the order they occurred, of whoever a profile is part of now."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from heed.contracts.event import OWN_SOURCE
from heed.kit.kept import Kept
from heed.measure.behind import members, page_of, pieces_of
from heed.measure.domain.funnel import BESIDE, LEFT, Question, Step, steps
from heed.ports.current import lake_rows
from heed.profiles import reading as people
from heed.profiles.api import MERGED, merges

_TOLD: Final = f"""
    {MERGED}, told as materialized (
        select coalesce(kept, profile_id)::uuid as who, name, occurred,
               epoch_us(occurred)::hugeint * 9223372036854775808 + batch * 2147483648::hugeint + place as position
        from events left join merged on absorbed = profile_id
        where name in (select unnest(?::varchar[])) and type = 'track' and profile_id is not null
          and day >= ? and occurred between ? and ?"""  # noqa: S608  a fixed text
"""`position` orders events by when they occurred, those of one moment by how they were carried."""
_OF_SEGMENT: Final = " and coalesce(kept, profile_id) in (select unnest(?::varchar[]))"
_FIRST: Final = "), step1 as (select who, occurred as began, position, occurred from told where name = ?)"


def _asked(question: Question, now: datetime) -> tuple[str, list[Any]]:
    """The tables `told` and `step1`, `step2` …, and their values.

    Every step goes with the latest of the one before that precedes it, and so with the latest beginning: whoever can
    be through in time is, and in the shortest time.
    """
    since = datetime.combine(now.date() - timedelta(days=question.days - 1), datetime.min.time(), UTC)
    query, window = _TOLD, timedelta(hours=question.within)
    values: list[Any] = [*merges(), list(set(question.steps)), since.date(), since, now]
    if question.segment:
        query += _OF_SEGMENT
        values.append(members(question.segment))
    if not question.ordered:
        return _in_any_order(question, query, values)
    query += _FIRST
    values.append(question.steps[0])
    for number, event in enumerate(question.steps[1:], 2):
        query += f""", step{number} as (
            select b.who, a.began, b.position, b.occurred
            from (select who, position, occurred from told where name = ?) as b asof join step{number - 1} as a
                on a.who = b.who and b.position > a.position
            where b.occurred <= a.began + ?
        )"""  # noqa: S608  numbers of our own
        values += [event, window]
    return query, values


def _in_any_order(question: Question, query: str, values: list[Any]) -> tuple[str, list[Any]]:
    """At each event the latest of every name up to then: the steps done in time are those whose oldest latest is."""
    names = question.asked
    latest = ", ".join(
        f"max(case when name = ? then occurred end) over before as at{number}"
        for number in range(1, len(names) + 1)
    )
    query += (
        f"), seen as (select who, occurred, position, {latest} from told"  # noqa: S608  numbers of our own
        " window before as (partition by who order by position rows unbounded preceding))"
    )
    values += names
    for number in range(1, len(names) + 1):
        each = [f"at{place}" for place in range(1, number + 1)]
        known = " and ".join(f"{column} is not null" for column in each)
        query += (
            f", step{number} as (select who, least({', '.join(each)}) as began, position, occurred from seen"  # noqa: S608
            f" where {known} and occurred <= least({', '.join(each)}) + ?)"
        )
        values.append(timedelta(hours=question.within))
    return query, values


def count(question: Question, now: datetime) -> list[Step]:
    query, values = _asked(question, now)
    each = " union all ".join(
        f"select {number} as step, who, min(epoch(occurred - began)) as seconds from step{number} group by who"  # noqa: S608
        for number in range(1, len(question.asked) + 1)
    )
    rows = lake_rows(
        f"with {query} select step, null as name, count(*) as n, median(seconds) as seconds from ({each})"  # noqa: S608
        " group by step union all select 0, name, count(distinct who), null from told group by name",
        values,
    )
    reached = {row["step"]: (int(row["n"]), row["seconds"]) for row in rows if row["step"]}
    did = {row["name"]: int(row["n"]) for row in rows if not row["step"]}
    return steps(question, reached, did)


def _behind(question: Question, number: int, kind: str, now: datetime) -> tuple[str, list[Any]]:
    """The query of those behind a figure of step `number`."""
    query, values = _asked(question, now)
    if kind == LEFT:
        found = f"select who from step{number - 1} except select who from step{number}"  # noqa: S608
    elif kind == BESIDE:
        found = f"select who from told where name = ? except select who from step{number}"  # noqa: S608
        values.append(question.asked[number - 1])
    else:
        found = f"select distinct who from step{number}"  # noqa: S608
    return f"with {query} select who::varchar as who from ({found})", values  # noqa: S608


def who(
    question: Question, number: int, kind: str, now: datetime, after: str = "", size: int = people.PAGE
) -> people.Page:
    """The customers behind a figure of step `number`, by id."""
    return page_of(*_behind(question, number, kind, now), after, size)


def ids(question: Question, number: int, kind: str, now: datetime) -> Iterator[list[uuid.UUID]]:
    """All of them, in pieces."""
    return pieces_of(*_behind(question, number, kind, now))


@lru_cache(maxsize=64)
def kept(question: Question) -> Kept[list[Step]]:
    return Kept(lambda: count(question, datetime.now(UTC)), 60)


def _names() -> list[tuple[str, int]]:
    """Events of the last 90 days, the most frequent first."""
    since = datetime.now(UTC).date() - timedelta(days=90)
    rows = lake_rows(
        "select name, count(*) as n from events where day >= ? and type = 'track' and name <> '' and source <> ?"
        " group by name order by n desc, name limit 200",
        [since, OWN_SOURCE],
    )
    return [(row["name"], int(row["n"])) for row in rows]


names = Kept(_names, 300)
