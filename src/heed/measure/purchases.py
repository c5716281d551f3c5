"""What counts as a purchase, for every question asked of them."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection

from heed.contracts import vocabulary
from heed.profiles import api as profiles

PURCHASES: Final = """
merged as (select unnest(?::varchar[]) as absorbed, unnest(?::varchar[]) as kept),
purchases as (
    select coalesce(merged.kept, profile_id) as who, day, occurred, value, currency
    from events left join merged on merged.absorbed = profile_id
    where name = ? and profile_id is not null and (order_id is null or order_id not in (
        select order_id from events where name = ? and order_id is not null
    ))
    qualify row_number() over (partition by who, coalesce(order_id, message_id) order by occurred) = 1
)
"""
"""`who` bought (a merged customer is one), when, for how much. An order told twice counts once, one that was cancelled
not at all. Takes `parameters()`."""


def parameters() -> list[Any]:
    connection.ensure_connection()
    merged = profiles.merged_into(connection.connection)
    return [
        [str(each) for each in merged],
        [str(each) for each in merged.values()],
        vocabulary.ORDER_COMPLETED,
        vocabulary.ORDER_CANCELLED,
    ]
