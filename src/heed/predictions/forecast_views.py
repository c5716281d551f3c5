"""Forecasts: what each foretells, how well it held, what weighs, whom it says it of."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from heed.govern.access import Request, allow
from heed.predictions import actions
from heed.predictions import forecast_reading as reading
from heed.predictions.forms import least
from heed.predictions.learnt import told
from heed.predictions.whom import Likely
from heed.segments import api as segments
from heed.web.charts import Pair

LEAST = (0.2, 0.4, 0.6, 0.8)


@allow("measure.read")
def forecasts(request: HttpRequest) -> HttpResponse:
    from heed.predictions.domain.forecast import Check

    lines = []
    for kind in reading.kinds():
        version = reading.newest(kind)
        lines.append({"kind": kind, "version": version, "check": told(version and version.held, Check)})
    return render(request, "predictions/forecasts.html", {"lines": lines})


@allow("measure.read")
def forecast(request: Request, key: str) -> HttpResponse:
    from heed.predictions.domain.forecast import Check, Drift, Model, weights
    from heed.predictions.domain.signs import TOPICS

    kind = _kind(key)
    version = reading.newest(kind)
    context: dict[str, Any] = {
        "kind": kind,
        "version": version,
        "choices": reading.DAYS if kind.away else (),
        "versions": reading.versions(kind),
    }
    if version is not None:
        check = told(version.held, Check)
        drift, model = told(version.drift, Drift), told(version.model, Model)
        context |= {
            "check": check,
            "held_on": date.fromisoformat(version.cuts[0]) if version.cuts else None,
            "pairs": [
                Pair(f"{100 * row.foretold:.0f}%", 100 * row.foretold, 100 * row.real, 100 * row.margin)
                for row in (check.rows if check else ())
            ],
            "drift": drift,
            "drifted": [(TOPICS[topic][0], psi) for topic, psi in drift.topics.items()] if drift else [],
            "weights": weights(model) if model else [],
        }
        if version.published and version.scored_at and request.user.may("customers.read"):
            context |= {"likeliest": reading.likeliest(key, timezone.now()), "least": LEAST}
    return render(request, "predictions/forecast.html", context)


@allow("customers.read", change="rules.manage")
def likely(request: Request, key: str) -> HttpResponse:
    """The customers with at least a chance, the likeliest first."""
    kind = _kind(key)
    at_least, after = least(request.GET.get("least", "")), request.GET.get("after", "")[:120]
    shown = segments.Shown(
        f"{kind.name}: {100 * at_least:.0f}% and more",
        "as of the last time everybody was looked at",
        reading.those_above(key, at_least, after),
        after,
        Likely(key, at_least),
        reverse("predictions:forecast", args=[key]),
        "The forecast",
    )
    return segments.show(request, shown)


@allow("rules.manage")
@require_POST
def days(request: Request, key: str) -> HttpResponse:
    """For how many days ahead it is wanted; learnt anew in the background."""
    kind, asked = _kind(key), request.POST.get("days", "")
    chosen = next((each for each in reading.DAYS if str(each) == asked), None)
    if chosen is None or not kind.away:
        raise Http404
    if chosen != kind.days:
        actions.choose_days(key, chosen, request.user)
    messages.success(request, f"It now asks about {chosen} days, and is learnt within a quarter of an hour.")
    return redirect("predictions:forecast", key=key)


def _kind(key: str) -> Any:
    found = reading.kind_of(key)
    if found is None:
        raise Http404
    return found
