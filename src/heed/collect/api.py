"""The door of `collect`."""

from heed.collect.actions import create_source
from heed.collect.domain.protocol import REASONS, Dropped, Limits, event_of_raw, from_mapping
from heed.collect.hot import Collector, LiveFeed, limits_of

__all__ = [
    "REASONS",
    "Collector",
    "Dropped",
    "Limits",
    "LiveFeed",
    "create_source",
    "event_of_raw",
    "from_mapping",
    "limits_of",
]
