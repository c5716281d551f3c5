"""From the readings of single units to the understanding of a whole text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from heed.contracts.event import Understanding

SENTIMENTS = ("negative", "neutral", "positive")
EMOTIONS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "gratitude", "confusion", "neutral")
INTENTS = ("complaint", "question", "request", "praise", "cancel", "suggestion", "other")

NOTHING = Understanding("", 0.0, "neutral", "neutral", 0.0, "other", 0.0, 0.0)
"""What is understood of a text without words."""

LAST_COUNTS = 1.5
STRONG_COUNTS = 1.5


class Reading(NamedTuple):
    """Probabilities of a unit in the order of `SENTIMENTS`, `EMOTIONS`, `INTENTS`; `words` is its length."""

    sentiment: Sequence[float]
    emotion: Sequence[float]
    intent: Sequence[float]
    words: int


GLAD = frozenset({"joy", "gratitude", "praise"})
SORRY = frozenset({"anger", "disgust", "fear", "sadness", "complaint"})
_STUBBORN = 0.15


def coherent(reading: Reading) -> Reading:
    """The reading with what contradicts itself made less likely.

    The heads are trained apart; joy in a text that is surely negative is a slip of one of them. Complaints
    are mostly negative, ironic ones ("I love how you lost my bag") too.
    """
    complaint = reading.intent[INTENTS.index("complaint")]
    negative, neutral, positive = reading.sentiment
    negative, positive = negative * (1 + 0.5 * complaint), positive * (1 - 0.3 * complaint)
    total = negative + neutral + positive
    negative, neutral, positive = negative / total, neutral / total, positive / total
    glad, sorry = positive + 0.5 * neutral + _STUBBORN, negative + 0.5 * neutral + _STUBBORN

    def weighed(names: Sequence[str], odds: Sequence[float]) -> list[float]:
        kept = [
            odd * (glad if name in GLAD else sorry if name in SORRY else 0.5 + _STUBBORN)
            for name, odd in zip(names, odds, strict=True)
        ]
        total = sum(kept)
        return [value / total for value in kept]

    return Reading(
        (negative, neutral, positive),
        weighed(EMOTIONS, reading.emotion),
        weighed(INTENTS, reading.intent),
        reading.words,
    )


def combine(readings: Sequence[Reading], language: str, trust: float) -> Understanding:
    """One understanding of a text from those of its units.

    The last unit and those with a strong feeling count more, because people end with what matters to them and
    describe the rest. `trust` 0…1 is how well this language and this kind of text can be read.
    """
    if not readings:
        return NOTHING
    readings = [coherent(unit) for unit in readings]
    weights: list[float] = []
    feeling_weights: list[float] = []
    intent_weights: list[float] = []
    for place, unit in enumerate(readings):
        length = 0.3 + 0.7 * min(unit.words, 12) / 12
        last = LAST_COUNTS if place == len(readings) - 1 else 1.0
        strength = abs(unit.sentiment[2] - unit.sentiment[0])
        weights.append(length * last * (1 + STRONG_COUNTS * strength))
        feeling_weights.append(length * last * (1.15 - unit.emotion[-1]))
        intent_weights.append(length * last * (1.15 - unit.intent[-1]))
    sentiment = _mean([unit.sentiment for unit in readings], weights)
    emotion = _mean([unit.emotion for unit in readings], feeling_weights)
    intent = _mean([unit.intent for unit in readings], intent_weights)
    valence = max(-1.0, min(1.0, sentiment[2] - sentiment[0]))
    label = max(range(3), key=lambda i: sentiment[i])
    feeling = max(range(len(EMOTIONS)), key=lambda i: emotion[i])
    purpose = max(range(len(INTENTS)), key=lambda i: intent[i])
    certainty = (sentiment[label] - 1 / 3) * 1.5
    words = sum(unit.words for unit in readings)
    confidence = trust * (0.35 + 0.65 * certainty) * (words / (words + 2.0))
    return Understanding(
        language,
        round(valence, 3),
        SENTIMENTS[label],
        EMOTIONS[feeling],
        round(emotion[feeling], 3),
        INTENTS[purpose],
        round(intent[purpose], 3),
        round(max(0.0, min(1.0, confidence)), 3),
    )


def _mean(rows: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [
        sum(w * row[i] for w, row in zip(weights, rows, strict=True)) / total for i in range(len(rows[0]))
    ]
