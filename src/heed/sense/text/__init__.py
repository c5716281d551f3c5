"""Understanding what customers write: language, sentiment, emotion, intent."""

from __future__ import annotations

from collections.abc import Iterable

from heed.contracts.event import Understanding
from heed.sense.text import by_words
from heed.sense.text.reading import NOTHING, combine
from heed.sense.text.units import clean, units

__all__ = ["understand", "understand_many"]


def understand(text: str) -> Understanding:
    """What one text says. Never raises; a text without words is understood as nothing, with confidence 0."""
    own = clean(text)
    if not any(character.isalnum() for character in own):
        return NOTHING
    language, trust = by_words.language_of(own)
    return combine([by_words.read(unit, language) for unit in units(own)], language, trust)


def understand_many(texts: Iterable[str]) -> list[Understanding]:
    """`understand` for many texts, in their order."""
    return [understand(text) for text in texts]
