"""Learning forecasts from the lake: earlier weeks teach, later ones calibrate, the latest hold them to account."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np

from heed.predictions import signs
from heed.predictions.domain import checks
from heed.predictions.domain import forecast as domain
from heed.predictions.domain.forecast import Kind, Slice
from heed.predictions.domain.value import fit_buying
from heed.predictions.models import Forecast
from heed.scores import api as scores

_LEARNT_FROM: Final = 4
"""Cut-offs that teach, half the days of the forecast apart."""
_LARGEST: Final = 60_000
"""Customers of one cut-off who teach; of more, a random part says the same."""
_HISTORY: Final = 30
"""Days of events that must come before a cut-off."""


def refresh(kind: Kind, now: datetime) -> Forecast:
    """Learn anew and keep the version, whether it is to be used or not."""
    today = now.date()
    made = Forecast(key=kind.key, days=kind.days, learnt_at=now, until=today, published=False)
    cuts = cut_offs(kind, today, signs.first_day())
    slices = [_slice(kind, cut, active=cut == cuts[0]) for cut in cuts]
    made.reason = domain.too_little(slices, kind.days)
    made.cuts = [cut.isoformat() for cut in cuts]
    if not made.reason:
        unseen, later, *earlier = slices
        made.customers = sum(len(each.happened) for each in slices)
        made.happened = int(sum(each.happened.sum() for each in slices))
        model, recency = domain.learn_both(earlier, later)
        check = domain.check(model, recency, unseen)
        made.held = msgspec.to_builtins(check)
        made.reason = domain.not_good_enough(model, check)
        if not made.reason:
            # What is used has learnt from the newest outcomes too, in the same way, one step on.
            used, _ = domain.learn_both([later, *earlier], unseen)
            made.model = msgspec.to_builtins(used)
            made.published = used.platt.slope > 0
            if not made.published:
                made.reason = "What held earlier turned round in the latest weeks, so that nothing can be said of the next."
    # Of looks that found too little the latest says all.
    Forecast.objects.filter(key=kind.key, held__isnull=True).delete()
    made.save()
    if made.published:
        scores.define(kind.key, name=kind.name, high=kind.high, made_by="Heed", own=True, by="Heed")
    return made


def cut_offs(kind: Kind, today: date, first: date | None) -> list[date]:
    """The latest first: the one to be held against, the one to calibrate on, those that teach. Each but the latter
    ends where the next begins, so that no outcome is known to two of them."""
    if first is None:
        return []
    length, step = timedelta(days=kind.days), timedelta(days=max(7, kind.days // 2))
    cuts = [today - length, today - 2 * length]
    cuts += [today - 3 * length - number * step for number in range(_LEARNT_FROM)]
    return [cut for cut in cuts if (cut - first).days >= _HISTORY]


def _slice(kind: Kind, cut: date, *, active: bool) -> Slice:
    known = signs.known_on(cut)
    own = known.where(kind.concerns(known.raw))
    if len(own.ids) > _LARGEST:
        chosen = np.zeros(len(own.ids), bool)
        chosen[np.random.default_rng(0).choice(len(own.ids), _LARGEST, replace=False)] = True
        own = own.where(chosen)
    bought = signs.bought_between(cut, cut + timedelta(days=kind.days))
    happened = np.fromiter(((who in bought) is not kind.away for who in own.ids), np.float64, len(own.ids))
    return Slice(own.raw, happened, _active(kind, own.raw) if active else None)


def _active(kind: Kind, raw: Any) -> Any:
    """How BG/NBD, learnt from the same purchases, would order them; None where it learns nothing."""
    bought = raw["purchases"] > 0
    x = raw["purchases"][bought] - 1
    age = raw["since_first"][bought] / 7
    if not len(x) or not checks.enough(len(x), int((x > 0).sum()), float(age.max())):
        return None
    seen = (raw["since_first"][bought] - raw["since_last"][bought]) / 7
    expected = fit_buying(x, seen, age).expected(kind.days / 7, x, seen, age)
    order = np.zeros(len(bought))
    order[bought] = expected
    return -order if kind.away else order
