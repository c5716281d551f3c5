"""The door of `profiles`: the fold, identity, and what is known of a customer."""

from heed.profiles.alarms import alarms, register_alarms
from heed.profiles.domain.activity import counting, prune
from heed.profiles.domain.conditions import atoms_in_force, register_rules
from heed.profiles.domain.identifiers import Hasher, Normaliser
from heed.profiles.domain.resolution import Working, hashes_of, lookups
from heed.profiles.domain.sections import identifying_texts
from heed.profiles.domain.state import fold
from heed.profiles.lent import mark, register_book, register_holds, register_member, reload
from heed.profiles.projection import columns, register_projection, row_of
from heed.profiles.sealed import open_events
from heed.profiles.store import (
    anybody_in,
    attach,
    clear,
    due,
    erased,
    event_purpose,
    following,
    ids,
    keys,
    make_keys,
    memberships,
    merge,
    merged_into,
    owners,
    save,
    states,
)

register_section = fold.register

__all__ = [
    "Hasher",
    "Normaliser",
    "Working",
    "alarms",
    "anybody_in",
    "atoms_in_force",
    "attach",
    "clear",
    "columns",
    "counting",
    "due",
    "erased",
    "event_purpose",
    "fold",
    "following",
    "hashes_of",
    "identifying_texts",
    "ids",
    "keys",
    "lookups",
    "make_keys",
    "mark",
    "memberships",
    "merge",
    "merged_into",
    "open_events",
    "owners",
    "prune",
    "register_alarms",
    "register_book",
    "register_holds",
    "register_member",
    "register_projection",
    "register_rules",
    "register_section",
    "reload",
    "row_of",
    "save",
    "states",
]
