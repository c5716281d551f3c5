"""Understanding what customers write: language, sentiment, emotion, intent."""

from __future__ import annotations

from collections.abc import Iterable

from heed.contracts.event import Understanding
from heed.sense.text import model
from heed.sense.text.features import tokens
from heed.sense.text.language import language_of
from heed.sense.text.reading import NOTHING, combine
from heed.sense.text.units import clean, units

__all__ = ["understand", "understand_many"]


def understand(text: str) -> Understanding:
    """What one text says. Never raises; a text without words or faces is nothing, with confidence 0."""
    own = clean(text)
    if not tokens(own[:400]) and not tokens(own):
        return NOTHING
    language, trust = language_of(own)
    return combine([model.read(unit) for unit in units(own)], language, trust)


def understand_many(texts: Iterable[str]) -> list[Understanding]:
    """`understand` for many texts, in their order."""
    return [understand(text) for text in texts]
