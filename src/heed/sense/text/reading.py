"""From the readings of single units to the understanding of a whole text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from heed.contracts.event import Understanding

SENTIMENTS = ("negative", "neutral", "positive")
EMOTIONS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "gratitude", "confusion", "neutral")
INTENTS = ("complaint", "question", "request", "praise", "cancel", "suggestion", "other")
WRITERS = ("anybody", "customer")

NOTHING = Understanding("", 0.0, "neutral", "neutral", 0.0, "other", 0.0, 0.0)
"""What is understood of a text without words."""

LAST_COUNTS = 1.5
CALM_COUNTS = 0.12
STRONG_COUNTS = 2.4

CUSTOMERS_SUFFER, CUSTOMERS_CARE = 1.1, 0.5
"""What sounding like a customer adds to the log odds of negative and takes from those of neutral."""

NOT_COMPLAINING = 0.3
"""The share of that for what is no complaint: a question, a request, a plain fact."""

COMPLAINTS_ARE_BAD = 0.8

ANGRY_COMPLAINTS = 3.0
"""What an angry complaint adds to the log odds of negative, and half of it takes from those of neutral, where all
three heads are sure: of anger, of a complaint, of a customer. With it such texts are negative as often as it says."""


class Reading(NamedTuple):
    """Probabilities of a unit in the order of `SENTIMENTS`, `EMOTIONS`, `INTENTS`; `words` is its length.

    `customer` is how likely a customer wrote it to a company and not people to each other.
    """

    sentiment: Sequence[float]
    emotion: Sequence[float]
    intent: Sequence[float]
    customer: float
    words: int


GLAD = frozenset({"joy", "gratitude", "praise"})
SORRY = frozenset({"anger", "disgust", "fear", "sadness", "complaint"})
CALM = frozenset({"question", "request", "suggestion"})
_STUBBORN = 0.15


def _sides(names: Sequence[str]) -> tuple[int, ...]:
    """1 for what is glad, 2 for what is sorry, 3 for what is asked without complaint, 0 for the rest."""
    return tuple(1 if name in GLAD else 2 if name in SORRY else 3 if name in CALM else 0 for name in names)


_EMOTION_SIDES, _INTENT_SIDES = _sides(EMOTIONS), _sides(INTENTS)
_COMPLAINT, _ANGER = INTENTS.index("complaint"), EMOTIONS.index("anger")


def coherent(reading: Reading) -> Reading:
    """The reading with what contradicts itself made less likely.

    The heads are trained apart; joy in a text that is surely negative is a slip of one of them. Complaints
    are mostly negative, ironic ones ("I love how you lost my bag") too. The more a text sounds like a customer
    who complains, the less it is taken for neutral: customers report problems in plain words, strangers chat.
    """
    complaint = reading.intent[_COMPLAINT] * reading.customer
    prior = NOT_COMPLAINING * reading.customer + (1 - NOT_COMPLAINING) * complaint
    angry = ANGRY_COMPLAINTS * reading.emotion[_ANGER] * complaint
    negative, neutral, positive = reading.sentiment
    negative *= math.exp(CUSTOMERS_SUFFER * prior + angry) * (1 + COMPLAINTS_ARE_BAD * complaint)
    neutral *= math.exp(-CUSTOMERS_CARE * prior - angry / 2)
    positive *= 1 - 0.3 * complaint
    total = negative + neutral + positive
    negative, neutral, positive = negative / total, neutral / total, positive / total
    factors = (
        0.5 + _STUBBORN,
        positive + 0.5 * neutral + _STUBBORN,
        negative + 0.5 * neutral + _STUBBORN,
        (0.5 + _STUBBORN) * (1 - 0.6 * negative),
    )
    return Reading(
        (negative, neutral, positive),
        _weighed(reading.emotion, _EMOTION_SIDES, factors),
        _weighed(reading.intent, _INTENT_SIDES, factors),
        reading.customer,
        reading.words,
    )


def _weighed(odds: Sequence[float], sides: Sequence[int], factors: Sequence[float]) -> list[float]:
    kept = [odd * factors[side] for odd, side in zip(odds, sides, strict=True)]
    total = sum(kept)
    return [value / total for value in kept]


def combine(readings: Sequence[Reading], language: str, trust: float) -> Understanding:
    """One understanding of a text from those of its units.

    The last unit and those with a strong feeling count more, because people end with what matters to them and
    describe the rest. `trust` 0…1 is how well this language and this kind of text can be read.
    """
    if not readings:
        return msgspec.structs.replace(NOTHING, language=language)
    readings = [coherent(unit) for unit in readings]
    sentiment, emotion, intent, _, words = readings[0]
    if len(readings) > 1:
        sentiment, emotion, intent, _, words = _together(readings)
    valence = max(-1.0, min(1.0, sentiment[2] - sentiment[0]))
    certainty = max(sentiment)
    label = sentiment.index(certainty)
    feeling, purpose = max(emotion), max(intent)
    confidence = trust * (0.35 + 0.65 * 1.5 * (certainty - 1 / 3)) * (words / (words + 2.0))
    return Understanding(
        language,
        round(valence, 3),
        SENTIMENTS[label],
        EMOTIONS[emotion.index(feeling)],
        round(feeling, 3),
        INTENTS[intent.index(purpose)],
        round(purpose, 3),
        round(max(0.0, min(1.0, confidence)), 3),
    )


def _together(readings: Sequence[Reading]) -> Reading:
    """The weighted mean of several units."""
    weights: list[float] = []
    feeling_weights: list[float] = []
    intent_weights: list[float] = []
    for place, unit in enumerate(readings):
        length = 0.3 + 0.7 * min(unit.words, 12) / 12
        last = LAST_COUNTS if place == len(readings) - 1 else 1.0
        strength = abs(unit.sentiment[2] - unit.sentiment[0])
        weights.append(length * last * (CALM_COUNTS + STRONG_COUNTS * strength * strength))
        feeling_weights.append(length * last * (1.15 - unit.emotion[-1]))
        intent_weights.append(length * last * (1.15 - unit.intent[-1]))
    return Reading(
        _mean([unit.sentiment for unit in readings], weights),
        _mean([unit.emotion for unit in readings], feeling_weights),
        _mean([unit.intent for unit in readings], intent_weights),
        max(unit.customer for unit in readings),
        sum(unit.words for unit in readings),
    )


def _mean(rows: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [
        sum(w * row[i] for w, row in zip(weights, rows, strict=True)) / total for i in range(len(rows[0]))
    ]
