"""Understanding what customers write: language, sentiment, emotion, intent."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from heed.contracts.event import Understanding
from heed.sense.text import model
from heed.sense.text.language import HALF_TRUST, language_of
from heed.sense.text.normal import SAYS_SOMETHING, faces
from heed.sense.text.reading import combine
from heed.sense.text.units import clean, units

__all__ = ["understand", "understand_many"]


def understand(text: str) -> Understanding:
    """What one text says. Never raises; a text without words or faces is nothing, with confidence 0.

    Of a language the models do not know only faces and emoji are read.
    """
    return understand_many([text])[0]


def understand_many(texts: Iterable[str]) -> list[Understanding]:
    """`understand` for many texts, in their order; together they take less time than one by one."""
    cut: list[list[str]] = []
    spoken: list[tuple[str, float]] = []
    for text in texts:
        own = clean(text)
        language, trust = language_of(own) if SAYS_SOMETHING.search(own) else ("", 0.0)
        if language and not trust:
            own = faces(own)
            trust = HALF_TRUST if own else 0.0
        cut.append(units(own) if trust else [])
        spoken.append((language, trust))
    readings = iter(model.read_many([unit for parts in cut for unit in parts]))
    return [
        combine(list(islice(readings, len(parts))), *said) for parts, said in zip(cut, spoken, strict=True)
    ]
