"""The door of `collect`."""

from heed.collect.actions import create_source
from heed.collect.domain.protocol import (
    REASONS,
    Dropped,
    Limits,
    call_of,
    event_of_raw,
    from_mapping,
    own_visitor_only,
)
from heed.collect.hot import Collector, LiveFeed, Source, limits_of
from heed.collect.store import bury_rows

__all__ = [
    "REASONS",
    "Collector",
    "Dropped",
    "Limits",
    "LiveFeed",
    "Source",
    "bury_rows",
    "call_of",
    "create_source",
    "event_of_raw",
    "from_mapping",
    "limits_of",
    "own_visitor_only",
]
