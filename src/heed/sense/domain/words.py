"""Where an event's own words stand."""

from __future__ import annotations

from heed.contracts import vocabulary as v
from heed.contracts.event import Event


def text_of(event: Event) -> str:
    """What the customer wrote in this event, "" where there is nothing; our own words are not read."""
    if event.name not in v.CUSTOMER_TEXT or event.type != "track":
        return ""
    for name in v.TEXT_PROPERTIES:
        value = event.properties.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""
