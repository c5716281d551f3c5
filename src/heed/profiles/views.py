"""The list of customers, one customer in full, and correcting what Heed thinks of them."""

from __future__ import annotations

import json
import math
import uuid
from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from heed.contracts import vocabulary
from heed.contracts.own import event_about
from heed.govern.access import Request, allow
from heed.govern.actions import audit
from heed.govern.rooms import door, has_door
from heed.kit.clock import system_clock
from heed.kit.shares import at_most
from heed.ports import current
from heed.ports.ledger import LIVE, LedgerUnavailable
from heed.profiles import customer as customers
from heed.profiles import preferences, reading
from heed.profiles import timeline as timelines
from heed.profiles.forms import BANDS, EMOTIONS, INTENTS, SORTS, LabelForm, MoodForm
from heed.rules.facts import UnknownFact, fact

MOMENTS = 30
SMALL = 0.02
"""Pieces of evidence that move a mood by less are counted, not listed."""


@allow("customers.read")
def people(request: Request) -> HttpResponse:
    asked = {
        name: request.GET.get(name, "")[:200]
        for name in ("q", "mood", "circumstance", "need", "segment", "sort", "after")
    }
    band = BANDS.get(asked["mood"])
    sort = asked["sort"] if asked["sort"] in SORTS else "seen"
    needing = asked["need"] == "person"
    filtered = bool(
        asked["q"].strip()
        or band
        or asked["circumstance"]
        or asked["segment"]
        or needing
        or sort == "attention"
    )
    if asked["q"].strip():
        page = reading.Page(reading.search(asked["q"]), "")
        fitting = at_most(len(page.people), reading.PAGE)
    else:
        question = reading.Question(
            band[1:] if band else None,
            asked["circumstance"].replace("\x00", ""),
            sort,
            needing,
            asked["segment"].replace("\x00", ""),
        )
        page = reading.people(question, asked["after"])
        fitting = at_most(reading.how_many_fit(question), reading.COUNTED) if filtered else ""
    context = {
        **asked,
        "sort": sort,
        "page": page,
        "bands": {key: words[0] for key, words in BANDS.items()},
        "sorts": SORTS,
        "circumstances": reading.circumstances_in_use(),
        "segments": door("segment_names")() if has_door("segment_names") else {},
        "total": reading.how_many(),
        "filtered": filtered,
        "fitting": fitting,
        "needing": needing,
    }
    part = request.htmx and request.htmx.target == "list"
    return render(request, "profiles/people_part.html" if part else "profiles/people.html", context)


def _customer(profile_id: uuid.UUID) -> customers.Customer:
    found = customers.get(profile_id, system_clock())
    if found is None:
        raise Http404
    return found


def _low_chance(person: customers.Customer) -> float | None:
    """The chance of a low rating were they asked now, None where no mood is known or nobody reckons it."""
    try:
        found = fact("mood.low_rating_chance").read(person.state, person.at) if person.mood else None
    except UnknownFact:
        return None
    return found if isinstance(found, float) else None


@allow("customers.read")
def customer(request: Request, profile_id: uuid.UUID) -> HttpResponse:
    kept = customers.current_id(profile_id)
    if kept != profile_id:
        messages.info(request, "This profile was merged: here is the person it became part of.")
        return redirect("profiles:customer", profile_id=kept)
    person = _customer(profile_id)
    ids = customers.family(profile_id)
    history = timelines.mood_history(ids, person.at)
    pieces = person.mood.evidence if person.mood else ()
    context = {
        "customer": person,
        "points": _points(history, person),
        "marks": _marks(history),
        "evidence": [piece for piece in pieces if abs(piece.contribution) >= SMALL],
        "smaller": sum(abs(piece.contribution) < SMALL for piece in pieces),
        "low_chance": _low_chance(person),
        "requests": preferences.requests_of(profile_id),
        "mood_tone": "low" if person.mood and person.mood.valence < BANDS["calm"][1] else "high",
        **_timeline_context(profile_id, ids, "", None),
    }
    return render(request, "profiles/customer.html", context)


def _points(
    history: list[tuple[int, float, float, str]], person: customers.Customer
) -> list[tuple[float, ...]]:
    """Mood after each event with a band, and mood now as the last point.

    The lake keeps a confidence c beside each mood; with the prior's precision p, c = w/(w+p), the standard
    error is sqrt((1−c)/p), scaled so that today's point meets today's spread.
    """
    points: list[tuple[float, ...]] = []
    for at, valence, confidence, _name in history:
        half = min(1.0, 0.6 * math.sqrt(max(0.0, 1 - confidence)))
        points.append((at, valence, max(-1.0, valence - half), min(1.0, valence + half)))
    if person.mood:
        m = person.mood
        points.append((person.at, m.valence, max(-1.0, m.valence - m.spread), min(1.0, m.valence + m.spread)))
    return points


def _marks(history: list[tuple[int, float, float, str]]) -> list[tuple[int, float, str]]:
    """The events after which mood moved most, at most six."""
    moves = [
        (abs(value - before[1]), at, value, name)
        for before, (at, value, _c, name) in pairwise(history)
        if name and abs(value - before[1]) >= 0.05
    ]
    return [(at, value, name) for _, at, value, name in sorted(moves, reverse=True)[:6]]


def _timeline_context(
    profile_id: uuid.UUID, ids: list[uuid.UUID], kind: str, before: tuple[int, str] | None
) -> dict[str, Any]:
    hidden = customers.withheld_of(profile_id)
    moments = timelines.timeline(ids, before=before, kind=kind, limit=MOMENTS, withheld=hidden)
    return {
        "profile_id": profile_id,
        "moments": moments,
        "kinds": timelines.KINDS,
        "sources": customers.source_names(),
        "intents": INTENTS,
        "emotions": EMOTIONS,
        "kind": kind,
        "older": moments[-1] if len(moments) == MOMENTS else None,
    }


@allow("customers.read")
def timeline(request: Request, profile_id: uuid.UUID) -> HttpResponse:
    kind = request.GET.get("kind", "")
    if kind not in timelines.KINDS:
        kind = ""
    before = None
    at, _, message = request.GET.get("before", "").partition(",")
    if at.isdecimal() and len(at) < 15:
        before = int(at), message
    context = _timeline_context(profile_id, customers.family(profile_id), kind, before)
    if not request.htmx:
        return redirect("profiles:customer", profile_id=profile_id)
    return render(request, "profiles/moments.html" if before else "profiles/timeline.html", context)


@allow("customers.correct")
@require_POST
def correct_mood(request: Request, profile_id: uuid.UUID) -> HttpResponse:
    form = MoodForm(request.POST)
    person = _customer(profile_id)
    if not form.is_valid():
        messages.error(request, "A mood lies between −1 and +1.")
    else:
        said = {
            "valence": form.cleaned_data["valence"],
            "note": form.cleaned_data["note"],
            "by": str(request.user),
        }
        if person.mood:
            said["was"] = round(person.mood.valence, 2)
        _tell(request, person, vocabulary.MOOD_CORRECTED, said)
    return redirect("profiles:customer", profile_id=profile_id)


@allow("customers.correct")
@require_POST
def correct_label(request: Request, profile_id: uuid.UUID) -> HttpResponse:
    form = LabelForm(request.POST)
    person = _customer(profile_id)
    if not form.is_valid():
        messages.error(request, " ".join(str(e) for errors in form.errors.values() for e in errors))
    else:
        said: dict[str, Any] = {k: v for k, v in form.cleaned_data.items() if v}
        if "sentiment" in said:
            said["sentiment"] = float(said["sentiment"])
        said["was"] = timelines.reading_of(customers.family(profile_id), str(said["message_id"]))
        _tell(request, person, vocabulary.LABEL_CORRECTED, {**said, "by": str(request.user)})
    return redirect("profiles:customer", profile_id=profile_id)


def _tell(request: Request, person: customers.Customer, name: str, said: dict[str, Any]) -> None:
    """A correction is an event like any other: durable first, then carried round the loop."""
    now = system_clock()
    event = event_about(person.state, f"heed-{uuid.uuid4()}", name, now, now)
    if event is None:
        messages.error(
            request, "This profile has no identifier left that a correction could be addressed to."
        )
        return
    event.properties = said
    try:
        current.ledger().append(LIVE, [event])
    except LedgerUnavailable:
        messages.error(
            request, "Nothing was changed: the ledger cannot be written just now. Try again in a moment."
        )
        return
    audit(request.user, name.lower().replace(" ", "_"), str(person.id), **json.loads(json.dumps(said)))
    messages.success(
        request, "Thank you: noted with your name. It shows as soon as the event is carried, in a moment."
    )
