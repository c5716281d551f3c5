"""What was known of every customer on a day, asked of the lake: nothing of it happened later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from heed.commerce.api import PURCHASES, purchase_parameters
from heed.contracts import vocabulary as v
from heed.contracts.event import OWN_SOURCE
from heed.ports import current
from heed.predictions.domain.signs import RAW, Columns

_UNTIL: Final = "events as (select * from events where day < ? and occurred < ?)"
"""Of the lake what had happened by then; whatever is asked of `events` after it sees no more. Takes a day and its
midnight."""
_SIGNS: Final = f"""
    with {_UNTIL}, {PURCHASES}, middle as (
        select currency, median(value)::double as middle from purchases where value > 0 group by currency
    ), spent as (
        select who, sum(spent / middle) / sum(n) as spend from (
            select who, currency, sum(value)::double as spent, count(*) as n from purchases where value > 0
            group by who, currency
        ) join middle using (currency) group by who
    ), bought as (
        select who, count(distinct day) as purchases, min(day) as first, max(day) as last from purchases group by who
    ), told as (
        select coalesce(merged.kept, profile_id) as who, name, day, occurred, batch, place, source, order_id,
               message_id, valence, mood_confidence,
               case lower(scale) when 'nps' then rating / 10 when 'csat' then (rating - 1) / 4
                    when 'stars' then (rating - 1) / 4 when 'ces' then (rating - 1) / 6 end as share
        from events left join merged on merged.absorbed = profile_id where profile_id is not null
    ), did as (
        select who,
            min(day) filter (source <> ?) as began,
            max(day) filter (source <> ?) as seen,
            count(distinct day) filter (source <> ? and day >= ?) as days_30,
            count(distinct day) filter (source <> ? and day >= ?) as days_90,
            count(*) filter (name = ? and day >= ?) as baskets_30,
            count(*) filter (name in (select unnest(?::varchar[])) and day >= ?) as contacts_90,
            count(distinct coalesce(order_id, message_id)) filter (name in (select unnest(?::varchar[])) and day >= ?)
                as late_180,
            count(distinct coalesce(order_id, message_id)) filter (name in (select unnest(?::varchar[])) and day >= ?)
                as returns_180,
            arg_max(valence, (occurred, batch, place)) filter (mood_confidence > 0 and source <> ?) as mood,
            arg_max(share, (occurred, batch, place)) filter (share between 0 and 1) as rating
        from told group by who
    )
    select who,
        date_diff('day', last, ?::date) as since_last, coalesce(purchases, 0) as purchases,
        date_diff('day', first, ?::date) as since_first,
        case when purchases > 1 then date_diff('day', first, last) / (purchases - 1) end as usual_gap, spend,
        date_diff('day', began, ?::date) as known_days, date_diff('day', seen, ?::date) as unseen_days,
        days_30, days_90, baskets_30, contacts_90, late_180, returns_180, mood, rating
    from did left join bought using (who) left join spent using (who) where began is not null order by who
"""  # noqa: S608  a fixed text
_BOUGHT: Final = f"""
    with {_UNTIL}, {PURCHASES} select distinct who from purchases where occurred >= ?
"""  # noqa: S608  a fixed text
CONTACTS: Final = (
    v.MESSAGE_RECEIVED,
    v.LIVE_CHAT_MESSAGE_RECEIVED,
    v.LIVE_CHAT_CONVERSATION_STARTED,
    v.CASE_OPENED,
)
LATE: Final = (v.ORDER_DELAYED, v.ORDER_OVERDUE)
RETURNED: Final = (v.ORDER_RETURNED, v.ORDER_REFUNDED)


@dataclass(frozen=True)
class Customers:
    """Customers by id, in the order of ids, with what was known of each, place by place; see `domain.signs.RAW`."""

    ids: list[str]
    raw: Columns

    def where(self, chosen: Any) -> Customers:
        places = np.flatnonzero(chosen)
        raw = {name: column[places] for name, column in self.raw.items()}
        return Customers([self.ids[place] for place in places], raw)


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def known_on(day: date) -> Customers:
    """Everybody seen before this day (UTC), as they were known when it began."""
    since = {days: day - timedelta(days=days) for days in (30, 90, 180)}
    values: list[Any] = [day, midnight(day), *purchase_parameters()]
    values += [OWN_SOURCE, OWN_SOURCE, OWN_SOURCE, since[30], OWN_SOURCE, since[90]]
    values += [v.PRODUCT_ADDED, since[30], list(CONTACTS), since[90], list(LATE), since[180]]
    values += [list(RETURNED), since[180], OWN_SOURCE, day, day, day, day]
    table = current.lake().sql(_SIGNS, values)
    raw = {
        name: np.asarray(table[name].cast("double").to_numpy(zero_copy_only=False), np.float64)
        for name in RAW
    }
    return Customers(table["who"].to_pylist(), raw)


def bought_between(start: date, end: date) -> set[str]:
    """Who bought from the one day on and before the other, as known when that began."""
    values = [end, midnight(end), *purchase_parameters(), midnight(start)]
    return set(current.lake().sql(_BOUGHT, values)["who"].to_pylist())


def first_day() -> date | None:
    """When the first event of a customer happened."""
    (row,) = (
        current.lake()
        .sql("select min(day) as day from events where source <> ? and profile_id is not null", [OWN_SOURCE])
        .to_pylist()
    )
    found: date | None = row["day"]
    return found
