"""The preference centre as customers see it. Strangers open these pages: what a signed link says is all they get."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from heed.contracts.consent import CADENCES
from heed.contracts.fold import State
from heed.govern.adapter import client_address
from heed.kit.clock import moment, system_clock
from heed.kit.rate import WAIT, Buckets, tries
from heed.ports.ledger import LedgerUnavailable
from heed.profiles import customer as customers
from heed.profiles import preferences
from heed.profiles import timeline as timelines
from heed.profiles.models import PrivacyRequest, Purpose
from heed.profiles.preferences import Pass, WrongLink

_strangers = tries()
_readers = Buckets(rate=1.0, burst=40.0)
_MOST_MOMENTS = 5_000
Public = Callable[..., HttpResponse]
Shown = Callable[[HttpRequest, str, Pass, customers.Customer], HttpResponse]


def by_link(view: Shown) -> Public:
    """Open the page with a link that was made here; wrong ones soon have to wait."""

    @wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        address, now = client_address(request), time.monotonic()
        try:
            found = preferences.opened(token)
            if not _readers.take(found.profile_id.hex, now):
                return _wait()
            customer = customers.get(found.profile_id, system_clock())
            if customer is None:
                raise WrongLink("gone")
            return _private(view(request, token, found, customer))
        except WrongLink:
            if _strangers.take(address, now):
                return _private(render(request, "profiles/preferences_gone.html", status=404))
            return _wait()

    guarded.heed_public = True  # type: ignore[attr-defined]
    return guarded


def _wait() -> HttpResponse:
    words = "Too many tries from here. Wait a moment and open the link again."
    return HttpResponse(words, status=429, content_type="text/plain", headers={"Retry-After": str(WAIT)})


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a key: it goes to no other site and into no index."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


@by_link
def centre(request: HttpRequest, token: str, found: Pass, customer: customers.Customer) -> HttpResponse:
    if request.method != "POST":
        return _page(request, token, found, customer)
    now, asked = system_clock(), request.POST.get("do", "")
    try:
        changes = _change(request, asked, customer.state, now)
    except LedgerUnavailable:
        return _page(request, token, found, customer, failed=True, status=503)
    return _page(request, token, found, customer, changes=changes)


def _change(request: HttpRequest, asked: str, state: State, now: int) -> list[str]:
    offered = [each.purpose.key for each in preferences.choices(state)]
    if asked == "nothing":
        return preferences.choose(state, dict.fromkeys(offered, False), now)
    if asked == "resume":
        return preferences.choose(state, {}, now, pause_days=0)
    shown = set(request.POST.getlist("shown"))
    wanted = {key: key in request.POST.getlist("on") for key in offered if key in shown}
    days = request.POST.get("cadence", "")
    return preferences.choose(
        state,
        wanted,
        now,
        cadence=int(days) if days.isdecimal() and len(days) < 4 else None,
        pause_days=preferences.PAUSE_DAYS if asked == "pause" else None,
    )


def _page(
    request: HttpRequest,
    token: str,
    found: Pass,
    customer: customers.Customer,
    *,
    changes: list[str] | None = None,
    sure: bool = False,
    failed: bool = False,
    status: int = 200,
) -> HttpResponse:
    state, now = customer.state, system_clock()
    choices = preferences.choices(state)
    context: dict[str, Any] = {
        "token": token,
        "everything": found.everything,
        "groups": [
            (label, chosen)
            for kind, label in Purpose.KINDS.items()
            if (chosen := [each for each in choices if each.purpose.kind == kind])
        ],
        "paused_until": state.consent.paused_until if state.consent.paused(now) else 0,
        "cadences": CADENCES,
        "cadence": state.consent.cadence,
        "pause_days": preferences.PAUSE_DAYS,
        "changes": changes,
        "sure": sure,
        "failed": failed,
        "asked": {each.kind for each in preferences.requests_of(found.profile_id)},
        "customer": customer,
        "history": sorted(state.consent.purposes.items(), key=lambda each: -each[1].at),
        "names": {each.key: each.name for each in preferences.purposes()},
        "sources": customers.source_names(),
    }
    return render(request, "profiles/preferences.html", context, status=status)


@by_link
def ask(request: HttpRequest, token: str, found: Pass, customer: customers.Customer) -> HttpResponse:
    """A wish about their data. With the wish to be erased, said twice, everything asked for ends at once."""
    kind = request.POST.get("kind", "")
    if kind == "keep":
        words = "Your data stays. What ended when you asked to be erased stays off until you choose it above"
        if not preferences.take_back(found.profile_id, PrivacyRequest.ERASURE):
            words = "You have asked for nothing that is not answered yet"
        return _page(request, token, found, customer, changes=[words])
    if kind not in PrivacyRequest.KINDS:
        return _page(request, token, found, customer, status=400)
    words = "We were told, and will answer"
    try:
        if kind == PrivacyRequest.ERASURE:
            if not request.POST.get("sure"):
                return _page(request, token, found, customer, sure=True)
            words += ". Until then we use your data only for your orders and questions"
            offered = [each.purpose.key for each in preferences.choices(customer.state)]
            preferences.choose(customer.state, dict.fromkeys(offered, False), system_clock())
        preferences.ask(found.profile_id, kind)
    except LedgerUnavailable:
        return _page(request, token, found, customer, failed=True, status=503)
    return _page(request, token, found, customer, changes=[words])


ask = require_POST(ask)


@by_link
def download(request: HttpRequest, token: str, found: Pass, customer: customers.Customer) -> HttpResponse:
    """Everything known, as a file a program can read."""
    if not found.everything:
        return _page(request, token, found, customer, status=403)
    moments = timelines.timeline(customers.family(found.profile_id), limit=_MOST_MOMENTS)
    told = {
        "identifiers": dict(customer.identifiers),
        "traits": {each.name: each.kept for each in customer.traits},
        "permissions": {
            each.purpose: {
                "granted": each.granted,
                "at": moment(each.at).isoformat(),
                "wording": each.wording,
            }
            for each in customer.consent
        },
        "scores": {
            each.key: {
                "name": each.name,
                "value": each.value,
                "at": moment(each.at).isoformat(),
                "by": each.by,
                "why": each.why,
            }
            for each in customer.scores
        },
        "events": [
            {"at": moment(each.at).isoformat(), "what": each.title, **each.properties} for each in moments
        ],
    }
    body = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    return HttpResponse(
        body,
        content_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="what-we-know.json"'},
    )
