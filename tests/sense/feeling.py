"""Somebody to whom things happen, and how they feel after them."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

from heed.contracts import vocabulary as v
from heed.contracts.event import Event, Understanding
from heed.contracts.mood import Mood
from heed.sense.domain.feel import make_step
from heed.sense.domain.mood import Feelings, mood_at

T0 = 1_700_000_000_000
ids = itertools.count()
step = make_step()


def event(name: str, at: int = T0, read: Understanding | None = None, **properties: Any) -> Event:
    message_id = properties.pop("id", f"m{next(ids)}")
    return Event(message_id, "track", at, at, name=name, properties=properties, understanding=read)


def wrote(
    text: str, sentiment: float, at: int = T0, emotion: str = "neutral", intent: str = "other", **more: Any
) -> Event:
    label = "negative" if sentiment < -0.2 else "positive" if sentiment > 0.2 else "neutral"
    read = Understanding("en", sentiment, label, emotion, 0.8, intent, 0.8, 0.8)
    return event(v.MESSAGE_RECEIVED, at, read, text=text, **more)


def folded(*events: Event, **known: Any) -> SimpleNamespace:
    state = SimpleNamespace(mood=Feelings(), **known)
    for each in events:
        step(state, each, each.received)
    return state


def mood(*events: Event, now: int | None = None, **known: Any) -> Mood:
    state = folded(*events, **known)
    return mood_at(state.mood, max([T0, *(e.occurred for e in events)]) if now is None else now)
