"""Who may be looked at one by one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection

from heed.profiles.domain.fields import fields
from heed.profiles.domain.state import fold
from heed.profiles.store import states


def permitted(ids: Iterable[uuid.UUID]) -> tuple[dict[uuid.UUID, Any], int]:
    """The states of those who are profiles still and permit it, and how many do not."""
    found, refused = {}, 0
    connection.ensure_connection()
    for profile_id, data in states(connection.connection, ids).items():
        state = fold.decode(bytes(data))
        if fields.looked_at(state):
            found[profile_id] = state
        else:
            refused += 1
    return found, refused


def still(ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of them who permit it now, in the same order: what was learnt of somebody before is not shown after."""
    asked = list(ids)
    found, _ = permitted(asked)
    return [each for each in asked if each in found]
