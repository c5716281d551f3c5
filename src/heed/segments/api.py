"""The door of `segments`: whom a rule means, what conditions there are to choose from, and the customers behind a figure
as a page and a list."""

from heed.segments.actions import delete_segment, put_on_list, save_segment
from heed.segments.forms import purpose_choices
from heed.segments.list_actions import register_whom
from heed.segments.reading import exists, ids
from heed.segments.sample import explained, names, ready_conditions
from heed.segments.shown import Shown, show

__all__ = [
    "Shown",
    "delete_segment",
    "exists",
    "explained",
    "ids",
    "names",
    "purpose_choices",
    "put_on_list",
    "ready_conditions",
    "register_whom",
    "save_segment",
    "show",
]
