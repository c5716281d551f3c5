"""Likely duplicates: found by the worker, decided by people, or merged unseen above a threshold they switch on."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any, cast

import msgspec
import psycopg
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from heed.govern.actions import audit
from heed.profiles import actions
from heed.profiles.domain.records import record_of
from heed.profiles.domain.state import fold
from heed.profiles.matching import AUTOMATIC, REVIEW, Pair, find_pairs
from heed.profiles.models import IdentityApart, LikelyPair, Matching, Profile
from heed.profiles.undoing import keep_apart, ordered

MOST_COUNTED = 99
MOST_KEPT = 10_000
"""Open pairs kept: more than anybody reviews before the next look."""
_LIVING = "said = any(%s) and exists (select from profile where id = one) and exists (select from profile where id = other)"


class Looked(msgspec.Struct):
    """What a look at all profiles found: pairs to review, and how many merges were asked for unseen."""

    profiles: int
    pairs: int
    merged: int


def matching() -> Matching:
    return Matching.objects.get_or_create(id=1, defaults={"review": REVIEW})[0]


def waiting() -> int:
    """Open pairs, counted no further than MOST_COUNTED."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select count(*) from (select from identity_pair where {_LIVING} limit %s) as few",  # noqa: S608
            [[LikelyPair.OPEN], MOST_COUNTED],
        )
        return int(cursor.fetchone()[0])


def queue(after: int = 0, limit: int = 5) -> list[LikelyPair]:
    """Pairs to decide: open ones, the likeliest first, then those put off."""
    return list(
        LikelyPair.objects.raw(
            f"select * from identity_pair where {_LIVING} order by said desc, probability desc, id limit %s offset %s",  # noqa: S608
            [[LikelyPair.OPEN, LikelyPair.LATER], limit, after],
        )
    )


def look() -> Looked:
    """Compare everybody and keep what is likely. What people said of a pair stays."""
    settings = matching()
    records: dict[str, dict[str, str]] = {}
    for profile_id, data in Profile.objects.values_list("id", "state").iterator(chunk_size=2_000):
        if found := record_of(fold.decode(bytes(data))):
            records[str(profile_id)] = found
    pairs = _undecided(find_pairs(records, settings.review))
    done = Looked(len(records), 0, 0)
    kept = []
    for pair in pairs:
        if settings.automatic is not None and pair.probability >= settings.automatic:
            with contextlib.suppress(ValidationError):
                actions.merge(uuid.UUID(pair.one), uuid.UUID(pair.other), by=None, found_by="match")
                done.merged += 1
        else:
            kept.append(pair)
    done.pairs = len(kept[:MOST_KEPT])
    _keep(kept[:MOST_KEPT])
    Matching.objects.filter(id=1).update(looked_at=timezone.now())
    return done


def _undecided(pairs: list[Pair]) -> list[Pair]:
    apart = {
        ordered(*each) for each in IdentityApart.objects.filter(lifted_by="").values_list("one", "other")
    }
    apart |= {
        ordered(*each)
        for each in LikelyPair.objects.filter(said=LikelyPair.DIFFERENT).values_list("one", "other")
    }
    return [each for each in pairs if ordered(uuid.UUID(each.one), uuid.UUID(each.other)) not in apart]


@transaction.atomic
def _keep(pairs: list[Pair]) -> None:
    now = timezone.now()
    rows = [
        LikelyPair(one=one, other=other, probability=each.probability, reasons=each.reasons, found_at=now)
        for each in pairs
        for one, other in [ordered(uuid.UUID(each.one), uuid.UUID(each.other))]
    ]
    LikelyPair.objects.bulk_create(
        rows,
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["one", "other"],
        update_fields=["probability", "reasons", "found_at"],
    )
    LikelyPair.objects.filter(said=LikelyPair.OPEN, found_at__lt=now).delete()


def say(pair_id: int, said: str, *, by: Any) -> None:
    """What a colleague says of a pair: "same", "different" or "later".

    Raises `ValidationError` where there is no such pair to decide any more, and `LedgerUnavailable`.
    """
    with transaction.atomic():
        pair = (
            LikelyPair.objects.select_for_update()
            .filter(id=pair_id, said__in=[LikelyPair.OPEN, LikelyPair.LATER])
            .first()
        )
        if pair is None or said not in {LikelyPair.SAME, LikelyPair.DIFFERENT, LikelyPair.LATER}:
            raise ValidationError("This pair is decided already.")
        if said == LikelyPair.SAME:
            actions.merge(pair.one, pair.other, by=by)
        elif said == LikelyPair.DIFFERENT:
            keep_apart(cast(psycopg.Connection, connection.connection), pair.one, pair.other, timezone.now())
            audit(by, "customer.kept_apart", str(pair.one), other=str(pair.other))
        pair.said = said
        pair.save(update_fields=["said"])


def set_thresholds(review: float, automatic: float | None, *, by: Any) -> None:
    """Probabilities from 0 to 1; with `automatic` None nothing is merged unseen."""
    settings = matching()
    settings.review, settings.automatic = review, automatic
    settings.save(update_fields=["review", "automatic"])
    audit(by, "matching.changed", "", review=review, automatic=automatic)


__all__ = ["AUTOMATIC", "Looked", "look", "matching", "queue", "say", "set_thresholds", "waiting"]
