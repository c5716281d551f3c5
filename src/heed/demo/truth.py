"""Holding the estimate of mood against feelings that are known, because the world is simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from heed.collect.api import Limits, from_mapping
from heed.contracts import vocabulary as v
from heed.contracts.event import Event
from heed.contracts.fold import State
from heed.demo.world import Customer, World
from heed.kit.clock import DAY
from heed.ports.sensing import sensing
from heed.profiles.api import fold
from heed.sense import api as sense

_LOW = 0.5
"""A rating in the lower half of its scale is a low one."""


@dataclass
class Moment:
    """What was believed of one customer at one moment, and what was true.

    `last_sentiment` is that of the last text before, 0 where there was none. `rating` is the share of its
    scale a rating given at this moment got, None where the moment is the end of a day.
    """

    customer: int
    at: int
    truth: float
    valence: float
    confidence: float
    last_sentiment: float
    rating: float | None = None


@dataclass
class Lived:
    """Everything believed in one world."""

    ratings: list[Moment] = field(default_factory=list)
    evenings: list[Moment] = field(default_factory=list)


def live_through(world: World, days: int, settled: int = 21, every: int = 3) -> Lived:
    """Fold what the trackers of this world see and note what was believed.

    Moods are noted just before every rating, which is itself never folded, and of all customers every
    `every` days, both after `settled` days.
    """
    lived, states = Lived(), [fold.new() for _ in world.customers]
    sentiments = [0.0] * len(world.customers)
    by_device = {customer.anonymous_id: customer for customer in world.customers}
    start = world.now
    for day in range(days):
        for event in _understood(world.until(start + (day + 1) * DAY)):
            customer = by_device[event.anonymous_id]
            state = states[customer.number]
            rating = sense.rating_of(event)
            if rating is not None:
                if day >= settled:
                    moment = _noted(world, customer, state, event.occurred - 1, sentiments)
                    moment.rating = rating.share
                    lived.ratings.append(moment)
                event.properties = {name: each for name, each in event.properties.items() if name != "score"}
            fold.apply(state, event, event.occurred)
            if event.understanding is not None:
                sentiments[customer.number] = event.understanding.sentiment
        if day >= settled and day % every == 0:
            evening = start + (day + 1) * DAY
            lived.evenings += [
                _noted(world, customer, states[customer.number], evening, sentiments)
                for customer in world.customers
                if states[customer.number].mood.weights
            ]
    return lived


def _understood(calls: Iterator[dict[str, Any]]) -> list[Event]:
    events = []
    for call in calls:
        at = sense_time(call)
        event = from_mapping(call, at, Limits())
        assert isinstance(event, Event)  # noqa: S101  the world makes sound calls
        events.append(event)
    said = [event for event in events if event.name in v.CUSTOMER_TEXT and sensing().text_of(event)]
    for event, reading in zip(
        said, sensing().understand_many([sensing().text_of(each) for each in said]), strict=True
    ):
        event.understanding = reading
    return events


def sense_time(call: dict[str, Any]) -> int:
    from heed.kit.clock import parse_moment

    return parse_moment(call["timestamp"]) or 0


def _noted(world: World, customer: Customer, state: State, at: int, sentiments: list[float]) -> Moment:
    mood = sense.mood_at(state, at)
    return Moment(
        customer.number,
        at,
        world.feeling_at(customer, at),
        mood.valence,
        mood.confidence,
        sentiments[customer.number],
    )
