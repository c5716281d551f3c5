"""The tracking plan: what each event should say, what is not as planned, what nobody planned."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from heed.collect import plan_actions, plan_reading
from heed.collect.domain.plans import DRAFT, MOST_BYTES, PlanError, Proposal, read_schema
from heed.collect.models import PlannedEvent
from heed.govern.access import Request, allow
from heed.govern.actions import audit

_EMPTY = {"$schema": DRAFT, "type": "object", "properties": {}, "required": []}


class PlanForm(forms.Form):
    name = forms.CharField(
        max_length=200, label="Event", help_text="Its name, as it is sent: “Order Completed”."
    )
    schema = forms.CharField(
        max_length=MOST_BYTES,
        strip=False,
        label="What its properties should be",
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false", "dir": "ltr", "class": "mono"}),
        help_text="A JSON Schema, draft 2020-12. “additionalProperties”: false tells you of names that are not in it.",
    )

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["name"]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if "\x00" in name or PlannedEvent.objects.filter(name=name).exists():
            raise forms.ValidationError("This event is in the plan already.")
        return name

    def clean_schema(self) -> dict[str, Any]:
        try:
            return read_schema(self.cleaned_data["schema"])
        except PlanError as error:
            raise forms.ValidationError(str(error)) from None


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False)


@allow("sources.read")
def plan(request: Request) -> HttpResponse:
    context = {
        "lines": plan_reading.lines(),
        "unplanned": plan_reading.unplanned(),
        "skipped": plan_reading.skipped(),
    }
    return render(request, "collect/plan.html", context)


@allow("sources.manage")
def new(request: Request) -> HttpResponse:
    """An event to plan; with a name in the address, what arrived of it is proposed."""
    if request.method == "POST":
        form = PlanForm(request.POST)
        if form.is_valid():
            made = plan_actions.save_planned(
                form.cleaned_data["name"], form.cleaned_data["schema"], str(request.user)
            )
            audit(request.user, "plan.saved", made.name)
            messages.success(request, "Planned. What arrives from now on is held against it within a minute.")
            return redirect("collect:planned", planned_id=made.pk)
        return render(request, "collect/planned.html", {"form": form}, status=422)
    name = request.GET.get("name", "")[:200].replace("\x00", "")
    known = PlannedEvent.objects.filter(name=name).first() if name else None
    if known is not None:
        return redirect("collect:planned", planned_id=known.pk)
    learnt = plan_reading.learn(name) if name else None
    form = PlanForm(initial={"name": name, "schema": _proposal(learnt)})
    return _page(request, form, learnt, name=name, unplanned=[] if name else plan_reading.unplanned())


def _proposal(learnt: Proposal | None) -> str:
    return _text(learnt.schema if learnt is not None and learnt.events else _EMPTY)


def _page(
    request: Request, form: PlanForm, learnt: Proposal | None, status: int = 200, **more: Any
) -> HttpResponse:
    return render(request, "collect/planned.html", {"form": form, "learnt": learnt, **more}, status=status)


@allow("sources.read", change="sources.manage")
def planned(request: Request, planned_id: int) -> HttpResponse:
    found = plan_reading.planned(planned_id)
    if found is None:
        raise Http404
    status, learnt = 200, None
    if request.method == "POST":
        form = PlanForm(request.POST, known=True)
        if form.is_valid():
            plan_actions.save_planned(found.name, form.cleaned_data["schema"], str(request.user))
            audit(request.user, "plan.saved", found.name)
            messages.success(request, "Saved. Counting begins anew.")
            return redirect("collect:planned", planned_id=found.pk)
        status = 422
    elif "learn" in request.GET:
        learnt = plan_reading.learn(found.name)
        form = PlanForm(initial={"schema": _proposal(learnt)}, known=True)
    else:
        form = PlanForm(initial={"schema": _text(found.schema)}, known=True)
    context = {"line": plan_reading.line(found), "wrong": plan_reading.wrong(found), "planned": found}
    return _page(request, form, learnt, status, name=found.name, **context)


@allow("sources.manage")
@require_POST
def remove(request: Request, planned_id: int) -> HttpResponse:
    found = plan_reading.planned(planned_id)
    if found is None:
        raise Http404
    plan_actions.remove_planned(found)
    audit(request.user, "plan.removed", found.name)
    messages.success(request, f"“{found.name}” is not in the plan any more.")
    return redirect("collect:plan")
