"""Changes to segments; each is one transaction. Engines go by them within two seconds."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from heed import rules
from heed.contracts import vocabulary as v
from heed.contracts.own import event_about
from heed.govern.api import audit
from heed.kit.clock import system_clock
from heed.ports import current
from heed.ports.ledger import BULK, LIVE
from heed.profiles import api as profiles
from heed.segments import exports, store
from heed.segments.domain.definitions import Definition, circle, resting, rests_on, rules_of
from heed.segments.models import RetiredKey, Segment

LONGEST_RULE = 20_000
MOST = 5_000
MANY = 250
"""More people than this put on a list at once are carried as bulk, so that they hold up nobody."""
_TAKEN = frozenset({"new", "overlap", "preview", "rule"})
"""Keys that would hide behind addresses of pages and routes."""


@transaction.atomic
def save_segment(
    key: str,
    *,
    name: str,
    description: str = "",
    kind: str = "rule",
    rule: str = "",
    purpose: str = "",
    by: Any = None,
) -> Segment:
    """Create a segment (with an empty `key`) or change one.

    Raises `ValidationError`, by field, where the rule cannot be read or rests on itself.
    """
    _one_at_a_time()
    known = Segment.objects.filter(key=key).first() if key else None
    kind = known.kind if known else kind
    key = key or _free_key(name)
    errors = _check(key, name, kind, rule, known is None)
    if errors:
        raise ValidationError(errors)
    now = datetime.now(UTC)
    segment = known or Segment(key=key, created_at=now, created_by=str(by or ""), kind=kind)
    moved = known is None or (known.rule, known.purpose) != (rule.strip(), purpose.strip())
    if moved and known and not segment.former_rule:
        segment.former_rule = segment.rule
    segment.name, segment.description = name.strip(), description.strip()
    segment.rule, segment.purpose = (rule.strip() if kind == "rule" else ""), purpose.strip()
    if moved:
        segment.changed_at, segment.filled_at = now, None
    segment.save()
    if moved and known:
        # Who is in these may change with it, which is no news of the customer either.
        touched = resting(key, {each.key: each for each in _definitions()})
        Segment.objects.filter(key__in=touched).update(changed_at=now, filled_at=None)
    audit(by, "segment.changed" if known else "segment.created", key, name=segment.name)
    return segment


def _check(key: str, name: str, kind: str, text: str, new: bool) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not name.strip():
        errors["name"] = ["Give the segment a name."]
    if new and Segment.objects.count() >= MOST:
        errors["name"] = [f"There are {MOST:,} segments already; delete one that nobody uses."]
    if kind == "list":
        return errors
    if len(text) > LONGEST_RULE:
        return errors | {"rule": [f"A rule is at most {LONGEST_RULE:,} characters long."]}
    try:
        tree = rules.parse(text)
    except rules.RuleError as error:
        return errors | {"rule": [f"{error} (at character {error.position + 1})."]}
    known = {each.key: each for each in _definitions()}
    if way := circle(key, {**known, key: Definition(key, tree)}):
        errors["rule"] = [f"Segments may not rest on themselves: {' → '.join(way)}."]
    elif unknown := sorted(rests_on(tree) - known.keys()):
        errors["rule"] = [f"There is no segment {unknown[0]!r}."]
    return errors


def _definitions() -> list[Definition]:
    connection.ensure_connection()
    return store.definitions(connection.connection)


def _free_key(name: str) -> str:
    """A key people can read and type, from the name; one that was used before is not used again, as profiles remember
    it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "segment"
    used = _TAKEN.union(
        *(
            model.objects.filter(key__startswith=stem).values_list("key", flat=True)
            for model in (Segment, RetiredKey)
        )
    )
    key, number = stem, 2
    while key in used:
        key, number = f"{stem}-{number}", number + 1
    return key


def _one_at_a_time() -> None:
    """Two changes at once could each be right and make a circle together."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(7341, 6)")


@transaction.atomic
def delete_segment(key: str, *, by: Any = None) -> None:
    """Raises `ValidationError` while another segment rests on it."""
    _one_at_a_time()
    others = [each.key for each in _definitions() if any(key in rests_on(rule) for rule in rules_of(each))]
    if others:
        names = Segment.objects.filter(key__in=others).order_by("name").values_list("name", flat=True)[:5]
        raise ValidationError(f"These segments rest on it: {', '.join(f'“{name[:60]}”' for name in names)}.")
    if Segment.objects.filter(key=key).delete()[0]:
        RetiredKey.objects.create(key=key)
    exports.end_of(key)
    audit(by, "segment.deleted", key)


def put_on_list(
    key: str, profile_ids: Sequence[uuid.UUID], *, on: bool = True, by: Any = None, changing: bool = False
) -> int:
    """Put profiles on a static list, or take them off it; returns how many that concerns. With `changing` those are
    left out who are as wanted already, so that a list kept in step says nothing twice.

    Like everything that happens to a customer it is an event: durable on return, true once carried. Profiles
    that nothing names any more are left out. Raises `LedgerUnavailable`.
    """
    segment = Segment.objects.get(key=key, kind="list")
    connection.ensure_connection()
    states = profiles.states(connection.connection, profile_ids)
    now = system_clock()
    name = v.LIST_MEMBER_ADDED if on else v.LIST_MEMBER_REMOVED
    events = []
    for data in states.values():
        state = profiles.fold.decode(bytes(data))
        if changing and (key in state.segments.lists) is on:
            continue
        event = event_about(state, f"heed-list-{uuid.uuid4()}", name, now, now)
        if event is not None:
            event.properties = {"segment": key, "name": segment.name}
            events.append(event)
    if events:
        current.ledger().append(BULK if len(events) > MANY else LIVE, events)
        audit(by, "segment.listed" if on else "segment.unlisted", key, profiles=len(events))
    return len(events)
