"""What counts as a purchase, for every question asked of them."""

from __future__ import annotations

from typing import Any, Final

from heed.contracts import vocabulary
from heed.profiles import api as profiles

PURCHASES: Final = f"""
{profiles.MERGED},
cancelled as (
    select coalesce(merged.kept, profile_id) as who, order_id from events
    left join merged on merged.absorbed = profile_id where name = ? and order_id is not null
),
purchases as (
    select coalesce(merged.kept, profile_id) as who, day, occurred, value,
           case when regexp_full_match(upper(trim(currency)), '[A-Z]{{3}}') then upper(trim(currency)) else '' end
               as currency
    from events left join merged on merged.absorbed = profile_id
    where name = ? and type = 'track' and profile_id is not null and (
        order_id is null or (coalesce(merged.kept, profile_id), order_id) not in (
            select who, order_id from cancelled where who is not null
        )
    )
    qualify row_number() over (
        partition by who, coalesce(order_id, message_id) order by occurred, batch, place
    ) = 1
)
"""  # noqa: S608  a fixed text
"""`who` bought (a merged customer is one), when, for how much. An order told twice counts once, one that they
cancelled not at all; `currency` is "" where none was named, as in orders. Takes `purchase_parameters()`."""


def purchase_parameters() -> list[Any]:
    return [*profiles.merges(), vocabulary.ORDER_CANCELLED, vocabulary.ORDER_COMPLETED]
