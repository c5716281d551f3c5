"""The JSON API of `profiles`: find a customer, read one, read a timeline, merge and unmerge."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from heed.govern.actions import audit
from heed.govern.api import asked_by
from heed.kit.clock import moment, moment_if_any, system_clock
from heed.ports.ledger import LedgerUnavailable
from heed.profiles import actions, datamap, preferences, reading
from heed.profiles import customer as customers
from heed.profiles import timeline as timelines
from heed.profiles.domain.fields import fields as known_fields

router = Router(tags=["profiles"])
_MOST_FIELDS = 100


class Evidence(Schema):
    message_id: str
    label: str
    at: datetime
    contribution: float
    excerpt: str
    by: str


class Mood(Schema):
    valence: float
    spread: float
    urgency: float
    confidence: float
    baseline: float
    evidence: list[Evidence]


class Circumstance(Schema):
    name: str
    label: str
    since: datetime | None
    until: datetime | None
    weight: float


class Stance(Schema):
    tone: str
    speaker: str
    summary: str
    hold: list[str]
    first: list[str]
    reasons: list[str]


class Score(Schema):
    """From `until` on it counts as unknown."""

    value: float
    at: datetime | None
    until: datetime | None
    outOfDate: bool
    by: str
    version: str
    why: list[str]


class Profile(Schema):
    id: uuid.UUID
    name: str
    identifiers: dict[str, list[str]]
    traits: dict[str, Any]
    consent: dict[str, bool]
    firstSeen: datetime | None
    lastSeen: datetime | None
    events: int
    mood: Mood | None
    circumstances: list[Circumstance]
    stance: Stance | None
    scores: dict[str, Score]


class Moment(Schema):
    messageId: str
    at: datetime
    kind: str
    title: str
    text: str
    valence: float | None
    event: dict[str, Any]


class Timeline(Schema):
    items: list[Moment]
    next: str | None


class Merge(Schema):
    """`with` is the id of the other profile; which of the two is kept is told by reading either."""

    with_: Annotated[uuid.UUID, Field(alias="with")]


class Unmerge(Schema):
    absorbed: uuid.UUID


class Known(Schema):
    """Whether we have it, and whether it may be used for the purpose: a field of which both are true need not be
    asked."""

    known: bool
    permitted: bool


class Wanted(Schema):
    """With `everything` the link shows what is known, too: send it to the customer alone."""

    everything: bool = False


class PreferenceLink(Schema):
    """The address behind this Heed's own; whoever opens it may change what the customer permits."""

    path: str


class Asked(Schema):
    """Asked for and durable; the engine does it in a moment."""

    asked: bool


def _moment(ms: int) -> datetime | None:
    return moment_if_any(ms)


@router.get("", response=list[Profile], summary="Find customers by an identifier")
def find(
    request: HttpRequest,
    userId: str = "",
    anonymousId: str = "",
    email: str = "",
    phone: str = "",
) -> list[dict[str, Any]]:
    found = _found({"user_id": userId, "anonymous_id": anonymousId, "email": email, "phone": phone})
    return [_shape(each) for each in found]


def _found(given: dict[str, str]) -> list[customers.Customer]:
    asked = {kind: value for kind, value in given.items() if value}
    if len(asked) != 1:
        raise HttpError(400, "Give exactly one of userId, anonymousId, email and phone.")
    [(kind, value)] = asked.items()
    found = (customers.get(each, system_clock()) for each in reading.ids_of(kind, value))
    return [each for each in found if each]


@router.get("/known", response=dict[str, Known], summary="What a form need not ask again")
def known(
    request: HttpRequest,
    fields: str,
    userId: str = "",
    anonymousId: str = "",
    email: str = "",
    phone: str = "",
    purpose: str = "service",
) -> dict[str, dict[str, bool]]:
    """`fields` are names of traits, with commas between them. Nothing is known of somebody unknown."""
    names = [each.strip() for each in fields.split(",") if each.strip()][:_MOST_FIELDS]
    found = _found({"user_id": userId, "anonymous_id": anonymousId, "email": email, "phone": phone})
    state = found[0].state if found else None
    permitted = state is not None and known_fields.permits(state, purpose, system_clock())
    datamap.note_use("trait", names, asked_by(request))
    answers = {name: known_fields.known(state, name) if state else (False, False) for name in names}
    return {name: {"known": has, "permitted": permitted and seen} for name, (has, seen) in answers.items()}


@router.get("/{uuid:profile_id}", response=Profile, summary="One customer, as of now")
def one(request: HttpRequest, profile_id: uuid.UUID) -> dict[str, Any]:
    found = customers.get(customers.current_id(profile_id), system_clock())
    if found is None:
        raise HttpError(404, "There is no such profile.")
    return _shape(found)


@router.get("/{uuid:profile_id}/timeline", response=Timeline, summary="What happened, newest first")
def timeline(
    request: HttpRequest,
    profile_id: uuid.UUID,
    kind: str = "",
    cursor: str = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    if kind and kind not in timelines.KINDS:
        raise HttpError(400, f"There is no kind {kind!r}; kinds are {', '.join(timelines.KINDS)}.")
    kept = customers.current_id(profile_id)
    if not reading.exists(kept):
        raise HttpError(404, "There is no such profile.")
    before = None
    if cursor:
        at, _, message = cursor.partition(",")
        if not (at.isdecimal() and len(at) < 15):
            raise HttpError(400, "The cursor is not one this API gave out.")
        before = int(at), message
    hidden = customers.withheld_of(kept)
    ids = customers.family(kept)
    found = timelines.timeline(ids, before=before, kind=kind, limit=limit, withheld=hidden)
    items = [
        {
            "messageId": m.message_id,
            "at": moment(m.at),
            "kind": m.kind,
            "title": m.title,
            "text": m.text,
            "valence": m.valence,
            "event": m.properties,
        }
        for m in found
    ]
    last = found[-1] if len(found) == limit else None
    return {"items": items, "next": f"{last.at},{last.message_id}" if last else None}


@router.post("/{uuid:profile_id}/merge", response={202: Asked}, summary="Make one customer of two")
def merge(request: HttpRequest, profile_id: uuid.UUID, wanted: Merge) -> tuple[int, dict[str, Any]]:
    kept, other = customers.current_id(profile_id), customers.current_id(wanted.with_)
    if not (reading.exists(kept) and reading.exists(other)):
        raise HttpError(404, "There is no such profile.")
    try:
        actions.merge(kept, other, by=asked_by(request))
    except ValidationError as error:
        raise HttpError(409, " ".join(error.messages)) from None
    except LedgerUnavailable:
        raise HttpError(503, "The ledger cannot be written just now; try again in a moment.") from None
    return 202, {"asked": True}


@router.post("/{uuid:profile_id}/unmerge", response={202: Asked}, summary="Undo a merge for good")
def unmerge(request: HttpRequest, profile_id: uuid.UUID, wanted: Unmerge) -> tuple[int, dict[str, Any]]:
    try:
        actions.unmerge(customers.current_id(profile_id), wanted.absorbed, by=asked_by(request))
    except ValidationError:
        raise HttpError(404, "There is no such merge to undo.") from None
    return 202, {"asked": True}


@router.post(
    "/{uuid:profile_id}/preference-link", response=PreferenceLink, summary="A link to the preference centre"
)
def preference_link(request: HttpRequest, profile_id: uuid.UUID, wanted: Wanted) -> dict[str, Any]:
    kept = customers.current_id(profile_id)
    if not reading.exists(kept):
        raise HttpError(404, "There is no such profile.")
    audit(asked_by(request), "preferences.link_made", str(kept), everything=wanted.everything)
    token = preferences.link(kept, everything=wanted.everything)
    return {"path": reverse("profiles:preferences", args=[token])}


def _shape(person: customers.Customer) -> dict[str, Any]:
    mood, stance = person.mood, person.stance
    return {
        "id": person.id,
        "name": person.name,
        "identifiers": dict(person.identifiers),
        "traits": {t.name: t.value for t in person.traits if not t.withheld},
        "consent": {p.purpose: p.granted for p in person.consent},
        "firstSeen": _moment(person.first_seen),
        "lastSeen": _moment(person.last_seen),
        "events": person.events,
        "mood": mood
        and {
            "valence": mood.valence,
            "spread": mood.spread,
            "urgency": mood.urgency,
            "confidence": mood.confidence,
            "baseline": mood.baseline,
            "evidence": [
                {
                    "message_id": e.message_id,
                    "label": e.label,
                    "at": moment(e.at),
                    "contribution": e.contribution,
                    "excerpt": e.excerpt,
                    "by": e.by,
                }
                for e in mood.evidence
            ],
        },
        "circumstances": [
            {
                "name": c.name,
                "label": c.label,
                "since": _moment(c.since),
                "until": _moment(c.until),
                "weight": c.weight,
            }
            for c in person.circumstances
        ],
        "stance": stance
        and {
            "tone": stance.tone,
            "speaker": stance.speaker,
            "summary": stance.summary,
            "hold": list(stance.hold),
            "first": list(stance.first),
            "reasons": list(stance.reasons),
        },
        "scores": {
            each.key: {
                "value": each.value,
                "at": _moment(each.at),
                "until": _moment(each.until),
                "outOfDate": each.stale,
                "by": each.by,
                "version": each.version,
                "why": each.why,
            }
            for each in person.scores
        },
    }
