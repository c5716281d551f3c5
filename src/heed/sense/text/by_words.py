"""Reading a sentence by its words alone: VADER for English, the word lists for every language."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache

import py3langid
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from heed.sense.text.lexicon import concepts, plain, words
from heed.sense.text.reading import EMOTIONS, INTENTS, Reading

_GOOD = {"good": 0.8, "great": 1.4, "thanks": 0.8, "joy": 0.6, "well_done": 1.4}
_BAD = {
    "bad": 0.8,
    "awful": 1.6,
    "anger": 1.0,
    "rude": 1.0,
    "no_reply": 1.2,
    "not_working": 1.0,
    "broken": 0.6,
}
_ALSO_BAD = {
    "late": 0.5,
    "not_good": 1.6,
    "never_again": 1.4,
    "let_down": 1.4,
    "disgust": 1.0,
    "sadness": 0.5,
}
_SERVICE = (
    "late",
    "waiting",
    "broken",
    "refund",
    "rude",
    "lost",
    "no_reply",
    "not_working",
    "where_is",
    "again",
)


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def language_of(text: str) -> tuple[str, float]:
    """The likeliest language (ISO 639-1) and whether it is one the word lists know, as a trust 0…1."""
    code = str(py3langid.classify(text[:500])[0])
    return code, (1.0 if code in {"en", "de", "fr", "es", "it", "pt"} else 0.5)


def read(text: str, language: str) -> Reading:
    """The reading of one unit."""
    found = concepts(text)
    good = sum(weight * min(2, found[name]) for name, weight in _GOOD.items())
    bad = sum(weight * min(2, found[name]) for name, weight in (_BAD | _ALSO_BAD).items())
    if found["not_good"]:
        good *= 0.2
    score = good - bad
    if language == "en":
        score = 0.6 * score + 1.6 * _vader().polarity_scores(text)["compound"]
    question = "?" in text or "¿" in text
    return Reading(
        _softmax((-1.6 * score, 0.5 - 0.3 * (good + bad), 1.6 * score)),
        _softmax(_emotion(found, score)),
        _softmax(_intent(found, score, question)),
        len(words(plain(text))),
    )


def _emotion(found: Counter[str], score: float) -> list[float]:
    negative, positive = max(0.0, -score), max(0.0, score)
    service = sum(found[name] > 0 for name in _SERVICE)
    scores = {
        "anger": 1.6 * found["anger"]
        + 0.8 * found["awful"]
        + 0.7 * negative
        + 0.25 * service * (negative > 0.3),
        "disgust": 1.8 * found["disgust"],
        "fear": 1.8 * found["fear"],
        "joy": 1.0 * found["joy"] + 1.0 * found["great"] + 0.7 * positive,
        "sadness": 1.4 * found["sadness"] + 0.4 * negative,
        "surprise": 1.2 * found["surprise"],
        "gratitude": 2.6 * found["thanks"] if score > -0.5 else 0.5 * found["thanks"],
        "confusion": 1.8 * found["confused"],
        "neutral": 1.6,
    }
    return [min(6.0, scores[name]) for name in EMOTIONS]


def _intent(found: Counter[str], score: float, question: bool) -> list[float]:
    negative, positive = max(0.0, -score), max(0.0, score)
    service = sum(found[name] > 0 for name in _SERVICE)
    scores = {
        "complaint": 1.3 * negative
        + 0.6 * service * (score < 0.2)
        + 1.5 * found["no_reply"]
        - 0.8 * positive,
        "question": 2.0 * question + 0.3 * min(3, found["question"]) - 0.5 * negative,
        "request": 0.9 * min(2, found["request"]) + 0.3 * found["refund"],
        "praise": 1.6 * positive + 0.5 * found["well_done"] - 1.5 * negative,
        "cancel": 2.6 * min(2, found["cancel"]),
        "suggestion": 1.2 * min(2, found["suggest"]) + 2.0 * found["would_like"],
        "other": 1.2,
    }
    return [max(-3.0, min(7.0, scores[name])) for name in INTENTS]


def _softmax(scores: list[float] | tuple[float, ...]) -> list[float]:
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
