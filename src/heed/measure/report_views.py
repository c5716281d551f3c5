"""The pages of reports from the lake."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from heed.govern.access import allow
from heed.measure import cohorts as cohorting
from heed.measure.domain import cohorts as domain

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
