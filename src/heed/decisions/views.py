"""Actions: the list, one action with its rules and treatments, and trying a decision as a customer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from heed import rules
from heed.decisions import actions
from heed.decisions.domain.catalogue import KINDS, Tally
from heed.decisions.domain.choose import propensity
from heed.decisions.forms import HELP, ActionForm, Treatments
from heed.decisions.models import Action, ActionTally
from heed.decisions.preview import most_telling, placements, preview
from heed.govern.access import allow
from heed.kit.shares import share
from heed.segments.api import explained, ready_conditions


@allow("decisions.read")
def action_list(request: HttpRequest) -> HttpResponse:
    tallies = {
        row["action"]: row
        for row in ActionTally.objects.values("action").annotate(
            seen=Sum("shown"), took=Sum("accepted"), refused=Sum("dismissed")
        )
    }
    lines = []
    for action in Action.objects.prefetch_related("treatments").order_by("-active", "name"):
        row = tallies.get(action.key, {"seen": 0, "took": 0, "refused": 0})
        tally = Tally(row["seen"], row["took"], row["refused"])
        lines.append(
            {
                "action": action,
                "kind": KINDS.get(action.kind, action.kind),
                "places": sorted({each.placement for each in action.treatments.all()}),
                "tally": tally,
                "rate": share(tally.accepted, tally.shown) if tally.shown else None,
                "propensity": propensity(tally),
                "asks": _asks(action),
                "unasked": actions.UNASKED if _unasked(model_to_dict(action)) else "",
            }
        )
    return render(request, "decisions/actions.html", {"lines": lines})


def _unasked(fields: Mapping[str, Any]) -> bool:
    return actions.unasked(
        fields["kind"],
        fields.get("purpose") or "",
        [fields.get(name) or "" for name in ("eligible", "applicable", "suitable")],
    )


def _asks(action: Action) -> list[tuple[str, str]]:
    """The action's rules in words: `(question, answer)`."""
    found = []
    for question, words in (("eligible", "Who"), ("applicable", "When"), ("suitable", "Right for")):
        text = getattr(action, question)
        if text.strip():
            try:
                found.append((words, rules.describe(rules.parse(text))))
            except rules.RuleError as error:
                found.append((words, f"cannot be read: {error}"))
    if action.purpose:
        found.append(("Needs", rules.consent_to(action.purpose)))
    return found


@allow("decisions.read", change="decisions.manage")
def edit(request: HttpRequest, key: str = "") -> HttpResponse:
    """One action, or a new one where there is no key."""
    known = Action.objects.filter(key=key).first() if key else None
    if key and known is None:
        raise Http404
    if request.method == "POST":
        form = ActionForm(request.POST, known=bool(known), initial={"key": key})
        treatments = Treatments(request.POST, prefix="treatments")
        if form.is_valid() and treatments.is_valid():
            chosen = form.cleaned_data["key"]
            if known is None and Action.objects.filter(key=chosen).exists():
                form.add_error("key", "There is an action of this key already.")
            else:
                kept = [
                    {name: value for name, value in each.items() if name != "DELETE"}
                    for each in treatments.cleaned_data
                    if each and not each.get("DELETE")
                ]
                fields = {**form.cleaned_data}
                if request.POST.get("then") == "on":
                    fields["active"] = True
                try:
                    actions.save_action(chosen, fields, kept, by=request.user)
                except ValidationError as error:
                    for messages_ in error.message_dict.values():
                        form.add_error(None, messages_[0])
                else:
                    if fields["active"]:
                        messages.success(request, "Saved; decisions follow it within two seconds.")
                    else:
                        messages.success(request, "Saved, but switched off: no customer gets it yet.")
                    if _unasked(fields):
                        messages.warning(request, actions.UNASKED)
                    return redirect("decisions:edit", key=chosen)
        return render(request, "decisions/edit.html", _editing(form, treatments, known), status=422)
    form = ActionForm(known=bool(known), initial=model_to_dict(known) if known else {})
    if known:
        form.initial["key"] = known.key
    shown = [model_to_dict(each) for each in known.treatments.order_by("id")] if known else []
    return render(
        request, "decisions/edit.html", _editing(form, Treatments(initial=shown, prefix="treatments"), known)
    )


def _editing(form: ActionForm, treatments: Any, known: Action | None) -> dict[str, Any]:
    return {
        "form": form,
        "treatments": treatments,
        "action": known,
        "facts": rules.facts(),
        "kinds_to_ask": sorted(actions.NEEDS_CONSENT),
        "placements": placements(),
        "conditions": ready_conditions(),
    }


@allow("decisions.read", change="decisions.manage")
@require_POST
def rule_meaning(request: HttpRequest) -> HttpResponse:
    """A line under a rule being written: what it means and how many meet it, or what is wrong and where."""
    name = next((name for name in actions.RULES if name in request.POST), "")
    text = request.POST.get(name, "")[:4_000]
    context = explained(text) or {"empty": HELP.get(name, "")}
    return render(request, "decisions/rule_meaning.html", context)


@allow("decisions.manage")
@require_POST
def switch(request: HttpRequest, key: str) -> HttpResponse:
    action = Action.objects.filter(key=key).first()
    if action is None:
        raise Http404
    actions.switch(key, not action.active, by=request.user)
    words = "switched off" if action.active else "switched on"
    messages.success(request, f"“{action.name}” is {words}.")
    return redirect("decisions:actions")


@allow("decisions.manage")
@require_POST
def delete(request: HttpRequest, key: str) -> HttpResponse:
    action = Action.objects.filter(key=key).first()
    if action is None:
        raise Http404
    actions.delete_action(key, by=request.user)
    messages.success(request, f"“{action.name}” is deleted.")
    return redirect("decisions:actions")


@allow("decisions.read")
def try_as(request: HttpRequest) -> HttpResponse:
    """What a customer would get now, with every action considered and why; nothing is recorded."""
    from heed.profiles import reading

    places = placements()
    placement = request.GET.get("placement") or (places[0] if places else "")
    typed = request.GET.get("who", "").strip()
    people, found = [], None
    if typed:
        people = reading.search(typed)[:8]
        chosen = (
            _uuid(request.GET.get("profile", ""))
            or _uuid(typed)
            or (people[0].id if len(people) == 1 else None)
        )
        if chosen:
            found = preview(chosen, placement, drafts=request.GET.get("drafts") == "on")
    context = {
        "asked": "who" in request.GET, "places": places, "placement": placement, "typed": typed, "people": people, "found": found,
        "drafts": request.GET.get("drafts") == "on",
    }  # fmt: skip
    return render(request, "decisions/try.html", context)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def next_action_panel(request: HttpRequest, customer: Any) -> str:
    """On the page of a customer: what Heed would say now at each placement, "send nothing" included."""
    places = placements()
    chosen = request.GET.get("placement") or most_telling(customer.id)
    if chosen not in places:
        return render_to_string("decisions/panel.html", {"places": []}, request=request) if not places else ""
    found = preview(customer.id, chosen)
    return render_to_string("decisions/panel.html", {"found": found, "places": places}, request=request)
