"""What would be decided for a customer now, for pages: nothing is recorded."""

from __future__ import annotations

import uuid

import msgspec
from django.db import connection

from heed.contracts.decision import Decision
from heed.contracts.mood import Circumstance, Mood, Stance
from heed.decisions import store
from heed.decisions.domain.choose import Situation, choose
from heed.kit.clock import system_clock
from heed.profiles import api as profiles
from heed.sense import api as sense


class Preview(msgspec.Struct, frozen=True):
    placement: str
    decision: Decision
    mood: Mood
    circumstances: tuple[Circumstance, ...]
    stance: Stance


def placements() -> list[str]:
    """Every placement some action has a treatment for."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct placement from treatment order by 1")
        return [placement for (placement,) in cursor.fetchall()]


def most_telling(profile_id: uuid.UUID) -> str:
    """The placement where what would be said now matters most, "" where there is none."""
    found = [each for place in placements() if (each := preview(profile_id, place)) is not None]

    def weight(each: Preview) -> tuple[bool, bool, float]:
        chosen = each.decision.considered[0]
        return bool(each.decision.action), chosen.kind in each.stance.first, chosen.priority

    return max(found, key=weight).placement if found else ""


def preview(profile_id: uuid.UUID, placement: str, channel: str = "", drafts: bool = False) -> Preview | None:
    """The decision as of now; with `drafts` actions that are switched off take part. None for nobody."""
    connection.ensure_connection()
    raw = connection.connection
    found = profiles.states(raw, [profile_id]).get(profile_id)
    if found is None:
        return None
    state, now = profiles.fold.decode(bytes(found)), system_clock()
    mood = sense.mood_at(state, now)
    circumstances = sense.circumstances_at(state, now)
    stance = sense.stance_of(state, now)
    decision = choose(
        store.catalogue(raw, drafts),
        Situation(state, mood, circumstances, stance, placement, channel, now),
    )
    return Preview(placement, decision, mood, circumstances, stance)
