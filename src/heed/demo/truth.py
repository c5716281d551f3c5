"""Holding the estimate of mood against feelings that are known, because the world is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from heed.collect.api import Limits, from_mapping
from heed.commerce.api import alarms
from heed.contracts.event import Event
from heed.demo.world import World
from heed.kit.clock import DAY, parse_moment
from heed.ports.sensing import sensing
from heed.profiles.api import fold
from heed.sense.api import Observer, Rated, Weights, mood_of


@dataclass(frozen=True)
class Evening:
    """One customer at the end of a day: how they truly feel, and what is believed under each of the weights."""

    truth: float
    valences: tuple[float, ...]
    last_sentiment: float


@dataclass
class Lived:
    """`rated` holds every rating with what was believed just before, `truths` how they truly felt then."""

    rated: list[Rated] = field(default_factory=list)
    truths: list[float] = field(default_factory=list)
    evenings: list[Evening] = field(default_factory=list)


def live_through(
    world: World, days: int, weights: Sequence[Weights], settled: int = 14, every: int = 3
) -> Lived:
    """Fold what the trackers of this world see, and what Heed notes by itself; note what was believed.

    After `settled` days every rating counts, and every `every` days the evening of all who were heard of.
    """
    observers = [Observer(fold.new(), fold.apply, weights) for _ in world.customers]
    by_device = {customer.anonymous_id: customer.number for customer in world.customers}
    start, lived = world.now, Lived()
    for day in range(days):
        evening = start + (day + 1) * DAY
        for event in _understood(world.until(evening)):
            observer = observers[by_device[event.anonymous_id]]
            if not observer.state.identity.identifiers:
                observer.state.identity.identifiers["anonymous_id"] = [event.anonymous_id]
            observer.take(event)
        for observer in observers:
            for event in alarms(observer.state, evening):
                observer.take(event)
        if day >= settled and day % every == 0:
            for customer, observer in zip(world.customers, observers, strict=True):
                if observer.evidence:
                    valences = tuple(
                        mood_of(feelings, evening, each).valence
                        for feelings, each in zip(observer.feelings, weights, strict=True)
                    )
                    truth = world.feeling_at(customer, evening)
                    lived.evenings.append(Evening(truth, valences, observer.last_sentiment))
    since = start + settled * DAY
    for customer, observer in zip(world.customers, observers, strict=True):
        for rated in observer.rated:
            if rated.at >= since:
                lived.rated.append(rated)
                lived.truths.append(world.feeling_at(customer, rated.at - 1))
    return lived


def _understood(calls: Iterable[dict[str, Any]]) -> list[Event]:
    events = []
    for call in calls:
        event = from_mapping(call, parse_moment(call["timestamp"]) or 0, Limits())
        if isinstance(event, Event):
            events.append(event)
    said = [(event, text) for event in events if (text := sensing().text_of(event))]
    for (event, _), reading in zip(said, sensing().understand_many([t for _, t in said]), strict=True):
        event.understanding = reading
    return events
