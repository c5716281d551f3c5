"""Giving customers their chances: kept for the page, and told as scores where they moved."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import connection, transaction

from heed.kit.clock import DAY, in_ms
from heed.predictions import signs
from heed.predictions.domain import forecast as domain
from heed.predictions.domain.forecast import Kind, Model
from heed.predictions.forecast_reading import CHURN
from heed.predictions.models import Forecast
from heed.profiles.api import permitted
from heed.scores import api as scores

COUNTS_FOR: Final = 30 * DAY
"""How long a chance counts where nothing newer is said."""
_SOON: Final = 10 * DAY
"""What ends within this is told anew, moved or not."""
_PIECE: Final = 1_000


def score(version: Forecast, now: datetime) -> int:
    """Give everybody concerned their chance by this version; returns how many were told a score anew.

    A score that hardly moved is not told again, so that a day's scoring writes little. Each piece is durable by itself;
    done again, it tells nobody twice.
    """
    kind = Kind(version.key, version.days, away=version.key == CHURN)
    model = msgspec.convert(version.model, Model)
    # Tomorrow's midnight: today so far counts.
    known = signs.known_on(now.date() + timedelta(days=1))
    own = known.where(kind.concerns(known.raw))
    chances = model.chance(own.raw)
    version.drift = msgspec.to_builtins(domain.drift(model, own.raw)) if own.ids else None
    version.told = version.refused = version.scored = 0
    # Versions that asked the same question: what another one said counts for nothing.
    alike = frozenset(
        map(str, Forecast.objects.filter(key=version.key, days=version.days).values_list("pk", flat=True))
    )
    kept: list[tuple[uuid.UUID, float]] = []
    for start in range(0, len(own.ids), _PIECE):
        places = range(start, min(start + _PIECE, len(own.ids)))
        ids = {uuid.UUID(own.ids[place]): place for place in places}
        states, refused = permitted(ids)
        version.refused += refused
        kept += [(profile_id, round(float(chances[ids[profile_id]]), 4)) for profile_id in states]
        due = _to_tell(version.key, chances, {each: ids[each] for each in states}, states, alike, in_ms(now))
        version.told += _tell(version, model, own, chances, due, now)
    version.scored, version.scored_at = len(kept), now
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("delete from customer_forecast where key = %s", [version.key])
            with cursor.copy("copy customer_forecast (profile_id, key, chance) from stdin") as copy:
                for profile_id, chance in kept:
                    copy.write_row((profile_id, version.key, chance))
        version.save()
    return int(version.told)


def _to_tell(
    key: str,
    chances: Any,
    places: dict[uuid.UUID, int],
    states: dict[uuid.UUID, Any],
    alike: frozenset[str],
    at: int,
) -> list[tuple[uuid.UUID, int]]:
    """Those whose chance moved, or whose score ends soon or was another question's."""
    found = []
    for profile_id, place in places.items():
        before = scores.current(states[profile_id], key, at)
        if (
            before is None
            or before.until <= at + _SOON
            or before.version not in alike
            or domain.moved(before.value, float(chances[place]))
        ):
            found.append((profile_id, place))
    return found


def _tell(
    version: Forecast,
    model: Model,
    own: signs.Customers,
    chances: Any,
    due: list[tuple[uuid.UUID, int]],
    now: datetime,
) -> int:
    if not due:
        return 0
    why = domain.reasons(model, own.raw, [place for _, place in due])
    told = scores.give(
        [
            scores.Given(
                profile_id,
                version.key,
                round(float(chances[place]), 4),
                "\n".join(reasons),
                str(version.pk),
                in_ms(now) + COUNTS_FOR,
            )
            for (profile_id, place), reasons in zip(due, why, strict=True)
        ],
        by="Heed",
    )
    return told.count(scores.TAKEN)
