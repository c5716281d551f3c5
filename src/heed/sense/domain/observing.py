"""What was believed of a customer just before each of their ratings: what calibration learns from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from heed.contracts.event import Event
from heed.contracts.fold import State
from heed.kit.clock import DAY
from heed.sense.domain.mood import Feelings, Kept, add, mood_at
from heed.sense.domain.ratings import rating_of, without_rating
from heed.sense.domain.signals import pieces_of
from heed.sense.domain.weights import Weights

LOW = 0.5
"""A rating in the lower half of its scale is a low one."""

SAME_OCCASION = DAY
"""A rating so soon after another says the same thing once more, and its comment would foretell it."""

_REMEMBERED = 60
"""Latest pieces of evidence noted with a rating; older ones have faded."""


class Rated(msgspec.Struct):
    """One rating, `share` of its scale (0 worst … 1 best) at `at` (ms), and what was believed just before it.

    Ratings themselves are never evidence here. `valences` and `confidences` are by weights, in the order
    given; `evidence` is that of the first weights; `last_sentiment` is that of the last text, 0 without one.
    """

    at: int
    share: float
    last_sentiment: float
    baseline: float
    valences: list[float]
    confidences: list[float]
    evidence: list[Kept]

    @property
    def low(self) -> bool:
        return self.share <= LOW


class Observer:
    """Follows one customer through their events, in the order they occurred; `rated` is what it has noted.

    `state` is a whole profile state, kept by `apply`; the moods under each of `weights` are kept beside it.
    """

    def __init__(
        self, state: State, apply: Callable[[State, Event, int], object], weights: Sequence[Weights]
    ) -> None:
        self.state = state
        self.apply = apply
        self.weights = weights
        self.feelings = [Feelings() for _ in weights]
        self.evidence: list[Kept] = []
        self.last_sentiment = 0.0
        self.rated: list[Rated] = []

    def take(self, event: Event) -> None:
        rating = rating_of(event)
        if rating is not None:
            if not self.rated or event.occurred - self.rated[-1].at > SAME_OCCASION:
                self._note(event.occurred, rating.share)
            event = without_rating(event)
        self.apply(self.state, event, event.occurred)
        for place, (feelings, weights) in enumerate(zip(self.feelings, self.weights, strict=True)):
            for piece in pieces_of(self.state, event, weights):
                kept = add(feelings, piece, weights)
                if place == 0 and kept is not None:
                    self.evidence.append(kept)
        if event.understanding is not None:
            self.last_sentiment = event.understanding.sentiment

    def _note(self, at: int, share: float) -> None:
        moods = [
            mood_at(feelings, at, weights, with_evidence=False)
            for feelings, weights in zip(self.feelings, self.weights, strict=True)
        ]
        del self.evidence[:-_REMEMBERED]
        self.rated.append(
            Rated(
                at,
                share,
                self.last_sentiment,
                moods[0].baseline,
                [mood.valence for mood in moods],
                [mood.confidence for mood in moods],
                [piece for piece in self.evidence if piece.at <= at],
            )
        )


def observe(
    events: Iterable[Event],
    state: State,
    apply: Callable[[State, Event, int], object],
    weights: Sequence[Weights],
) -> list[Rated]:
    """Every rating in one customer's events, which are in order and understood."""
    observer = Observer(state, apply, weights)
    for event in events:
        observer.take(event)
    return observer.rated
