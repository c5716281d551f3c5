"""The door of `sense`: what a text says, how a customer feels, what is true for them, what follows."""

from __future__ import annotations

import math

from heed.contracts.fold import State
from heed.contracts.mood import Circumstance, Mood, Stance
from heed.rules.facts import UnknownFact, fact
from heed.sense.domain import mood as moods
from heed.sense.domain.built_in import Definition
from heed.sense.domain.circumstances import Book
from heed.sense.domain.mood import mood_at as mood_of
from heed.sense.domain.observing import Observer, Rated
from heed.sense.domain.ratings import Rating, rating_of, share_of_scale
from heed.sense.domain.stance import speaker_of, stance
from heed.sense.domain.weights import Weights
from heed.sense.domain.words import text_of
from heed.sense.text import understand, understand_many
from heed.sense.weighing import weighing

__all__ = [
    "Definition",
    "Observer",
    "Rated",
    "Rating",
    "Weights",
    "circumstances_at",
    "define_circumstance",
    "holds",
    "known_circumstances",
    "mood_at",
    "mood_of",
    "projection",
    "rating_of",
    "share_of_scale",
    "stance",
    "stance_of",
    "text_of",
    "understand",
    "understand_many",
]

_book = Book()


def mood_at(state: State, now: int) -> Mood:
    """How this customer feels at `now` (ms), with the evidence, strongest first."""
    return moods.mood_at(state.mood, now, weighing.weights)


def circumstances_at(state: State, now: int) -> tuple[Circumstance, ...]:
    """What is true for this customer at `now` (ms), what weighs on them first."""
    return _book.at(state, now)


def holds(state: State, circumstance: str, now: int) -> bool:
    """Whether one circumstance is true at `now` (ms)."""
    return _book.holds(state, circumstance, now)


def stance_of(state: State, now: int, locale: str = "en") -> Stance:
    """What mood and circumstances mean for our part of the conversation at `now` (ms)."""
    return stance(mood_at(state, now), circumstances_at(state, now), locale)


def projection(state: State, now: int) -> tuple[dict[str, object], int | None]:
    """What customers are listed and sorted by, and when time alone will change it (ms), if ever.

    `attention` is above 0 where a person should speak: urgency × value × confidence, the value growing with
    the order of magnitude of the customer's revenue.
    """
    mood = moods.mood_at(state.mood, now, weighing.weights, with_evidence=False)
    names, next_circumstance = _book.overview(state, now)
    attention, reason = 0.0, ""
    if speaker_of(mood, names) == "person":
        revenue = _revenue(state, now)
        attention = (0.1 + mood.urgency) * (1 + math.log10(1 + max(0.0, revenue))) * (0.1 + mood.confidence)
        reason = _reason(state, now)
    columns = {
        "valence": mood.valence,
        "spread": mood.spread,
        "urgency": mood.urgency,
        "confidence": mood.confidence,
        "baseline": mood.baseline,
        "circumstances": names,
        "attention": attention,
        "attention_reason": reason,
    }
    moments = (moods.next_change(state.mood, now, weighing.weights), next_circumstance)
    return columns, min((stamp for stamp in moments if stamp is not None), default=None)


def _reason(state: State, now: int) -> str:
    mood = mood_at(state, now)
    worst = min(mood.evidence, key=lambda piece: piece.contribution, default=None)
    if worst is not None and worst.contribution <= -0.05:
        words = f" “{worst.excerpt}”" if worst.excerpt else ""
        return f"{worst.label[:1].upper()}{worst.label[1:]}{words}"
    # Circumstances are put into words only where they are the reason: that costs more than all other columns.
    answer = stance(mood, circumstances_at(state, now))
    return answer.reasons[0] if answer.reasons else answer.summary


def _revenue(state: State, now: int) -> float:
    try:
        revenue = fact("order.revenue").read(state, now)
    except UnknownFact:
        return 0.0
    return float(revenue) if isinstance(revenue, int | float) else 0.0


def define_circumstance(definition: Definition) -> None:
    """Add a company's own circumstance. Raises `heed.rules.RuleError` or `ValueError` for its author."""
    _book.define(definition)


def known_circumstances() -> tuple[Definition, ...]:
    """Every circumstance this installation knows, built in and its own."""
    return _book.definitions()
