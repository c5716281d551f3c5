"""What a decision says: the action or none, and why."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal[
    "chosen", "outranked", "not_eligible", "not_applicable", "not_suitable", "not_permitted", "held", "capped"
]


class Treatment(msgspec.Struct, frozen=True, rename="camel"):
    """How an action looks at one placement; `channel` is "" for any."""

    id: str
    placement: str
    channel: str = ""
    title: str = ""
    body: str = ""
    button: str = ""
    url: str = ""
    image: str = ""


class Considered(msgspec.Struct, frozen=True, rename="camel"):
    """One action as the decision saw it: priority = propensity × context × value × lever.

    `reason` says in words why it was not chosen, "" for the chosen one. Value is in currency units.
    """

    action: str
    name: str
    kind: str
    outcome: Outcome
    reason: str = ""
    propensity: float = 0.0
    context: float = 1.0
    value: float = 0.0
    lever: float = 1.0
    priority: float = 0.0


class Decision(msgspec.Struct, frozen=True, rename="camel"):
    """`action` is None for "send nothing". `why` is for the team, `customer_why` for the customer."""

    action: str | None
    treatment: Treatment | None
    why: tuple[str, ...]
    customer_why: str
    considered: tuple[Considered, ...] = ()
