"""Who may be looked at one by one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection

from heed.contracts.consent import refuses
from heed.profiles.domain.state import fold
from heed.profiles.store import states


def permitted(ids: Iterable[uuid.UUID]) -> tuple[dict[uuid.UUID, Any], int]:
    """The states of those who are profiles still and do not refuse, and how many refuse."""
    found, refused = {}, 0
    connection.ensure_connection()
    for profile_id, data in states(connection.connection, ids).items():
        state = fold.decode(bytes(data))
        if refuses(state):
            refused += 1
        else:
            found[profile_id] = state
    return found, refused


def still(ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of them who do not refuse now, in the same order: what was learnt of somebody before is not shown after."""
    asked = list(ids)
    found, _ = permitted(asked)
    return [each for each in asked if each in found]
