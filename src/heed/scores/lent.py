"""What the customer's page, their preference centre and the API ask of scores; `profiles` stands below and cannot look up."""

from __future__ import annotations

from collections.abc import Iterator

from heed.contracts.fold import State
from heed.profiles import api as profiles
from heed.profiles.customer import KnownScore
from heed.scores.models import Score


def scores(state: State, now: int) -> Iterator[KnownScore]:
    """Everything models say of a customer at `now` (ms), what has run out included; nothing of whoever may not be looked at."""
    if not state.scores.values or not profiles.fields.looked_at(state):
        return
    known = Score.objects.in_bulk(list(state.scores.values))
    for key, score in state.scores.values.items():
        found = known.get(key)
        yield KnownScore(
            key,
            found.name if found else key,
            found.high if found else "",
            score.value,
            score.at,
            score.until,
            score.by,
            score.version,
            score.why.splitlines(),
            0 < score.until <= now,
            found is not None,
        )
