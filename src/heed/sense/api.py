"""The door of `sense`: what a text says, how a customer feels, what is true for them, what follows."""

from __future__ import annotations

from heed.contracts.fold import State
from heed.contracts.mood import Circumstance, Mood, Stance
from heed.sense.domain import mood as moods
from heed.sense.domain.built_in import Definition
from heed.sense.domain.circumstances import Book
from heed.sense.domain.ratings import Rating, rating_of, share_of_scale
from heed.sense.domain.stance import stance
from heed.sense.domain.weights import DEFAULT, Weights
from heed.sense.domain.words import text_of
from heed.sense.text import understand, understand_many

__all__ = [
    "Definition",
    "Rating",
    "Weights",
    "circumstances_at",
    "define_circumstance",
    "holds",
    "known_circumstances",
    "mood_at",
    "next_change",
    "rating_of",
    "share_of_scale",
    "stance",
    "stance_of",
    "text_of",
    "understand",
    "understand_many",
]

weights: Weights = DEFAULT
_book = Book()


def mood_at(state: State, now: int) -> Mood:
    """How this customer feels at `now` (ms), with the evidence, strongest first."""
    return moods.mood_at(state.mood, now, weights)


def circumstances_at(state: State, now: int) -> tuple[Circumstance, ...]:
    """What is true for this customer at `now` (ms), what weighs on them first."""
    return _book.at(state, now)


def holds(state: State, circumstance: str, now: int) -> bool:
    """Whether one circumstance is true at `now` (ms)."""
    return _book.holds(state, circumstance, now)


def stance_of(state: State, now: int, locale: str = "en") -> Stance:
    """What mood and circumstances mean for our part of the conversation at `now` (ms)."""
    return stance(mood_at(state, now), circumstances_at(state, now), locale)


def next_change(state: State, now: int) -> int | None:
    """The next moment (ms, later than `now`) at which time alone changes mood or circumstances, or None."""
    moments = (moods.next_change(state.mood, now, weights), _book.next_change(state, now))
    return min((stamp for stamp in moments if stamp is not None), default=None)


def define_circumstance(definition: Definition) -> None:
    """Add a company's own circumstance. Raises `heed.rules.RuleError` or `ValueError` for its author."""
    _book.define(definition)


def known_circumstances() -> tuple[Definition, ...]:
    """Every circumstance this installation knows, built in and its own."""
    return _book.definitions()
