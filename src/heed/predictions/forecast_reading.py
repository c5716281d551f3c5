"""What pages and the worker ask about forecasts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from heed.kit.clock import in_ms
from heed.predictions import learnt
from heed.predictions.models import CustomerForecast, Forecast, ForecastChoice
from heed.profiles import api as profiles
from heed.profiles import reading as people
from heed.scores import api as scores

if TYPE_CHECKING:
    # Learning needs NumPy, which pages that only list forecasts do without.
    from heed.predictions.domain.forecast import Kind

BUY: Final = "buy_30d"
CHURN: Final = "churn"
DAYS: Final = (30, 60, 90, 180)
_USUAL: Final = 90
_EVERY: Final = timedelta(days=7)
_AGAIN: Final = timedelta(hours=20)
_SOON: Final = timedelta(minutes=55)


def kinds() -> list[Kind]:
    """The forecasts there are."""
    from heed.predictions.domain.forecast import Kind

    chosen = ForecastChoice.objects.filter(key=CHURN).values_list("days", flat=True).first()
    return [Kind(BUY, 30, False), Kind(CHURN, chosen or _USUAL, True)]


def kind_of(key: str) -> Kind | None:
    return next((kind for kind in kinds() if kind.key == key), None)


def newest(kind: Kind) -> Forecast | None:
    return Forecast.objects.filter(key=kind.key, days=kind.days).order_by("-id").first()


def wanted() -> bool:
    """Whether there can be anything to foretell; asked before what is heavy is loaded."""
    return people.anybody_bought()


def due(kind: Kind, now: datetime) -> bool:
    """Once a week; once a day while it is not good enough, and every hour while there is too little to learn from."""
    last = newest(kind)
    if last is None:
        return True
    return bool(now - last.learnt_at >= (_EVERY if last.published else _AGAIN if last.held else _SOON))


def to_score(kind: Kind, now: datetime) -> Forecast | None:
    """The version by which customers are to be given their chances now, if any."""
    last = newest(kind)
    if last is None or not last.published:
        return None
    return last if last.scored_at is None or now - last.scored_at >= _AGAIN else None


def versions(kind: Kind, limit: int = 12) -> list[Forecast]:
    return list(Forecast.objects.filter(key=kind.key).order_by("-id")[:limit])


@dataclass(frozen=True)
class Likely:
    """A customer with their chance, and why where their score says so."""

    person: people.Person
    chance: float
    why: list[str]


def likeliest(key: str, now: datetime, limit: int = 20) -> list[Likely]:
    found = CustomerForecast.objects.filter(key=key).order_by("-chance", "profile_id")[:limit]
    chances = {each.profile_id: each.chance for each in found}
    known = people.people_of(profiles.still(chances))
    states = people.states_of(list(chances))
    lines = []
    for person in known:
        score = scores.current(profiles.fold.decode(states[person.id]), key, in_ms(now))
        lines.append(Likely(person, chances[person.id], score.why.splitlines() if score else []))
    return lines


def those_above(key: str, least: float, cursor: str = "", size: int = people.PAGE) -> people.Page:
    """Customers whose chance is at least this, the likeliest first."""
    rows = CustomerForecast.objects.filter(key=key, chance__gte=least)
    return learnt.most_first(rows, "chance", cursor, size)


def ids_above(key: str, least: float) -> Iterator[list[uuid.UUID]]:
    """All of them, in pieces."""
    return learnt.in_pieces(CustomerForecast.objects.filter(key=key, chance__gte=least))
