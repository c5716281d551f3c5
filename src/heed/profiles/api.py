"""The door of `profiles`: the fold, identity, and what is known of a customer."""

from heed.profiles.alarms import alarms, register_alarms
from heed.profiles.domain.activity import counting, prune
from heed.profiles.domain.apart import Apart
from heed.profiles.domain.conditions import atoms_in_force, register_rules
from heed.profiles.domain.fields import fields
from heed.profiles.domain.identifiers import Hasher, Normaliser
from heed.profiles.domain.merging import is_merge, merge_event
from heed.profiles.domain.resolution import Working, hashes_of, lookups
from heed.profiles.domain.sections import identifying_texts
from heed.profiles.domain.state import fold
from heed.profiles.lent import (
    Use,
    mark,
    register_book,
    register_holds,
    register_member,
    register_traits,
    register_uses,
    reload,
)
from heed.profiles.merged import MERGED, merges
from heed.profiles.permitting import permitted, still
from heed.profiles.projection import columns, register_projection, row_of
from heed.profiles.sealed import OPENED, fingerprint, key_opens, open_events, remember_key
from heed.profiles.store import (
    anybody_in,
    attach,
    clear,
    due,
    erased,
    event_purpose,
    following,
    ids,
    kept_by,
    keys,
    make_keys,
    memberships,
    merge,
    merged_into,
    note_moves,
    owners,
    prepare,
    save,
    states,
)
from heed.profiles.undoing import (
    apart_among,
    apart_from_the_start,
    families,
    forget,
    identifiers_of,
    keep_apart,
    lift,
    move_rows,
    moved_rows,
    next_to_undo,
    put_off,
    take_back_moves,
    to_undo,
)

register_section = fold.register

__all__ = [
    "MERGED",
    "OPENED",
    "Apart",
    "Hasher",
    "Normaliser",
    "Use",
    "Working",
    "alarms",
    "anybody_in",
    "apart_among",
    "apart_from_the_start",
    "atoms_in_force",
    "attach",
    "clear",
    "columns",
    "counting",
    "due",
    "erased",
    "event_purpose",
    "families",
    "fields",
    "fingerprint",
    "fold",
    "following",
    "forget",
    "hashes_of",
    "identifiers_of",
    "identifying_texts",
    "ids",
    "is_merge",
    "keep_apart",
    "kept_by",
    "key_opens",
    "keys",
    "lift",
    "lookups",
    "make_keys",
    "mark",
    "memberships",
    "merge",
    "merge_event",
    "merged_into",
    "merges",
    "move_rows",
    "moved_rows",
    "next_to_undo",
    "note_moves",
    "open_events",
    "owners",
    "permitted",
    "prepare",
    "prune",
    "put_off",
    "register_alarms",
    "register_book",
    "register_holds",
    "register_member",
    "register_projection",
    "register_rules",
    "register_section",
    "register_traits",
    "register_uses",
    "reload",
    "remember_key",
    "row_of",
    "save",
    "states",
    "still",
    "take_back_moves",
    "to_undo",
]
