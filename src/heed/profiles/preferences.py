"""The preference centre: what a customer permits, changed by themselves through a signed link."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core import signing
from django.db import transaction
from django.utils import timezone

from heed import rules
from heed.contracts import vocabulary
from heed.contracts.consent import CADENCES
from heed.contracts.event import PREFERENCES_SOURCE, Event
from heed.contracts.fold import State
from heed.contracts.own import event_about
from heed.govern.actions import audit
from heed.kit.clock import DAY, moment
from heed.ports import current
from heed.ports.ledger import LIVE
from heed.profiles import customer as customers
from heed.profiles.domain.purposes import DEFAULTS
from heed.profiles.domain.state import fold
from heed.profiles.models import PrivacyRequest, Purpose

PAUSE_DAYS: Final = 30
_LINK_LIVES: Final = 400 * DAY // 1000
_SALT: Final = "heed.preferences"


class WrongLink(ValueError):
    """The link was not made here, or is too old, or its customer is gone."""


@dataclass(frozen=True)
class Pass:
    """What a link opens. With `everything` it shows what is known, too: such a link is for one reader alone, while
    one in a newsletter gets forwarded."""

    profile_id: uuid.UUID
    everything: bool


@dataclass(frozen=True)
class Choice:
    purpose: Purpose
    granted: bool
    at: int

    @property
    def said(self) -> bool:
        return self.at > 0


def purposes() -> list[Purpose]:
    """Every purpose in the order people read them; a row of the table replaces the default of its key."""
    rows = {each.key: each for each in Purpose.objects.all()}
    for place, (key, name, kind, basis, wording) in enumerate(DEFAULTS):
        if key not in rows:
            rows[key] = Purpose(key=key, name=name, kind=kind, basis=basis, wording=wording, place=10 * place)
    return sorted(rows.values(), key=lambda each: (each.place, each.key))


def purpose(key: str) -> Purpose | None:
    return next((each for each in purposes() if each.key == key), None)


@transaction.atomic
def save_purpose(changed: Purpose, *, by: Any) -> None:
    """Keep a purpose; what customers agree to in other words is a new version."""
    known = purpose(changed.key)
    if known is not None:
        changed.version = known.version + (known.wording.strip() != changed.wording.strip())
    changed.save()
    # Every other process follows within seconds.
    transaction.on_commit(lambda: rules.call_purposes({each.key: each.name for each in purposes()}))
    audit(by, "purpose.saved", changed.key, version=changed.version)


def link(profile_id: uuid.UUID, *, everything: bool = False) -> str:
    """The last part of the address at which this customer finds their preferences."""
    return signing.dumps([profile_id.hex, int(everything)], salt=_SALT)


def opened(token: str) -> Pass:
    """Raises `WrongLink`."""
    try:
        profile_id, everything = signing.loads(token[:400], salt=_SALT, max_age=_LINK_LIVES)
    except signing.BadSignature as error:
        raise WrongLink(type(error).__name__) from None
    return Pass(customers.current_id(uuid.UUID(profile_id)), bool(everything))


def choices(state: State) -> list[Choice]:
    """What is offered, as it stands: a legitimate interest holds until somebody objects, consent once given."""
    found = []
    for each in purposes():
        if each.offered:
            said = state.consent.purposes.get(each.key)
            usual = each.basis != "consent"
            granted = (said.granted if said else usual) if each.asked else True
            found.append(Choice(each, granted, said.at if said else 0))
    return found


def choose(
    state: State,
    wanted: Mapping[str, bool],
    now: int,
    *,
    cadence: int | None = None,
    pause_days: int | None = None,
) -> list[str]:
    """Take over what they chose, all of it or nothing, durable on return; the changes in words. Folds them into `state`.

    What takes consent and was left unticked was said no to. What holds without it was not agreed to by leaving it
    ticked. With `pause_days` all that rests on consent rests so long, 0 ends a pause; then only what they changed is taken
    over beside it. `cadence` are days between messages. Raises `LedgerUnavailable`.
    """
    events, words = [], []
    if pause_days is not None:
        until = {"until": moment(now + pause_days * DAY).isoformat()}
        name, rest = (vocabulary.CONTACT_PAUSED, until) if pause_days else (vocabulary.CONTACT_RESUMED, {})
        events.append(_event(state, name, rest, now))
        day = f"{moment(now + pause_days * DAY):%d %B %Y}"
        words.append(f"You hear nothing from us until {day}" if pause_days else "The pause is over")
    for each in choices(state):
        granted = wanted.get(each.purpose.key)
        if not each.purpose.asked or granted is None:
            continue
        left = not each.said and not granted and pause_days is None
        if granted == each.granted and not left:
            continue
        said = {
            "purpose": each.purpose.key,
            "granted": granted,
            "wording": each.purpose.wording,
            "version": str(each.purpose.version),
            "proof": "chosen in the preference centre by signed link",
        }
        events.append(_event(state, vocabulary.CONSENT_CHANGED, said, now))
        if granted != each.granted:
            words.append(f"“{each.purpose.name}” is {'on' if granted else 'off'} now")
    if cadence in CADENCES and cadence != state.consent.cadence:
        events.append(_event(state, vocabulary.CADENCE_CHOSEN, {"days": cadence}, now))
        words.append(f"You hear from us {CADENCES[cadence]}")
    if events:
        current.ledger().append(LIVE, events)
    for event in events:
        fold.apply(state, event, now)
    return words


def _event(state: State, name: str, said: dict[str, Any], now: int) -> Event:
    event = event_about(state, f"heed-{uuid.uuid4()}", name, now, now)
    if event is None:
        raise WrongLink("nothing names this customer")
    event.source, event.properties = PREFERENCES_SOURCE, said
    return event


def ask(profile_id: uuid.UUID, kind: str) -> None:
    """Note what a customer asks of the team; the same twice is one request, also of who was two customers then."""
    if any(each.kind == kind for each in requests_of(profile_id)):
        return
    PrivacyRequest.objects.get_or_create(
        profile_id=profile_id, kind=kind, done_at=None, defaults={"at": timezone.now()}
    )


def take_back(profile_id: uuid.UUID, kind: str) -> bool:
    """The customer does not want it any more; whether it was still waiting."""
    waiting = PrivacyRequest.objects.filter(
        profile_id__in=customers.family(profile_id), kind=kind, done_at=None
    )
    return bool(waiting.update(done_at=timezone.now(), done_by="the customer"))


def requests_of(profile_id: uuid.UUID) -> list[PrivacyRequest]:
    """What this customer asked and nobody has answered yet, the oldest first."""
    family = customers.family(profile_id)
    return list(PrivacyRequest.objects.filter(profile_id__in=family, done_at=None).order_by("at"))


def requests_waiting() -> int:
    return PrivacyRequest.objects.filter(done_at=None).count()


@transaction.atomic
def done(request_id: int, *, by: Any) -> None:
    """Raises `PrivacyRequest.DoesNotExist`."""
    found = PrivacyRequest.objects.select_for_update().get(pk=request_id, done_at=None)
    found.done_at, found.done_by = timezone.now(), str(by)
    found.save()
    audit(by, "privacy_request.done", str(found.profile_id), kind=found.kind)
