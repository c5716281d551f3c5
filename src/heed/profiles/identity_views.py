"""Merging customers and undoing it, from their pages."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from heed.govern.access import Request, allow
from heed.kit.clock import system_clock
from heed.ports.ledger import LedgerUnavailable
from heed.profiles import actions, reading
from heed.profiles import customer as customers
from heed.profiles.beside import beside

_NOT_NOW = "Nothing was changed: the ledger cannot be written just now. Try again in a moment."


@allow("customers.manage")
@require_POST
def merge(request: Request, profile_id: uuid.UUID) -> HttpResponse:
    """Who is meant is shown beside this customer first; it is done with `sure`."""
    one = customers.get(profile_id, system_clock())
    if one is None:
        raise Http404
    found = [
        each for each in reading.by_identifier(request.POST.get("with", "")[:500]) if each.id != profile_id
    ]
    if len(found) != 1:
        messages.error(
            request, "Nobody else is known by that." if not found else "Several customers are known by that."
        )
        return redirect("profiles:customer", profile_id=profile_id)
    other = customers.get(found[0].id, system_clock())
    if other is None:
        raise Http404
    if not request.POST.get("sure"):
        return render(
            request, "profiles/merge.html", {"one": one, "other": other, "lines": beside(one, other)}
        )
    try:
        actions.merge(profile_id, other.id, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except LedgerUnavailable:
        messages.error(request, _NOT_NOW)
    else:
        messages.success(request, "Merged. It shows as soon as the event is carried, in a moment.")
    return redirect("profiles:customer", profile_id=profile_id)


@allow("customers.manage")
@require_POST
def unmerge(request: Request, profile_id: uuid.UUID) -> HttpResponse:
    try:
        actions.unmerge(profile_id, uuid.UUID(request.POST.get("absorbed", "")), by=request.user)
    except (ValidationError, ValueError):
        messages.error(request, "There is no such merge to undo.")
    else:
        messages.success(
            request, "Being undone: both histories are told again from the beginning, in a moment."
        )
    return redirect("profiles:customer", profile_id=profile_id)
