"""The review queue: who may be one person, side by side."""

from __future__ import annotations

import contextlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from procrastinate.exceptions import AlreadyEnqueued

from heed.govern.access import Request, allow
from heed.kit.clock import system_clock
from heed.ports.ledger import LedgerUnavailable
from heed.profiles import customer as customers
from heed.profiles import duplicates as pairs
from heed.profiles.beside import beside
from heed.profiles.forms import ThresholdsForm

_PAGE = 5


@allow("customers.manage")
def duplicates(request: Request) -> HttpResponse:
    asked = request.GET.get("after", "")
    after = min(int(asked), 100_000) if asked.isdecimal() and len(asked) < 7 else 0
    settings, now = pairs.matching(), system_clock()
    found = pairs.queue(after, _PAGE + 1)
    shown: list[dict[str, Any]] = []
    for pair in found[:_PAGE]:
        one, other = customers.get(pair.one, now), customers.get(pair.other, now)
        if one and other:
            shown.append({"pair": pair, "one": one, "other": other, "lines": beside(one, other)})
    form = ThresholdsForm(
        initial={
            "review": round(settings.review * 100, 1),
            "merges": settings.automatic is not None,
            "automatic": round((settings.automatic or pairs.AUTOMATIC) * 100, 2),
        }
    )
    context = {
        "shown": shown,
        "form": form,
        "matching": settings,
        "waiting": pairs.waiting(),
        "most": pairs.MOST_COUNTED,
        "next": after + _PAGE if len(found) > _PAGE else None,
        "after": after,
    }
    return render(request, "profiles/duplicates.html", context)


@allow("customers.manage")
@require_POST
def say(request: Request, pair_id: int) -> HttpResponse:
    said = request.POST.get("said", "")
    try:
        pairs.say(pair_id, said, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except LedgerUnavailable:
        messages.error(request, "Nothing was changed: the ledger cannot be written just now.")
    else:
        told = {
            "same": "Merged: one customer in a moment. You can undo it on their page.",
            "different": "Noted: they are not proposed or matched again.",
            "later": "Put off: it comes again at the end.",
        }
        messages.success(request, told[said])
    return redirect("profiles:duplicates")


@allow("customers.manage")
@require_POST
def thresholds(request: Request) -> HttpResponse:
    form = ThresholdsForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        pairs.set_thresholds(
            data["review"] / 100, data["automatic"] / 100 if data["merges"] else None, by=request.user
        )
        messages.success(request, "Saved. It counts from the next look on.")
    else:
        messages.error(request, " ".join(str(e) for errors in form.errors.values() for e in errors))
    return redirect("profiles:duplicates")


@allow("customers.manage")
@require_POST
def look(request: Request) -> HttpResponse:
    from heed.profiles.jobs import match

    with contextlib.suppress(AlreadyEnqueued):
        match.defer()
    messages.success(request, "Everybody is being compared; what is found shows here in a minute or so.")
    return redirect("profiles:duplicates")
