"""The pages that look into the lake freely: how often an event happens, and what comes after or before it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from heed.govern.access import Request, allow
from heed.measure import explorer
from heed.measure import funnel as asking
from heed.measure import paths as ways
from heed.measure.domain import explorer as explored
from heed.measure.domain import paths as walked
from heed.measure.domain.funnel import DAYS, WITHIN
from heed.measure.report_views import choice
from heed.measure.whom import OnWay, WhoDid
from heed.segments import api as segments

_LONGEST = 200


def _event(request: HttpRequest) -> str:
    """The event asked about, else the one that happens most."""
    asked = request.GET.get("event", "").replace("\x00", "")[:_LONGEST]
    return asked or next((name for name, _ in asking.names.get()), "")


def _segment(request: HttpRequest) -> str:
    asked = request.GET.get("segment", "")
    return asked if asked in segments.names() else ""


def _explored(request: HttpRequest) -> explored.Question:
    days = choice(request.GET.get("days", ""), explored.DAYS, 30)
    by = request.GET.get("by", "").replace("\x00", "")[:_LONGEST]
    return explored.Question(_event(request), days, by, _segment(request))


def _query(question: explored.Question, **more: str) -> str:
    return urlencode(
        {
            "event": question.event,
            "days": question.days,
            "by": question.by,
            "segment": question.segment,
            **more,
        }
    )


@allow("measure.read")
def events(request: HttpRequest) -> HttpResponse:
    """How often an event happens, to how many, and with which values of a property."""
    question = _explored(request)
    known = dict(asking.names.get())
    found = explorer.kept(question).get() if question.event else None
    parts = [
        {
            "part": part,
            "label": {explored.REST: "all others", explored.NONE: "not said"}.get(part.value, part.value),
            "address": f"{reverse('measure:event_people')}?{_query(question, part=part.value)}",
            "rule": question.rule(part.value),
        }
        for part in (found.parts if found else ())
    ]
    context = {
        "question": question,
        "known": list(dict.fromkeys([*([question.event] if question.event else []), *known])),
        "properties": ["source", *explorer.properties(question.event).get()] if question.event else [],
        "segments": segments.names(),
        "days": explored.DAYS,
        "found": found,
        "bars": [
            (f"{day.day} {day:%b}", count)
            for day, count in zip(found.begins, found.whole.counts, strict=True)
        ]
        if found
        else [],
        "parts": parts,
        "everybody": f"{reverse('measure:event_people')}?{_query(question)}",
        "rule": question.rule(),
    }
    return render(request, "measure/events.html", context)


@allow("customers.read", change="rules.manage")
def event_people(request: Request) -> HttpResponse:
    """The customers behind one figure of an event."""
    question, now = _explored(request), datetime.now(UTC)
    part = request.GET.get("part") if question.by else None
    after = request.GET.get("after", "")[:36]
    words = explored.DAYS[question.days].capitalize()
    if part is not None:
        named = {explored.REST: "any rarer value", explored.NONE: "nothing said"}.get(part, f"“{part[:60]}”")
        words = f"{question.by}: {named}, {explored.DAYS[question.days]}"
    shown = segments.Shown(
        f"Did “{question.event[:100]}”",
        words,
        explorer.who(question, part, now, after),
        after,
        WhoDid(question, part, now),
        f"{reverse('measure:events')}?{_query(question)}",
        "Events",
    )
    return segments.show(request, shown)


def _walked(request: HttpRequest) -> walked.Question:
    direction = walked.BEFORE if request.GET.get("direction") == walked.BEFORE else walked.AFTER
    return walked.Question(
        _event(request),
        direction,
        choice(request.GET.get("days", ""), DAYS, 30),
        choice(request.GET.get("within", ""), WITHIN, 24),
        _segment(request),
    )


def _walk_query(question: walked.Question) -> str:
    return urlencode(
        {
            "event": question.event,
            "direction": question.direction,
            "days": question.days,
            "within": question.within,
            "segment": question.segment,
        }
    )


@allow("measure.read")
def paths(request: HttpRequest) -> HttpResponse:
    """What customers do next after an event, or did before it, three steps far."""
    question = _walked(request)
    context = {
        "question": question,
        "known": list(
            dict.fromkeys([*([question.event] if question.event else []), *dict(asking.names.get())])
        ),
        "segments": segments.names(),
        "days": DAYS,
        "within": WITHIN,
        "before": question.direction == walked.BEFORE,
        "root": ways.kept(question).get() if question.event else None,
        "address": f"{reverse('measure:path_people')}?{_walk_query(question)}",
    }
    return render(request, "measure/paths.html", context)


@allow("customers.read", change="rules.manage")
def path_people(request: Request) -> HttpResponse:
    """The customers who went one way."""
    question, now = _walked(request), datetime.now(UTC)
    way = tuple(each.replace("\x00", "")[:_LONGEST] for each in request.GET.getlist("step"))[: walked.STEPS]
    after = request.GET.get("after", "")[:36]
    named = [f"“{each[:60]}”" for each in (question.event, *way)]
    if question.direction == walked.BEFORE:
        named.reverse()
    shown = segments.Shown(
        " → ".join(named),
        f"within {WITHIN[question.within]}, {DAYS[question.days]}",
        ways.who(question, way, now, after),
        after,
        OnWay(question, way, now),
        f"{reverse('measure:paths')}?{_walk_query(question)}",
        "Paths",
    )
    return segments.show(request, shown)
