"""The page of the data map."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from heed.govern.access import Request, allow
from heed.profiles import customer as customers
from heed.profiles import datamap, preferences
from heed.profiles.forms import FieldForm


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
