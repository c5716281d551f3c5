"""What customers permit, as far as several rooms have to agree on it."""

from __future__ import annotations

from typing import Final

from heed.contracts.fold import State

SERVICE = "service"
"""The purpose of what orders and questions need; neither a pause nor a cadence touches it."""

CADENCES = {0: "as it comes", 1: "once a day at most", 7: "once a week at most", 30: "once a month at most"}
"""How often somebody wants to hear from us of what rests on their consent: days between two messages."""

LOOKED_AT: Final = ("profiling", "analytics")
"""The purposes of looking at customers one by one: figures about single people, and what models say of them."""


def refuses(state: State) -> bool:
    """Whether this customer said no to being looked at one by one; where nothing was said the lawful basis decides."""
    said = state.consent.purposes
    return any(name in said and not said[name].granted for name in LOOKED_AT)
