"""The page of the data map."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from heed.govern.access import Request, allow
from heed.profiles import customer as customers
from heed.profiles import datamap, preferences
from heed.profiles.forms import MOST_TRUSTED, FieldForm, KeepingForm
from heed.profiles.models import FieldSetting


@allow("customers.read")
def data_map(request: Request) -> HttpResponse:
    fields = datamap.every()
    wasted = sum(each.wasted for each in fields)
    shown = [each for each in fields if each.wasted] if request.GET.get("only") == "unused" else fields
    context = {
        "fields": shown,
        "total": len(fields),
        "wasted": wasted,
        "share": wasted / len(fields) if fields else 0.0,
        "only": request.GET.get("only", ""),
        "purposes": preferences.purposes(),
        "sources": customers.source_names(),
        "sample": datamap.SAMPLE,
        "days": datamap.DAYS,
    }
    return render(request, "profiles/data_map.html", context)


@allow("customers.read", change="customers.manage")
def field(request: Request, kind: str) -> HttpResponse:
    """One trait or property: whose word for it counts, what it may be used for, what uses it."""
    name = request.GET.get("name", "")
    found = next((each for each in datamap.every() if (each.kind, each.name) == (kind, name)), None)
    if found is None:
        raise Http404
    setting = FieldSetting.objects.filter(kind=kind, name=name).first() or FieldSetting(kind=kind, name=name)
    words = datamap.words(name) if kind == "trait" else None
    sources = customers.source_names()
    choices = (
        {each: sources.get(each, each) for each in (*setting.trusted, *(s for s, _ in words.sources if s))}
        if words
        else {}
    )
    form = KeepingForm(request.POST or None, sources=list(choices.items()))
    if request.method == "POST" and kind == "trait" and form.is_valid():
        datamap.keep(name, form.cleaned_data["survivor"], form.trusted, by=request.user)
        messages.success(request, "Saved. It holds everywhere within seconds.")
        return redirect(f"{reverse('profiles:field', args=[kind])}?{urlencode({'name': name})}")
    context = {
        "field": found,
        "setting": setting,
        "words": words,
        "survivors": FieldSetting.SURVIVORS,
        "choices": choices,
        "places": [
            (setting.trusted[place : place + 1] or [""])[0]
            for place in range(min(MOST_TRUSTED, len(choices)))
        ],
        "purposes": preferences.purposes(),
        "sources": sources,
        "form": form,
    }
    return render(request, "profiles/field.html", context, status=422 if request.method == "POST" else 200)


@allow("customers.manage")
@require_POST
def assign(request: Request) -> HttpResponse:
    form = FieldForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Name a field of at most 200 characters.")
        return redirect("profiles:data_map")
    try:
        datamap.assign(**form.cleaned_data, by=request.user)
    except datamap.Unchangeable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Saved. It holds everywhere within seconds.")
    return redirect("profiles:data_map")
