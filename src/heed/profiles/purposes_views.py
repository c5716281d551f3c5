"""What data is used for, and what customers ask about theirs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from heed import settings as heed_settings
from heed.govern.access import Request, allow
from heed.govern.actions import audit
from heed.profiles import customer as customers
from heed.profiles import preferences, reading
from heed.profiles.forms import PurposeForm
from heed.profiles.models import PrivacyRequest

_SHOWN = 200


@allow("customers.read")
def purposes(request: Request) -> HttpResponse:
    waiting = []
    if request.user.may("customers.manage"):
        waiting = list(PrivacyRequest.objects.filter(done_at=None).order_by("at")[:_SHOWN])
    return render(
        request,
        "profiles/purposes.html",
        {
            "purposes": preferences.purposes(),
            "requests": waiting,
            "people": _names(each.profile_id for each in waiting),
        },
    )


def _names(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """By the id they had then; who was merged since goes by the name they have now."""
    now = {each: customers.current_id(each) for each in ids}
    names = {each.id: each.name for each in reading.people_of(list(now.values()))}
    return {each: names.get(current, "Somebody no longer known") for each, current in now.items()}


@allow("customers.manage")
def purpose(request: Request, key: str = "") -> HttpResponse:
    known = preferences.purpose(key) if key else None
    if key and known is None:
        raise Http404
    form = PurposeForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        preferences.save_purpose(form.save(commit=False), by=request.user)
        messages.success(request, "Saved. The preference centre shows it at once.")
        return redirect("profiles:purposes")
    status = 422 if request.method == "POST" else 200
    return render(request, "profiles/purpose.html", {"form": form, "known": known}, status=status)


@allow("customers.manage")
@require_POST
def request_done(request: Request, request_id: int) -> HttpResponse:
    try:
        preferences.done(request_id, by=request.user)
    except PrivacyRequest.DoesNotExist:
        raise Http404 from None
    messages.success(request, "Marked as answered.")
    return redirect("profiles:purposes")


@allow("customers.manage")
@require_POST
def preference_link(request: Request, profile_id: uuid.UUID) -> HttpResponse:
    """The address at which this customer changes what they permit; shown once, to be passed on."""
    if not reading.exists(profile_id):
        raise Http404
    everything = bool(request.POST.get("everything"))
    audit(request.user, "preferences.link_made", str(profile_id), everything=everything)
    token = preferences.link(profile_id, everything=everything)
    address = _public(request, reverse("profiles:preferences", args=[token]))
    customer = customers.get(profile_id, 0)
    return render(
        request,
        "profiles/preference_link.html",
        {"address": address, "everything": everything, "customer": customer},
    )


def _public(request: Request, path: str) -> str:
    base = heed_settings.load().public_url
    return base.rstrip("/") + path if base else request.build_absolute_uri(path)
