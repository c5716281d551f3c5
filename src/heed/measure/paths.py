"""What customers do after or before an event, asked of the lake."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from heed.contracts.event import OWN_SOURCE
from heed.kit.kept import Kept
from heed.measure.behind import members, page_of, pieces_of
from heed.measure.domain.paths import BEFORE, STEPS, Branch, Question, tree
from heed.ports.current import lake_rows
from heed.profiles import reading as people
from heed.profiles.api import MERGED, merges

_NAME: Final = """case when type in ('page', 'screen') then 'Viewed ' || coalesce(nullif(page_path, ''), nullif(name, ''),
    'a page') else coalesce(nullif(name, ''), 'Something of a private name') end"""


def _asked(question: Question, now: datetime) -> tuple[str, list[Any]]:
    """The table `ways` (`who`, `way`): the next or the last STEPS things each customer did, repeats as one."""
    since = datetime.combine(now.date() - timedelta(days=question.days - 1), datetime.min.time(), UTC)
    before = question.direction == BEFORE
    anchor, beside, order = ("max", "<", "desc") if before else ("min", ">", "asc")
    segment = " and coalesce(kept, profile_id) in (select unnest(?::varchar[]))" if question.segment else ""
    query = f"""
        {MERGED}, told as materialized (
            select coalesce(kept, profile_id)::uuid as who, {_NAME} as step, type = 'track' and name = ? as anchors,
                occurred, epoch_us(occurred)::hugeint * 9223372036854775808 + batch * 2147483648::hugeint + place
                    as position
            from events left join merged on absorbed = profile_id
            where type in ('track', 'page', 'screen') and source <> ? and profile_id is not null
                and day >= ? and occurred between ? and ?{segment}
        ), anchored as (
            select who, {anchor}(position) as position, {anchor}(occurred) as occurred from told where anchors group by who
        ), beside as (
            select told.who, told.step, told.position,
                lag(told.step) over (partition by told.who order by told.position {order}) as nearer
            from told join anchored on told.who = anchored.who and told.position {beside} anchored.position
                and abs(epoch(told.occurred) - epoch(anchored.occurred)) <= ?
        ), placed as (
            select who, step, row_number() over (partition by who order by position {order}) as place
            from beside where step is distinct from nearer and (nearer is not null or step <> ?)
        ), ways as (
            select anchored.who, coalesce(list(step order by place) filter (where step is not null), []) as way
            from anchored left join placed on placed.who = anchored.who and place <= {STEPS} group by anchored.who
        )"""  # noqa: S608  texts of our own
    values: list[Any] = [*merges(), question.event, OWN_SOURCE, since.date(), since, now]
    if question.segment:
        values.append(members(question.segment))
    return query, [*values, question.within * 3_600, question.event]


def count(question: Question, now: datetime) -> Branch:
    query, values = _asked(question, now)
    return tree(question, lake_rows(f"with {query} select way, count(*) as n from ways group by way", values))  # noqa: S608


def _behind(question: Question, way: tuple[str, ...], now: datetime) -> tuple[str, list[Any]]:
    """Those whose way begins so; with an empty way all of them."""
    query, values = _asked(question, now)
    only = f" where way[1:{len(way)}] = ?::varchar[]" if way else ""
    told = f"with {query} select who::varchar as who from ways{only}"  # noqa: S608
    return told, [*values, list(way)] if way else values


def who(question: Question, way: tuple[str, ...], now: datetime, after: str = "") -> people.Page:
    return page_of(*_behind(question, way, now), after)


def ids(question: Question, way: tuple[str, ...], now: datetime) -> Iterator[list[uuid.UUID]]:
    return pieces_of(*_behind(question, way, now))


@lru_cache(maxsize=64)
def kept(question: Question) -> Kept[Branch]:
    return Kept(lambda: count(question, datetime.now(UTC)), 60)
