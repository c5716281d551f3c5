"""The door of `segments`: whom a rule means, and what conditions there are to choose from."""

from heed.segments.actions import delete_segment, put_on_list, save_segment
from heed.segments.reading import exists, ids
from heed.segments.sample import explained, names, purposes, ready_conditions

__all__ = [
    "delete_segment",
    "exists",
    "explained",
    "ids",
    "names",
    "purposes",
    "put_on_list",
    "ready_conditions",
    "save_segment",
]
