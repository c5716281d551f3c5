"""The pages of reports from the lake: cohorts and funnels."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from heed.contracts import vocabulary as v
from heed.govern.access import Request, allow
from heed.measure import cohorts as cohorting
from heed.measure import funnel as asking
from heed.measure.domain import cohorts as domain
from heed.measure.domain.funnel import BESIDE, DAYS, LEFT, MOST, REACHED, WITHIN, Question
from heed.measure.whom import AtStep
from heed.segments import api as segments

_CURRENCIES = 8


@allow("measure.read")
def cohorts(request: HttpRequest) -> HttpResponse:
    """Of those who first bought in a month, how many bought again in each month after it, or for how much."""
    rows = cohorting.newest_cohorts.get()
    known = domain.currencies(rows)[:_CURRENCIES]
    asked = request.GET.get("in")
    currency = asked if asked in known else None
    found = domain.cohorts(rows, datetime.now(UTC).date(), currency)
    context = {
        "cohorts": found,
        "average": domain.average(found, currency),
        "months": domain.MONTHS,
        "currencies": known,
        "currency": currency,
    }
    return render(request, "measure/cohorts.html", context)


_USUAL = (v.PRODUCT_VIEWED, v.PRODUCT_ADDED, v.CHECKOUT_STARTED, v.ORDER_COMPLETED)


def _question(request: HttpRequest, known: dict[str, int]) -> Question:
    """What the address asks; without steps the usual way to an order, as far as it is known here."""
    steps = [each[:200] for each in request.GET.getlist("step") if each.strip()][:MOST]
    segment = request.GET.get("segment", "")
    return Question(
        tuple(steps or (each for each in _USUAL if each in known)),
        choice(request.GET.get("days", ""), DAYS, 30),
        choice(request.GET.get("within", ""), WITHIN, 168),
        segment if segment in segments.names() else "",
        request.GET.get("order") != "any",
    )


def choice(text: str, choices: dict[int, str], usual: int) -> int:
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) in choices else usual
    )


@allow("measure.read")
def funnel(request: HttpRequest) -> HttpResponse:
    """How many customers come from step to step."""
    known = dict(asking.names.get())
    question = _question(request, known)
    chosen = question.steps
    context = {
        "question": question,
        "fields": [*chosen, *[""] * max(1, 4 - len(chosen))][:MOST],
        "known": list(dict.fromkeys([*chosen, *known])),
        "segments": segments.names(),
        "segment_name": segments.names().get(question.segment, ""),
        "days": DAYS,
        "within": WITHIN,
        "any": bool(known),
        "address": _address(question),
        "steps": asking.kept(question).get() if len(question.asked) > 1 else [],
    }
    return render(request, "measure/funnel.html", context)


def _address(question: Question) -> str:
    """The question as the query of an address."""
    pairs = [("step", each) for each in question.steps]
    pairs += [("days", str(question.days)), ("within", str(question.within)), ("segment", question.segment)]
    pairs += [] if question.ordered else [("order", "any")]
    return urlencode(pairs)


@allow("customers.read", change="rules.manage")
def funnel_people(request: Request, number: int, kind: str) -> HttpResponse:
    """The customers behind one figure of a funnel."""
    question = _question(request, dict(asking.names.get()))
    if kind not in _KINDS or not (1 if kind == REACHED else 2) <= number <= len(question.asked):
        raise Http404
    now, after = datetime.now(UTC), request.GET.get("after", "")[:36]
    events = question.asked[:number]
    way = (" → " if question.ordered else " + ").join(f"“{each[:60]}”" for each in events)
    shown = segments.Shown(
        _KINDS[kind].format(events[-1]),
        f"{way} · within {WITHIN[question.within]}, {DAYS[question.days]}",
        asking.who(question, number, kind, now, after),
        after,
        AtStep(question, number, kind, now),
        f"{reverse('measure:funnel')}?{_address(question)}",
        "The funnel",
    )
    return segments.show(request, shown)


_KINDS = {
    REACHED: "Came as far as “{}”",
    LEFT: "Left before “{}”",
    BESIDE: "“{}” without the steps before",
}
