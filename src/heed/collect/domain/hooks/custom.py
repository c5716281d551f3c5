"""What any other system pushes, read as its mapping says: the mapping of `heed import`, over JSON instead of rows."""

from __future__ import annotations

from typing import Any

from heed.collect.domain.hooks.reading import Unusable
from heed.collect.domain.mapping import BadRow, Mapper
from heed.collect.domain.protocol import Limits
from heed.contracts.event import Event


def delivery(mapper: Mapper | None, payload: Any) -> str:
    """What the mapping tells deliveries apart by, "" where it says nothing."""
    return mapper.message_id(payload) if mapper is not None and isinstance(payload, dict) else ""


def event(
    mapper: Mapper, payload: dict[str, Any], delivery: str, received: int, limits: Limits
) -> Event | None:
    """The event of one delivery, None where the mapping says to leave it out; raises `Unusable`."""
    try:
        found = mapper.event(payload, 0, delivery, received, limits)
    except BadRow as error:
        raise Unusable(error.detail, error.reason) from None
    if found is not None:
        found.message_id = f"hook-{delivery}"
        found.occurred = min(found.occurred, received)
    return found
