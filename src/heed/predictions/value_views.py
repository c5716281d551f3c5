"""What customers are worth: the page, who is in a group, and the panel on a customer's page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from heed.govern.access import Request, allow
from heed.kit.clock import moment
from heed.kit.money import as_text, in_e4
from heed.predictions import value_reading as reading
from heed.predictions.domain.checks import LEAST_CUSTOMERS, LEAST_REPEATED, LEAST_WEEKS
from heed.predictions.domain.outlook import grid, groups
from heed.predictions.domain.reasons import (
    HARDLY_ANYBODY_LEFT,
    History,
    ago,
    why_active,
    why_orders,
    why_value,
)
from heed.predictions.domain.rfm import GROUPS, name_of
from heed.predictions.domain.value import Spending
from heed.predictions.models import CustomerValue
from heed.predictions.whom import InCells
from heed.segments import api as segments
from heed.web.charts import Pair

LEAST_FOR_GRID = 50
"""Customers below which fifths would be names for single people."""


@allow("measure.read")
def value(request: HttpRequest) -> HttpResponse:
    version = reading.version()
    context: dict[str, Any] = {
        "version": version,
        "days": reading.DAYS,
        "least": {"customers": LEAST_CUSTOMERS, "repeated": LEAST_REPEATED, "weeks": round(LEAST_WEEKS)},
        "least_for_grid": LEAST_FOR_GRID,
    }
    if version is not None and version.fit.customers:
        summary, check = version.summary, version.held_out
        context |= {
            "fit": version.fit,
            "summary": summary,
            "nobody_left": summary.active >= HARDLY_ANYBODY_LEFT * summary.again > 0,
            "worth": [each for each in summary.expected if each.value is not None],
            "untold": [each for each in summary.expected if each.value is None],
            "check": check,
            "pairs": [Pair(row.label, row.foretold, row.real, row.margin) for row in check.rows]
            if check
            else [],
            "grid": grid(summary) if version.fit.customers >= LEAST_FOR_GRID else [],
            "groups": groups(summary),
            "most": [(each, reading.worth_most(each.currency)) for each in summary.expected if each.value][
                :1
            ],
        }
    return render(request, "predictions/value.html", context)


@allow("customers.read", change="rules.manage")
def group(request: Request, key: str) -> HttpResponse:
    """Who is in a group of the grid."""
    if key not in GROUPS:
        raise Http404
    name, cells = GROUPS[key]
    return _people(request, name, "by how lately and how often they bought", cells)


@allow("customers.read", change="rules.manage")
def cell(request: Request, recency: int, frequency: int) -> HttpResponse:
    """Who is in one cell of it."""
    place = (recency, frequency)
    if not (1 <= recency <= 5 and 1 <= frequency <= 5):
        raise Http404
    words = f"recency {recency} of 5, frequency {frequency} of 5"
    return _people(request, name_of(*place), words, frozenset({place}))


def _people(request: Request, name: str, words: str, cells: reading.Cells) -> HttpResponse:
    after, newest = request.GET.get("after", "")[:120], reading.newest()
    dated = f"{words}, as of {newest.until:%-d %B %Y}" if newest else words
    page = reading.those_in(cells, after)
    shown = segments.Shown(name, dated, page, after, InCells(cells), reverse("predictions:value"), "Value")
    return segments.show(request, shown)


def expectation(request: HttpRequest, customer: Any) -> str:
    """On the page of a customer: what they are likely to buy next, and why we think so."""
    found = reading.of_customer(customer.id)
    if found is None:
        return ""
    placed = customer.state.orders.last_placed
    newer = bool(placed) and moment(placed).date() > found.last_day
    return render_to_string("predictions/value_panel.html", {**panel(found), "newer": newer}, request=request)


def panel(found: CustomerValue) -> dict[str, Any]:
    today = timezone.now().date()
    history = History(found.purchases, found.first_day, found.last_day, found.fit.until)
    context: dict[str, Any] = {
        "value": found,
        "days": reading.DAYS,
        "history": str(History(found.purchases, found.first_day, found.last_day, today)),
        "group": name_of(found.recency, found.frequency),
        "as_of": ago((today - found.fit.until).days),
        "large": found.fit.customers >= LEAST_FOR_GRID,
    }
    if found.expected_orders is not None:
        context |= {"why_active": why_active(history, found.p_active), "why_orders": why_orders(history)}
        if found.expected_value is not None and found.expected_orders > 0:
            each = in_e4(float(found.expected_value) / found.expected_orders) or 0
            own = Spending(**found.fit.spend[found.currency]).weight(found.purchases - 1)
            context["why_value"] = why_value(found.purchases, as_text(each, found.currency), own)
    return context
