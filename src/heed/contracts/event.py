"""The event: one touchpoint as it travels round the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal

import msgspec

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Objects = TypeVar("Objects", default=dict[str, Any])
else:
    from typing import TypeVar

    Objects = TypeVar("Objects")

EventType = Literal["identify", "track", "page", "screen", "group", "alias"]


class Understanding(msgspec.Struct, frozen=True, array_like=True):
    """What `sense` read in one text.

    `sentiment` is −1 (very negative) … 1 (very positive); `confidence` 0…1 says how much to trust the
    whole reading; `emotion_score` and `intent_score` are the probabilities of the named labels.
    """

    language: str
    sentiment: float
    label: str
    emotion: str
    emotion_score: float
    intent: str
    intent_score: float
    confidence: float


class Event(msgspec.Struct, Generic[Objects], omit_defaults=True, gc=False):
    """One accepted event, normalised: what the ledger holds and every fold step reads.

    `occurred` and `received` are milliseconds since 1970 UTC; `occurred` is already corrected for the
    sender's clock and never later than `received`. `seq` is its place in the ledger, 0 until it has one.
    `name` is the event name of a track call and the page or screen name of the others.
    The pipeline fills `understanding` (from the event's own text) and `open` (the properties that stand
    open in the lake) before the fold; what is counted and filtered reads `open`, so that the live answer
    and the lake's agree.

    What customers and Heed say of it are `Objects`: dicts to whoever folds them. See `contracts.accepted` for others.
    The cycle collector does not look at events: they hold JSON, which has no cycles.
    """

    message_id: str
    type: EventType
    occurred: int
    received: int
    name: str = ""
    user_id: str = ""
    anonymous_id: str = ""
    group_id: str = ""
    previous_id: str = ""
    source: str = ""
    properties: Objects = {}  # type: ignore[assignment]
    traits: Objects = {}  # type: ignore[assignment]
    context: Objects = {}  # type: ignore[assignment]
    marks: tuple[str, ...] = ()
    seq: int = 0
    understanding: Understanding | None = None
    open: dict[str, Any] = {}


OWN_SOURCE = "heed"
"""The source of events in which Heed itself or a colleague speaks: nobody was seen because of one."""
PREFERENCES_SOURCE = "preference_centre"
"""The source of what customers say in the preference centre."""


class Effect(msgspec.Struct, frozen=True):
    """Something a fold step wants done after the batch is saved. `kind` is `<room>.<verb>`."""

    kind: str
    payload: dict[str, Any]


class Identifier(msgspec.Struct, frozen=True, order=True):
    """A normalised identifier of one person: `kind` is user_id, anonymous_id, email, phone or external:<type>."""

    kind: str
    value: str
