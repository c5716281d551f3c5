"""How often an event happens, asked of the lake."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from heed.contracts.event import OWN_SOURCE
from heed.contracts.lake import SEMANTIC
from heed.kit.kept import Kept
from heed.measure.behind import members, page_of, pieces_of
from heed.measure.domain.explorer import MOST_PARTS, REST, Found, Question, found
from heed.ports.current import lake_rows
from heed.profiles import reading as people
from heed.profiles.api import MERGED, merges

_COLUMNS: Final = {name: column for column, (_, names) in SEMANTIC.items() for name in names}
_MOST_VALUES: Final = 200


def _asked(question: Question, now: datetime) -> tuple[str, list[Any]]:
    """The tables `told` (`who`, `begins`, `value`) and `named` (the same with `part`), and their values."""
    first = question.first(now.date())
    value, values = _value(question.by)
    query = f"""
        {MERGED}, told as materialized (
            select coalesce(kept, profile_id)::uuid as who, {value} as value,
                {"date_trunc('week', day)::date" if question.step == 7 else "day"} as begins
            from events left join merged on absorbed = profile_id
            where name = ? and type = 'track' and profile_id is not null and day between ? and ?"""  # noqa: S608
    values = [*merges(), *values, question.event, first, now.date()]
    if question.segment:
        query += " and coalesce(kept, profile_id) in (select unnest(?::varchar[]))"
        values.append(members(question.segment))
    query += f"""), common as (
            select value from told where value <> '' group by value order by count(*) desc, value limit {MOST_PARTS}
        ), named as (
            select who, begins, case when value in (from common) or value = '' then value else ? end as part from told
        )"""  # noqa: S608
    return query, [*values, REST]


def _value(by: str) -> tuple[str, list[Any]]:
    """An expression of the property's value as text, never null; its name is never part of the query."""
    if not by:
        return "''", []
    if by == "source":
        return "source", []
    path = "/" + by.replace("~", "~0").replace("/", "~1")
    text = "json_extract_string(properties, ?)"
    if by in _COLUMNS:
        return f"coalesce({_COLUMNS[by]}::varchar, {text}, '')", [path]
    return f"coalesce({text}, '')", [path]


def count(question: Question, now: datetime) -> Found:
    query, values = _asked(question, now)
    rows = lake_rows(
        f"with {query} select part, begins, count(*) as n, null as who from named group by part, begins"  # noqa: S608
        " union all select part, null, null, count(distinct who) from named group by part"
        " union all select null, null, null, count(distinct who) from named",
        values,
    )
    customers = {row["part"]: int(row["who"]) for row in rows if row["who"] is not None}
    return found(question, now.date(), [row for row in rows if row["begins"] is not None], customers)


def _behind(question: Question, part: str | None, now: datetime) -> tuple[str, list[Any]]:
    query, values = _asked(question, now)
    only = "" if part is None else " where part = ?"
    return f"with {query} select distinct who::varchar as who from named{only}", [  # noqa: S608
        *values,
        *([] if part is None else [part]),
    ]


def who(question: Question, part: str | None, now: datetime, after: str = "") -> people.Page:
    """The customers behind a figure, by id; `part` None for all."""
    return page_of(*_behind(question, part, now), after)


def ids(question: Question, part: str | None, now: datetime) -> Iterator[list[uuid.UUID]]:
    return pieces_of(*_behind(question, part, now))


@lru_cache(maxsize=64)
def kept(question: Question) -> Kept[Found]:
    return Kept(lambda: count(question, datetime.now(UTC)), 60)


@lru_cache(maxsize=64)
def properties(event: str) -> Kept[list[str]]:
    """What stands open of this event, the commonest first; what is private is sealed."""

    def ask() -> list[str]:
        rows = lake_rows(
            "select field, count(*) as n from ("
            " select unnest(json_keys(properties)) as field from events where name = ? and type = 'track'"
            " and source <> ? and properties is not null order by day desc limit 20000"
            ") group by field order by n desc, field limit 100",
            [event, OWN_SOURCE],
        )
        return [row["field"] for row in rows]

    return Kept(ask, 300)
