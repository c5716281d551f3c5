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
from heed.ports.ledger import LIVE
from heed.profiles import api as profiles
from heed.rules.tree import InSegment, Rule
from heed.segments.domain.book import MOST, Circle, Definition, expanded
from heed.segments.models import Segment

LONGEST_RULE = 20_000


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
    known = Segment.objects.select_for_update().filter(key=key).first() if key else None
    kind = known.kind if known else kind
    key = key or _free_key(name)
    errors = _check(key, name, kind, rule, known is None)
    if errors:
        raise ValidationError(errors)
    now = datetime.now(UTC)
    segment = known or Segment(key=key, created_at=now, created_by=str(by or ""), kind=kind)
    moved = known is None or (known.rule, known.purpose) != (rule.strip(), purpose.strip())
    segment.name, segment.description = name.strip(), description.strip()
    segment.rule, segment.purpose = (rule.strip() if kind == "rule" else ""), purpose.strip()
    if moved:
        segment.changed_at, segment.filled_at = now, None
    segment.save()
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
        _expanded(key, tree)
    except rules.RuleError as error:
        errors["rule"] = [f"{error} (at character {error.position + 1})."]
    except Circle as error:
        errors["rule"] = [f"Segments may not rest on themselves: {error}."]
    return errors


def _expanded(key: str, tree: Rule) -> Rule:
    known = {each.key: each for each in _definitions()}
    return expanded(InSegment(key), {**known, key: Definition(key, tree)})


def _definitions() -> list[Definition]:
    from heed.segments import store

    connection.ensure_connection()
    return store.definitions(connection.connection)


def _free_key(name: str) -> str:
    """A key people can read and type, from the name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "segment"
    key, number = stem, 2
    while Segment.objects.filter(key=key).exists():
        key, number = f"{stem}-{number}", number + 1
    return key


@transaction.atomic
def delete_segment(key: str, *, by: Any = None) -> None:
    """Raises `ValidationError` while another segment rests on it."""
    from heed.segments.domain.book import rests_on

    resting = [each.key for each in _definitions() if each.rule is not None and key in rests_on(each.rule)]
    if resting:
        raise ValidationError(f"These segments rest on it: {', '.join(resting[:5])}.")
    Segment.objects.filter(key=key).delete()
    audit(by, "segment.deleted", key)


def put_on_list(key: str, profile_ids: Sequence[uuid.UUID], *, on: bool = True, by: Any = None) -> int:
    """Put profiles on a static list, or take them off it; returns how many that concerns.

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
        event = event_about(profiles.fold.decode(bytes(data)), f"heed-list-{uuid.uuid4()}", name, now, now)
        if event is not None:
            event.properties = {"segment": key, "name": segment.name}
            events.append(event)
    if events:
        current.ledger().append(LIVE, events)
        audit(by, "segment.listed" if on else "segment.unlisted", key, profiles=len(events))
    return len(events)
