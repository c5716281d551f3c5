"""Rows put straight into a lake, for tests of what is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from heed.ports.lake import SCHEMA as LAKE
from heed.ports.lake import Lake


def put(lake: Lake, events: list[dict[str, Any]], version: int = 0) -> None:
    """Each event needs `profile_id`, `name` and `occurred` (a datetime in UTC); other columns as the lake has them."""
    rows = []
    for place, event in enumerate(events):
        at: datetime = event["occurred"].astimezone(UTC)
        rows.append(
            {
                **dict.fromkeys(LAKE.names),
                "day": at.date(),
                "batch": version,
                "place": place,
                "lane": 0,
                "seq": place,
                "message_id": f"{version}-{place}",
                "type": "track",
                "received": at,
                "source": "shop",
                **event,
                "occurred": at,
            }
        )
    lake.append(pa.Table.from_pylist(rows, schema=LAKE), "tests", version)
