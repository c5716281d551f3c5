"""Every weight of the mood in one structure, so that calibration can fit it and put it in place.

What a piece of evidence pushes the mood by is precision times value, on the scale of atanh valence: from a mood of
nought, −0.4 leads to −0.38 and twice that to −0.66. Precisions also make the confidence, beside `prior_precision`.

Where the defaults come from: `calibration.fit` over the ratings of five simulated shops (heed.demo.world; their natures
are in docs/decisions/0008-mood-adds-up.md), half-lives chosen by the same loss, then rounded. Judgement overruled the
fit in three: what people write counts for more there and then than it tells of ratings days later, one click in
frustration stays too little to act on, and a parcel that is overdue shows. Kinds that do not happen in those shops
stand by judgement beside those that do: a broken promise and a case reopened weigh more than a late parcel.
bench/mood.py measures them in two other simulated shops; `heed sense calibrate` fits them to a company's own ratings.
"""

from __future__ import annotations

import math

import msgspec

from heed.kit.clock import DAY, HOUR, MINUTE

HALF_LIVES: tuple[int, ...] = (HOUR, DAY, 7 * DAY, 30 * DAY)
"""Milliseconds; a piece of evidence belongs to one of these classes."""

CLASS_NAMES = ("hour", "day", "week", "month")
FOR_AN_HOUR, FOR_A_DAY, FOR_A_WEEK, FOR_A_MONTH = range(4)


class Signal(msgspec.Struct, frozen=True):
    """What one kind of happening says.

    `value` is the valence it points to, `precision` how much it says, `fades` its half-life class, `urgency` how
    much it presses (0…1). Within `burst` ms repeats of one kind count less and less: they share a cause.
    """

    label: str
    value: float
    precision: float
    fades: int
    urgency: float = 0.0
    burst: int = HOUR


SIGNALS: dict[str, Signal] = {
    # what people do on a page
    "rage_click": Signal("clicked in frustration", -0.95, 0.26, FOR_A_WEEK, 0.15, 10 * MINUTE),
    "dead_click": Signal("clicked where nothing happened", -0.35, 0.15, FOR_AN_HOUR, 0.05, 10 * MINUTE),
    "script_error": Signal("met an error on the page", -0.3, 0.15, FOR_AN_HOUR, 0.05, 10 * MINUTE),
    "form_abandoned": Signal("gave up on a form", -0.3, 0.15, FOR_AN_HOUR, 0.0, 30 * MINUTE),
    "search_empty": Signal("searched and found nothing", -0.3, 0.15, FOR_AN_HOUR, 0.0, 30 * MINUTE),
    # orders
    "order_placed": Signal("placed an order", 0.45, 0.8, FOR_A_WEEK, 0.0, DAY),
    "payment_failed": Signal("payment failed", -0.5, 0.65, FOR_A_WEEK, 0.35, HOUR),
    "out_of_stock": Signal("wanted something out of stock", -0.45, 0.9, FOR_A_DAY, 0.0, HOUR),
    "order_delayed": Signal("order delayed", -0.5, 0.6, FOR_A_WEEK, 0.25, DAY),
    "order_overdue": Signal("still waiting for an order", -0.3, 0.3, FOR_A_DAY, 0.2, 12 * HOUR),
    "delivered": Signal("order delivered", 0.3, 0.2, FOR_A_DAY, 0.0, DAY),
    "delivered_on_time": Signal("order delivered on time", 0.4, 0.3, FOR_A_WEEK, 0.0, DAY),
    "delivered_late": Signal("order delivered late", -0.4, 0.4, FOR_A_WEEK, 0.0, DAY),
    "order_cancelled": Signal("order cancelled", -0.3, 0.3, FOR_A_WEEK, 0.05, DAY),
    "order_returned": Signal("returned an order", -0.35, 0.3, FOR_A_WEEK, 0.0, DAY),
    "order_refunded": Signal("was refunded", 0.2, 0.3, FOR_A_DAY, 0.0, DAY),
    "subscription_renewed": Signal("renewed the subscription", 0.4, 0.4, FOR_A_MONTH, 0.0, DAY),
    "subscription_cancelled": Signal("cancelled the subscription", -0.6, 0.8, FOR_A_MONTH, 0.1, DAY),
    # conversation and service
    "contact_repeated": Signal("had to get in touch again", -0.6, 0.35, FOR_A_WEEK, 0.35, 12 * HOUR),
    "case_opened": Signal("case opened", -0.5, 0.9, FOR_A_WEEK, 0.2, DAY),
    "case_resolved": Signal("case resolved", 0.5, 1.5, FOR_A_WEEK, 0.0, DAY),
    "case_reopened": Signal("case had to be reopened", -0.65, 0.7, FOR_A_WEEK, 0.35, DAY),
    "promise_kept": Signal("we kept a promise", 0.5, 0.6, FOR_A_WEEK, 0.0, DAY),
    "promise_missed": Signal("we broke a promise", -0.75, 1.0, FOR_A_WEEK, 0.4, DAY),
    "goodwill": Signal("received a goodwill gesture", 0.5, 1.0, FOR_A_WEEK, 0.0, DAY),
    # e-mail
    "unsubscribed": Signal("unsubscribed", -0.4, 1.1, FOR_A_MONTH, 0.0, DAY),
    "spam_mark": Signal("marked our mail as spam", -0.6, 0.8, FOR_A_MONTH, 0.0, DAY),
}


class TextWeights(msgspec.Struct, frozen=True):
    """How a written text weighs. Its valence is its sentiment, its precision grows with confidence.

    A text without feeling says little: its precision is `neutral_share` of that of a text full of it. What they
    wrote fades soon, what it was about (the case, the late order) later.
    """

    precision: float = 0.9
    neutral_share: float = 0.25
    complaint_precision: float = 1.25
    anger_precision: float = 1.5
    anger_shift: float = -0.15
    complaint_urgency: float = 0.35
    anger_urgency: float = 0.4
    cancel_urgency: float = 0.3
    late_order_precision: float = 1.3
    late_order_urgency: float = 0.2
    beside_rating: float = 0.6
    fades: int = FOR_A_DAY
    burst: int = HOUR


_ALMOST_ONE = 0.999


def leaning(valence: float) -> float:
    """The scale on which evidence adds up: atanh of the valence, finite at its ends."""
    if -_ALMOST_ONE <= valence <= _ALMOST_ONE:  # nearly always, and asked at each step that looks ahead
        return math.atanh(valence)
    return math.atanh(max(-_ALMOST_ONE, min(_ALMOST_ONE, valence)))


class LowCurve(msgspec.Struct, frozen=True):
    """The chance of a low rating at a valence: 1 / (1 + exp(−(intercept + slope·atanh valence)))."""

    intercept: float = -1.7
    slope: float = -1.65

    def chance(self, valence: float) -> float:
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.intercept + self.slope * leaning(valence)))))


class RatingWeights(msgspec.Struct, frozen=True):
    """How a rating weighs; `worst` and `best` are the valences at the ends of its scale."""

    precision: float = 1.0
    worst: float = -0.9
    best: float = 0.8
    low_urgency: float = 0.25
    burst: int = HOUR


class Weights(msgspec.Struct, frozen=True):
    """Everything the mood is weighed by."""

    signals: dict[str, Signal] = msgspec.field(default_factory=lambda: dict(SIGNALS))
    text: TextWeights = TextWeights()
    rating: RatingWeights = RatingWeights()
    prior_valence: float = 0.15
    prior_precision: float = 0.5
    variance: float = 0.1
    spread_floor: float = 0.06
    baseline_half_life: int = 120 * DAY
    baseline_prior: float = 6.0
    baseline_a_day: float = 0.25
    correction_precision: float = 6.0
    contradiction: float = 0.4
    low_rating: LowCurve = LowCurve()


DEFAULT = Weights()
