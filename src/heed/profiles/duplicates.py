"""Likely duplicates: found by the worker, decided by people, or merged unseen above a threshold they switch on."""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from heed.govern.actions import audit
from heed.profiles import actions, field_book
from heed.profiles.domain.records import record_of
from heed.profiles.domain.state import fold
from heed.profiles.matching import AUTOMATIC, RECORDS, REVIEW, Pair, find_pairs_apart
from heed.profiles.models import IdentityApart, LikelyPair, Matching, Profile, ProfileMerge
from heed.profiles.undoing import ordered

MOST_COMPARED = 250_000
"""Customers compared in one go; of more, those seen last."""
_CHUNK = 2_000
MOST_COUNTED = 99
MOST_KEPT = 10_000
"""Open pairs kept: more than anybody reviews before the next look."""
_LIVING = "said = any(%s) and exists (select from profile where id = one) and exists (select from profile where id = other)"


class Looked(msgspec.Struct):
    """What a look at customers found: how many were compared, pairs to review, and merges asked for unseen."""

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
    connection.ensure_connection()
    field_book.reload(connection.connection)
    records = _records()
    pairs = _undecided(find_pairs_apart(records, settings.review))
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


def _records() -> pa.Table:
    """Column by column, so that a quarter of a million records are some ten megabytes here."""
    people = Profile.objects.filter(last_seen__isnull=False).order_by("-last_seen", "-id")
    rows = people.values_list("id", "state")[:MOST_COMPARED].iterator(chunk_size=_CHUNK)
    batches = []
    for some in _chunks(rows):
        known = [(profile_id, record_of(fold.decode(bytes(data)))) for profile_id, data in some]
        found = [{"unique_id": str(profile_id), **record} for profile_id, record in known if record]
        batches.append(pa.RecordBatch.from_pylist(found, RECORDS))
    return pa.Table.from_batches(batches, RECORDS)


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(itertools.islice(rows, _CHUNK)):
        yield some


def _undecided(pairs: list[Pair]) -> list[Pair]:
    """Without those said to be different or made two again, whoever has become part of either since."""
    apart = [
        *IdentityApart.objects.filter(lifted_by="").values_list("one", "other"),
        *LikelyPair.objects.filter(said=LikelyPair.DIFFERENT).values_list("one", "other"),
    ]
    ids = {profile_id for each in apart for profile_id in each}
    kept = dict(ProfileMerge.objects.filter(absorbed__in=ids).values_list("absorbed", "kept"))
    different = {ordered(kept.get(one, one), kept.get(other, other)) for one, other in apart}
    return [each for each in pairs if ordered(uuid.UUID(each.one), uuid.UUID(each.other)) not in different]


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
            if Profile.objects.filter(id__in=[pair.one, pair.other]).count() < 2:
                raise ValidationError("They are one customer by now; the merge can be undone on their page.")
            audit(by, "pair.different", str(pair.one), other=str(pair.other))
        pair.said = said
        pair.save(update_fields=["said"])


def set_thresholds(review: float, automatic: float | None, *, by: Any) -> None:
    """Probabilities from 0 to 1; with `automatic` None nothing is merged unseen."""
    settings = matching()
    settings.review, settings.automatic = review, automatic
    settings.save(update_fields=["review", "automatic"])
    audit(by, "matching.changed", "", review=review, automatic=automatic)


__all__ = ["AUTOMATIC", "Looked", "look", "matching", "queue", "say", "set_thresholds", "waiting"]
