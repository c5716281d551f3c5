"""Defining scores, and giving them to customers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from heed.contracts import vocabulary as v
from heed.contracts.event import Event
from heed.contracts.own import event_about
from heed.govern.api import audit
from heed.kit.clock import system_clock
from heed.ports import current
from heed.ports.ledger import BULK, LIVE
from heed.profiles import api as profiles
from heed.scores.domain.section import KEY
from heed.scores.models import Score
from heed.scores.naming import names

MANY: Final = 250
"""More at once than this are carried as bulk, so that they hold up nobody."""
MOST: Final = 500


class Given(msgspec.Struct, frozen=True):
    """A value for one customer; None takes the score back. `until` (ms) is 0 where it does not run out, `why` has a
    sentence a line."""

    profile_id: uuid.UUID
    key: str
    value: float | None
    why: str = ""
    version: str = ""
    until: int = 0


TAKEN, NOBODY, NAMELESS, REFUSED = "taken", "nobody", "nameless", "refused"


@transaction.atomic
def define(
    key: str, *, name: str, high: str = "", made_by: str = "", own: bool = False, by: Any = None
) -> Score:
    """Create a score or change what it is called; one that was retired is given again.

    Raises `ValidationError`, by field.
    """
    with connection.cursor() as cursor:
        # Two at once would both make it.
        cursor.execute("select pg_advisory_xact_lock(7341, 7)")
    known = Score.objects.filter(key=key).first()
    errors = {}
    if not KEY.fullmatch(key):
        errors["key"] = ["A key is a small letter, then small letters, digits and _, at most 60 of them."]
    elif key == "new":
        errors["key"] = ["This word stands for something else here; choose another."]
    elif known is not None and known.own != own:
        errors["key"] = ["This score is given by a model of Heed's own."]
    elif known is None and Score.objects.count() >= MOST:
        errors["key"] = [f"There are {MOST} scores already."]
    if not name.strip():
        errors["name"] = ["Give the score a name."]
    if errors:
        raise ValidationError(errors)
    made = known or Score(key=key, own=own, created_at=datetime.now(UTC))
    before = (made.name, made.high, made.made_by, made.retired_at)
    made.name, made.high, made.made_by = name.strip(), high.strip(), made_by.strip()
    made.retired_at = None
    if known is None or before != (made.name, made.high, made.made_by, None):
        made.save()
        audit(by, "score.changed" if known else "score.defined", key, name=made.name)
    _follow()
    return made


@transaction.atomic
def retire(key: str, *, by: Any = None) -> None:
    """Raises `Score.DoesNotExist`."""
    found = Score.objects.get(key=key, own=False)
    if found.retired_at is None:
        found.retired_at = datetime.now(UTC)
        found.save(update_fields=["retired_at"])
        audit(by, "score.retired", key, name=found.name)
    _follow()


def _follow() -> None:
    names.set(dict(Score.objects.filter(retired_at=None).values_list("key", "name")))


def give(given: Sequence[Given], *, by: str) -> list[str]:
    """Give scores, each as an event: durable on return, true once carried. Says of each whether it was TAKEN, or that
    there is NOBODY of this id, that nothing names them any more, or that they REFUSED profiling.

    Keys are the caller's to check. Raises `LedgerUnavailable`, and then none was given.
    """
    connection.ensure_connection()
    found = profiles.states(connection.connection, [each.profile_id for each in given])
    states = {profile_id: profiles.fold.decode(bytes(data)) for profile_id, data in found.items()}
    now = system_clock()
    events: list[Event] = []
    told = []
    for each in given:
        state = states.get(each.profile_id)
        if state is None or not profiles.fields.looked_at(state):
            told.append(NOBODY if state is None else REFUSED)
            continue
        event = event_about(state, f"heed-score-{uuid.uuid4()}", v.SCORE_GIVEN, now, now)
        if event is None:
            told.append(NAMELESS)
            continue
        event.properties = _properties(each, by)
        events.append(event)
        told.append(TAKEN)
    if events:
        current.ledger().append(BULK if len(events) > MANY else LIVE, events)
    return told


def _properties(given: Given, by: str) -> dict[str, Any]:
    said = {
        "score_key": given.key,
        "amount": given.value,
        "by": by,
        "version": given.version,
        "explanation": given.why,
        "valid_until": given.until,
    }
    return {name: value for name, value in said.items() if value not in ("", 0) or name == "amount"}
