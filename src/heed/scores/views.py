"""Scores: what there are, one with who has most of it, and the panel on a customer's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from heed.govern.access import Request, allow
from heed.kit.clock import system_clock
from heed.scores import actions, store
from heed.scores.forms import ScoreForm
from heed.scores.models import Score


@allow("customers.read")
def score_list(request: Request) -> HttpResponse:
    given = store.given.get()
    lines = [{"score": each, "given": given.get(each.key)} for each in Score.objects.all()]
    return render(request, "scores/list.html", {"lines": lines})


@allow("customers.read")
def score(request: Request, key: str) -> HttpResponse:
    found = _score(key)
    given = store.given.get().get(key)
    context = {
        "score": found,
        "given": given,
        "lines": store.highest(key, system_clock()) if given else [],
        "rule": f"score.{key} >= {given.middle:.4g}" if given else f"score.{key} is known",
    }
    return render(request, "scores/score.html", context)


@allow("rules.manage")
def edit(request: Request, key: str = "") -> HttpResponse:
    known = _score(key) if key else None
    if known is not None and known.own:
        raise Http404
    initial = (
        {"name": known.name, "high": known.high, "made_by": known.made_by}
        if known
        else {"made_by": request.user.email}
    )
    form = ScoreForm(request.POST or None, known=known is not None, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        wanted = known.key if known else said.pop("key")
        try:
            if known is None and Score.objects.filter(key=wanted).exists():
                raise ValidationError({"key": ["There is a score of this key already."]})
            made = actions.define(wanted, **said, by=request.user)
        except ValidationError as error:
            for name, wrong in error.message_dict.items():
                form.add_error(name if name in form.fields else None, wrong)
        else:
            messages.success(request, "Saved. Rules may ask for it at once.")
            return redirect("scores:score", key=made.key)
    status = 422 if request.method == "POST" else 200
    return render(request, "scores/edit.html", {"form": form, "score": known}, status=status)


@allow("rules.manage")
@require_POST
def retire(request: Request, key: str) -> HttpResponse:
    try:
        actions.retire(key, by=request.user)
    except Score.DoesNotExist:
        raise Http404 from None
    messages.success(
        request, "Retired. What was given stays until it runs out; defining it again brings it back."
    )
    return redirect("scores:list")


def _score(key: str) -> Score:
    found = Score.objects.filter(key=key).first()
    if found is None:
        raise Http404
    return found


def scores_panel(request: HttpRequest, customer: Any) -> str:
    """On the page of a customer: what models say of them, since when, why, and whether that still counts."""
    if not customer.scores:
        return ""
    return render_to_string("scores/panel.html", {"lines": customer.scores}, request=request)
