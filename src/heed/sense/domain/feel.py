"""The step that folds one event into the section `mood`, and the facts rules may ask about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from heed.contracts import vocabulary as v
from heed.contracts.event import Effect, Event, Understanding
from heed.contracts.fold import State, Step
from heed.contracts.mood import Mood
from heed.rules.facts import Fact
from heed.sense.domain.corrections import correct, withdraw
from heed.sense.domain.mood import Feelings, Kept, Piece, add, mood_at
from heed.sense.domain.signals import pieces_of, text_piece
from heed.sense.domain.weights import DEFAULT, FOR_A_DAY, Weights

_NAMED_FEELINGS = {"negative": -0.7, "neutral": 0.0, "positive": 0.7}
_CORRECTED_CONFIDENCE = 1.0


InForce = Callable[[], Weights]
"""What everything weighs now; calibration may change it between two events."""


def make_step(in_force: InForce = lambda: DEFAULT) -> Step:
    """The step, given what everything weighs."""

    def step(state: State, event: Event, now: int) -> Iterable[Effect]:
        section: Feelings = state.mood
        weights = in_force()
        if event.name == v.MOOD_CORRECTED and event.type == "track":
            _mood_corrected(section, event, weights)
        elif event.name == v.LABEL_CORRECTED and event.type == "track":
            _label_corrected(section, event, weights)
        else:
            for piece in pieces_of(state, event, weights):
                add(section, piece, weights)
        return ()

    return step


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= 1 and math.isfinite(value) else None


def _text(value: Any, limit: int) -> str:
    return value.strip()[:limit] if isinstance(value, str) else ""


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _mood_corrected(section: Feelings, event: Event, weights: Weights) -> None:
    valence = _number(event.properties.get("valence"))
    if valence is None:
        return
    urgency = _number(event.properties.get("urgency"))
    by = _text(event.properties.get("by"), 60) or "a colleague"
    piece = Piece(
        event.message_id,
        "corrected",
        f"corrected to {_signed(valence)} by {by}",
        event.occurred,
        valence,
        weights.correction_precision,
        FOR_A_DAY,
        excerpt=_text(event.properties.get("note"), 140),
        by=by,
    )
    correct(section, piece, None if urgency is None else max(0.0, urgency), weights)


def _label_corrected(section: Feelings, event: Event, weights: Weights) -> None:
    """The reading of one message was wrong: its evidence goes, the corrected one comes, as of the message."""
    message_id = event.properties.get("message_id")
    wrong = next((one for one in section.kept if one.message_id == message_id and one.kind == "text"), None)
    if wrong is None:
        return
    read = _corrected(wrong, event)
    by = _text(event.properties.get("by"), 60) or "a colleague"
    withdraw(section, wrong, weights)
    original = Event(wrong.message_id, "track", wrong.at, wrong.at)
    piece = text_piece(original, read, weights, excerpt=wrong.excerpt)
    add(section, piece._replace(label=f"{piece.label}, as {by} reads it", by=by), weights)


def _corrected(wrong: Kept, event: Event) -> Understanding:
    """What the text says after the correction; what nobody corrected stays as it was weighed."""
    said = event.properties
    sentiment = _number(said.get("sentiment"))
    named = (
        said.get("sentiment_label")
        if sentiment is None and "sentiment" not in said
        else said.get("sentiment")
    )
    if sentiment is None and isinstance(named, str):
        sentiment = _NAMED_FEELINGS.get(named.strip().casefold())
    intent = _text(said.get("intent"), 20)
    emotion = _text(said.get("emotion"), 20)
    if sentiment is None:
        sentiment = wrong.value
        if intent == "praise" or emotion in {"joy", "gratitude"}:
            sentiment = max(0.6, sentiment)
        elif intent == "complaint" or emotion in {"anger", "disgust", "sadness", "fear"}:
            sentiment = min(-0.5, sentiment)
    label = "negative" if sentiment < -0.2 else "positive" if sentiment > 0.2 else "neutral"
    return Understanding(
        "",
        sentiment,
        label,
        emotion or "neutral",
        1.0 if emotion else 0.0,
        intent or "other",
        1.0 if intent else 0.0,
        _CORRECTED_CONFIDENCE,
    )


def facts(in_force: InForce = lambda: DEFAULT) -> tuple[Fact, ...]:
    """The mood as rules may ask about it."""

    def mood(state: State, now: int) -> Mood:
        return mood_at(state.mood, now, in_force(), with_evidence=False)

    def shift(state: State, now: int) -> float:
        here = mood(state, now)
        return here.valence - here.baseline

    return (
        Fact("mood.valence", "number", "mood, −1 to 1", lambda s, now: mood(s, now).valence),
        Fact("mood.urgency", "number", "urgency, 0 to 1", lambda s, now: mood(s, now).urgency),
        Fact(
            "mood.confidence",
            "number",
            "how sure the mood is, 0 to 1",
            lambda s, now: mood(s, now).confidence,
        ),
        Fact("mood.baseline", "number", "usual mood, −1 to 1", lambda s, now: mood(s, now).baseline),
        Fact(
            "mood.low_rating_chance",
            "number",
            "chance of a low rating now, 0 to 1",
            lambda s, now: in_force().low_rating.chance(mood(s, now).valence),
        ),
        Fact("mood.shift", "number", "mood against the usual, −2 to 2", shift),
    )
