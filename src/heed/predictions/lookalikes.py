"""Lookalikes: who else is like the members of a segment, learnt on request."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
from django.db import connection, transaction

from heed.predictions import signs
from heed.predictions.domain import likeness as domain
from heed.predictions.models import Likeness
from heed.profiles.api import permitted
from heed.segments import api as segments

_PIECE: Final = 2_000
_SEEN: Final = 365
_KEPT: Final = 20_000
"""The most alike that are kept."""


def learn(segment: str, now: datetime) -> Likeness | None:
    """Learn what tells members from others, and keep how alike everybody else is."""
    made = Likeness.objects.filter(segment=segment).first()
    if made is None or not segments.exists(segment):
        return None
    known = signs.known_on(now.date() + timedelta(days=1))
    known = known.where(known.raw["unseen_days"] <= _SEEN)
    ids = [uuid.UUID(each) for each in known.ids]
    may = np.zeros(len(ids), bool)
    for start in range(0, len(ids), _PIECE):
        found, _ = permitted(ids[start : start + _PIECE])
        for place in range(start, min(start + _PIECE, len(ids))):
            may[place] = ids[place] in found
    known, ids = known.where(may), [ids[place] for place in np.flatnonzero(may)]
    own = segments.ids(segment)
    member = np.fromiter((each in own for each in ids), bool, len(ids))
    made.learnt_at, made.members, made.others = now, int(member.sum()), int((~member).sum())
    made.auc, made.model, rows = None, None, []
    made.reason = domain.too_small(made.members, made.others)
    if not made.reason:
        model, area = domain.learn(known.raw, member)
        made.auc, made.auc_margin = area.value, area.margin
        made.reason = domain.alike(area)
        if not made.reason:
            made.model = msgspec.to_builtins(model)
            rows = _rows(segment, model, known.raw, ids, member)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("delete from customer_likeness where segment = %s", [segment])
            columns = "copy customer_likeness (segment, profile_id, likeness, why) from stdin"
            with cursor.copy(columns) as copy:
                for row in rows:
                    copy.write_row(row)
        made.save()
    return made


def _rows(
    segment: str, model: domain.Model, raw: Any, ids: list[uuid.UUID], member: Any
) -> list[tuple[Any, ...]]:
    likeness = model.chance(raw)
    places = np.flatnonzero(~member)
    places = places[np.argsort(-likeness[places], kind="stable")][:_KEPT]
    found = []
    for start in range(0, len(places), _PIECE):
        here = places[start : start + _PIECE].tolist()
        why = domain.why(model, raw, here)
        found += [
            (segment, ids[place], round(float(likeness[place]), 4), "\n".join(words))
            for place, words in zip(here, why, strict=True)
        ]
    return found
