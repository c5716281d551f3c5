"""Scores and their scales. A score whose scale is not known, or that lies outside it, says nothing."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import msgspec

from heed.contracts import vocabulary as v
from heed.contracts.event import Event


class Rating(NamedTuple):
    """A score on its scale. `reversed` scales count down: their lowest score is the best."""

    score: float
    low: float
    high: float
    name: str = ""
    reversed: bool = False

    @property
    def share(self) -> float:
        """0 (worst) … 1 (best)."""
        share = (self.score - self.low) / (self.high - self.low)
        return 1.0 - share if self.reversed else share

    @property
    def label(self) -> str:
        named = f" ({self.name})" if self.name else ""
        return f"rated {self.score:g} of {self.high:g}{named}"


NAMED_SCALES: dict[str, tuple[float, float, str]] = {
    "nps": (0, 10, "NPS"),
    "csat": (1, 5, "CSAT"),
    "ces": (1, 7, "CES"),
    "stars": (1, 5, ""),
    "star": (1, 5, ""),
    "thumbs": (0, 1, ""),
}
_RANGE = re.compile(r"^\s*(-?\d{1,4}(?:\.\d{1,3})?)\s*(?:-|–|—|\.\.|to|/|:)\s*(\d{1,4}(?:\.\d{1,3})?)\s*$")
_SCORES = ("rating", "score", "nps", "csat", "ces", "stars")
_NAMES = ("scale", "metric", "survey_type", "kind", "question_type")


def rating_of(event: Event) -> Rating | None:
    """The rating in a survey answer or review, or None.

    The scale is `scale` (a name, "1-5", [1, 5], {"min": 1, "max": 5}, or only its top), or the name of the
    measure. A review without any is 1 to 5 stars, as in Segment's spec. "No answer" coded as a number
    beyond the scale is no rating.
    """
    if event.type != "track" or event.name not in {v.SURVEY_ANSWERED, v.PRODUCT_REVIEWED}:
        return None
    properties = event.properties
    for name in _SCORES:
        score = _number(properties.get(name))
        if score is None:
            continue
        scale = NAMED_SCALES.get(name)
        for place in _NAMES:
            scale = scale or _scale(properties.get(place), score)
        if scale is None and event.name == v.PRODUCT_REVIEWED:
            scale = NAMED_SCALES["stars"]
        if scale is None:
            return None
        low, high, label = scale
        if not low <= score <= high:
            return None
        return Rating(score, low, high, label, properties.get("reversed") is True)
    return None


def without_rating(event: Event) -> Event:
    """The event as if nobody had asked for a number; its words stay."""
    properties = {name: value for name, value in event.properties.items() if name not in _SCORES}
    return msgspec.structs.replace(event, properties=properties)


def share_of_scale(event: Event) -> float | None:
    """Where the event's rating lies on its scale, 0 (worst) … 1 (best), or None where it rates nothing."""
    rating = rating_of(event)
    return None if rating is None else rating.share


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) <= 12:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > 10**6:
        return None
    return float(value) if math.isfinite(value) else None


def _scale(value: object, score: float) -> tuple[float, float, str] | None:
    if isinstance(value, str):
        named = NAMED_SCALES.get(value.strip().casefold())
        if named is not None:
            return named
        found = _RANGE.match(value[:40])
        if found is not None:
            return _ordered(float(found[1]), float(found[2]))
        value = _number(value)
    if isinstance(value, dict):
        low, high = _number(value.get("min", 1)), _number(value.get("max"))
        return _ordered(low, high)
    if isinstance(value, list | tuple) and len(value) == 2:
        return _ordered(_number(value[0]), _number(value[1]))
    top = _number(value)
    # "5" or "7" names a scale that begins at 1, "10" and "100" one that begins at 0.
    return None if top is None else _ordered(0.0 if top >= 10 else 1.0, top)


def _ordered(low: float | None, high: float | None) -> tuple[float, float, str] | None:
    return (low, high, "") if low is not None and high is not None and low < high else None
