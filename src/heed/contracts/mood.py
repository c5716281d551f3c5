"""How a person feels, what is true for them, and what follows for our part of the conversation."""

from __future__ import annotations

import math

import msgspec

FEELINGS = (
    (-0.5, "very unhappy"),
    (-0.25, "unhappy"),
    (0.35, "calm"),
    (0.6, "pleased"),
    (math.inf, "delighted"),
)
"""Up to which valence a customer is called what; everything that speaks of a mood says it like this."""


def feeling(valence: float) -> str:
    return next(word for limit, word in FEELINGS if valence < limit)


class Evidence(msgspec.Struct, frozen=True, array_like=True):
    """One reason behind a mood.

    `contribution` is this piece's share in how far the mood now is from the customer's usual, in valence
    units; those of all pieces add up to it. `message_id` is the event it comes from. `label` is a sentence part people can read;
    `excerpt` is the customer's own words where there are any.
    """

    message_id: str
    kind: str
    label: str
    at: int
    contribution: float
    excerpt: str = ""
    by: str = ""


class Mood(msgspec.Struct, frozen=True):
    """An estimate, not a label.

    `valence` −1…1, `spread` its standard error, `urgency` 0…1, `confidence` 0…1, `baseline` the
    customer's own usual valence, `evidence` strongest first. `at` is the moment it is true for (ms).
    """

    valence: float
    spread: float
    urgency: float
    confidence: float
    baseline: float
    at: int
    evidence: tuple[Evidence, ...] = ()


class Circumstance(msgspec.Struct, frozen=True):
    """A fact true now: `name` is its key (`order_late`), `label` what people read ("order 5 days late").

    `since` and `until` are ms; `until` is 0 where no end is known. `message_ids` are its evidence.
    `weight` is −1 (a burden for the customer) … 1 (good news), for colour and order only.
    """

    name: str
    label: str
    since: int = 0
    until: int = 0
    message_ids: tuple[str, ...] = ()
    weight: float = 0.0


class Stance(msgspec.Struct, frozen=True):
    """What mood and circumstances mean for our part of the conversation.

    `tone` is one of apologetic, caring, plain, warm, celebratory. `speaker` is person, bot or self_service.
    `hold` names the kinds of thing to hold back (promotion, survey, upsell, review_request);
    `first` the kinds to put first (apology, status_update, help, thanks). `summary` is one sentence for
    the team, `reasons` the facts it rests on, in sentences.
    """

    tone: str
    speaker: str
    summary: str
    hold: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
