"""Personas: groups of customers that are alike. Lookalikes: who is like the members of a segment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from heed.govern.access import Request, allow
from heed.predictions import actions
from heed.predictions import persona_reading as reading
from heed.predictions.forms import PersonaForm, least
from heed.predictions.learnt import told
from heed.predictions.models import Likeness, Persona
from heed.predictions.whom import Alike, OfPersona
from heed.segments import api as segments

LEAST = (0.5, 0.7, 0.9)


@allow("customers.read")
def personas(request: HttpRequest) -> HttpResponse:
    context = {"run": reading.newest(), "personas": reading.all_living(), "lists": segments.names()}
    return render(request, "predictions/personas.html", context)


@allow("customers.read", change="rules.manage")
def persona(request: Request, key: str) -> HttpResponse:
    """The customers of one persona."""
    found, after = _persona(key), request.GET.get("after", "")[:36]
    words = " ".join(found.sentences) or "much like everybody"
    shown = segments.Shown(
        found.name,
        words,
        reading.those_of(key, after),
        after,
        OfPersona(key),
        reverse("predictions:personas"),
        "Personas",
    )
    return segments.show(request, shown)


@allow("rules.manage")
def edit(request: Request, key: str) -> HttpResponse:
    found = _persona(key)
    form = PersonaForm(request.POST or None, initial={"name": found.name, "note": found.note})
    if request.method == "POST" and form.is_valid():
        actions.save_persona(key, form.cleaned_data["name"], form.cleaned_data["note"], request.user)
        messages.success(request, "Saved. The name stays while these customers are found again.")
        return redirect("predictions:personas")
    status = 422 if request.method == "POST" else 200
    return render(request, "predictions/persona_edit.html", {"form": form, "persona": found}, status=status)


@allow("rules.manage")
@require_POST
def keep(request: Request, key: str) -> HttpResponse:
    """A segment of it, kept in step."""
    _persona(key)
    try:
        segment = actions.keep_persona_as_list(key, request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("predictions:personas")
    messages.success(request, "It is a segment now; its customers are put on it in a moment, and day by day.")
    return redirect("segments:segment", key=segment)


def _persona(key: str) -> Persona:
    found = reading.living(key)
    if found is None:
        raise Http404
    return found


def persona_panel(request: HttpRequest, customer: Any) -> str:
    """On the page of a customer: whom they are like."""
    found = reading.of_customer(customer.id)
    return (
        render_to_string("predictions/persona_panel.html", {"persona": found}, request=request)
        if found
        else ""
    )


@allow("customers.read", change="rules.manage")
def lookalikes(request: Request) -> HttpResponse:
    """Choose a segment; what was asked before."""
    names = segments.names()
    if request.method == "POST":
        key = request.POST.get("segment", "")
        try:
            actions.find_lookalikes(key, request.user)
        except ValidationError:
            raise Http404 from None
        return redirect("predictions:alike", key=key)
    asked = [each for each in Likeness.objects.order_by("-asked_at")[:100] if each.segment in names]
    lines = [{"name": names[each.segment], "found": each} for each in asked]
    return render(request, "predictions/lookalikes.html", {"segments": names, "lines": lines})


@allow("customers.read")
def alike(request: Request, key: str) -> HttpResponse:
    from heed.predictions.domain.forecast import Model, weights

    found, names = reading.likeness(key), segments.names()
    if found is None or key not in names:
        raise Http404
    model = told(found.model, Model)
    context = {
        "key": key,
        "name": names[key],
        "found": found,
        "weights": weights(model, "the more alike", "the less alike") if model else [],
        "lines": reading.most_alike(key) if model else [],
        "counts": [(each, reading.how_many_alike(key, each)) for each in LEAST] if model else [],
    }
    return render(request, "predictions/alike.html", context)


@allow("customers.read", change="rules.manage")
def alike_people(request: Request, key: str) -> HttpResponse:
    names = segments.names()
    if key not in names or reading.likeness(key) is None:
        raise Http404
    at_least, after = least(request.GET.get("least", "")), request.GET.get("after", "")[:120]
    shown = segments.Shown(
        f"Like “{names[key]}”: {at_least:g} and more"[:200],
        "customers who are no members, the most alike first, as of when they were looked for",
        reading.those_alike(key, at_least, after),
        after,
        Alike(key, at_least),
        reverse("predictions:alike", args=[key]),
        "Lookalikes",
    )
    return segments.show(request, shown)
