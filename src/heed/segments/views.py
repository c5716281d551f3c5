"""Segments: the list, one with its people, the builder, how they overlap."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from heed import rules
from heed.govern.access import Request, allow
from heed.govern.api import audit
from heed.kit.clock import moment
from heed.ports.ledger import LedgerUnavailable
from heed.profiles import reading as people
from heed.rules.tree import from_json, to_json
from heed.segments import actions, exports, files, reading, sample
from heed.segments.forms import PutForm, SegmentForm
from heed.segments.models import Segment

_AT_ONCE = 8


@allow("customers.read")
def segment_list(request: Request) -> HttpResponse:
    sizes = reading.sizes.get()
    lines = [
        {"segment": each, "words": _words(each), "size": sizes.get(each.key, 0)}
        for each in sorted(Segment.objects.all(), key=lambda each: _as_read(each.name))
    ]
    context = {"lines": lines, "progress": reading.progress(), "total": people.how_many()}
    return render(request, "segments/list.html", context)


def _as_read(name: str) -> str:
    """What names are sorted by: as in an index, accents and capitals aside."""
    return unicodedata.normalize("NFKD", name).casefold()


def _words(segment: Segment) -> str:
    if segment.kind == "list":
        return "whoever somebody puts on this list"
    try:
        words = rules.describe(rules.parse(segment.rule))
    except rules.RuleError as error:
        return f"the rule cannot be read: {error}"
    return f"{words}, and {rules.consent_to(segment.purpose)}" if segment.purpose else words


def _segment(key: str) -> Segment:
    found = Segment.objects.filter(key=key).first()
    if found is None:
        raise Http404
    return found


@allow("customers.read")
def segment(request: Request, key: str) -> HttpResponse:
    found = _segment(key)
    size, total = reading.size(key), people.how_many()
    page = people.people(people.Question(segment=key), request.GET.get("after", "")[:200])
    context = {
        "segment": found,
        "words": _words(found),
        "size": size,
        "total": max(total, size),
        "share": size / total if total else 0.0,
        "progress": None if found.filled_at else reading.progress() or reading.Progress(0.0),
        "days": [(day, count) for day, count in reading.over_time(found)],
        "counts": [count for _, count in reading.over_time(found)],
        "overlaps": reading.overlaps(key),
        "page": page,
        "after": request.GET.get("after", ""),
        "q": "",
        "form": PutForm(),
        "schedules": exports.of_segment(key) if request.user.may("customers.export") else [],
        "kept_days": exports.KEPT.days,
    }
    return render(request, "segments/segment.html", context)


@allow("customers.read", change="rules.manage")
def edit(request: Request, key: str = "") -> HttpResponse:
    known = _segment(key) if key else None
    if request.method == "POST":
        form = SegmentForm(request.POST, known=bool(known))
        if form.is_valid():
            try:
                saved = actions.save_segment(key, **form.cleaned_data, by=request.user)
            except ValidationError as error:
                for name, wrong in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, wrong)
            else:
                messages.success(request, "Saved. Its people are found in the background, in a moment.")
                return redirect("segments:segment", key=saved.key)
        return render(request, "segments/edit.html", _editing(form, known), status=422)
    initial = (
        {name: getattr(known, name) for name in ("name", "description", "purpose", "rule", "kind")}
        if known
        else {"rule": request.GET.get("rule", "")[:20_000]}
    )
    return render(
        request, "segments/edit.html", _editing(SegmentForm(initial=initial, known=bool(known)), known)
    )


def _editing(form: SegmentForm, known: Segment | None) -> dict[str, Any]:
    return {
        "form": form,
        "segment": known,
        "words": sample.words(),
        "facts": rules.facts(),
    }


@allow("customers.read", change="rules.manage")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What a rule being written means, how many and some of whom; or what is wrong and where."""
    context = sample.explained(request.POST.get("rule", "")[: actions.LONGEST_RULE])
    return render(request, "segments/preview.html", context)


@allow("customers.read", change="rules.manage")
@require_POST
def rule_forms(request: HttpRequest) -> JsonResponse:
    """The same rule in its other form: `tree` (JSON) → text, or `text` → tree."""
    try:
        if "tree" in request.POST:
            tree = from_json(request.POST["tree"][:100_000])
            text = rules.text(tree)
            rules.parse(text)
            return JsonResponse({"text": text})
        text = request.POST.get("text", "")[:20_000]
        tree = rules.parse(text)
        return JsonResponse({"tree": msgspec.json.decode(to_json(tree))})
    except rules.RuleError as error:
        return JsonResponse({"error": str(error), "at": error.position + 1}, status=422)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeError):
        return JsonResponse({"error": "This is no rule."}, status=422)


@allow("customers.read")
def overlap(request: Request) -> HttpResponse:
    """Who is in both: each two of some segments, and who is in all of them."""
    known = sample.names()
    chosen = [each for each in dict.fromkeys(request.GET.getlist("segment")) if each in known][:_AT_ONCE]
    sizes = reading.sizes.get()
    if not chosen:
        chosen = sorted(known, key=lambda key: -sizes.get(key, 0))[:4]
    both = reading.shared(chosen)
    table = [
        {
            "key": row,
            "name": known[row],
            "cells": [
                {
                    "count": both.get((row, column), 0),
                    "share": _part(both.get((row, column), 0), sizes.get(row, 0)),
                    "same": row == column,
                    "name": known[column],
                }
                for column in chosen
            ],
        }
        for row in chosen
    ]
    context = {
        "known": known,
        "chosen": chosen,
        "names": [known[key] for key in chosen],
        "table": table,
        "in_all": reading.in_all(chosen) if chosen else 0,
        "rule": " and ".join(f"segment {rules.quoted(key)}" for key in chosen),
    }
    return render(request, "segments/overlap.html", context)


def _part(count: int, of: int) -> float | None:
    return count / of if of else None


@allow("rules.manage")
@require_POST
def delete(request: Request, key: str) -> HttpResponse:
    found = _segment(key)
    try:
        actions.delete_segment(key, by=request.user)
    except ValidationError as error:
        messages.error(request, f"“{found.name}” stays: {error.message}")
        return redirect("segments:segment", key=key)
    messages.success(request, f"“{found.name}” is deleted.")
    return redirect("segments:list")


@allow("rules.manage")
@require_POST
def put(request: Request, key: str) -> HttpResponse:
    """Put customers on a list, or take them off. Named by a whole identifier: a guess would take the wrong one."""
    found = _segment(key)
    if found.kind != "list":
        raise Http404
    form = PutForm(request.POST)
    if not form.is_valid():
        wrong = form.errors["who"].as_data()[0]
        said = wrong.message if wrong.code is None else "Say who: an e-mail address, phone number or id."
        messages.error(request, said)
        return redirect("segments:segment", key=key)
    on = request.POST.get("off") != "1"
    matching, unknown = people.by_identifiers(form.cleaned_data["who"])
    try:
        if matching and actions.put_on_list(key, [each.id for each in matching], on=on, by=request.user):
            who = matching[0].name if len(matching) == 1 else f"{len(matching)} customers"
            done = f"{'is' if len(matching) == 1 else 'are'} {'put on' if on else 'taken off'} the list"
            messages.success(request, f"{who} {done}; it shows in a moment.")
        elif matching:
            messages.error(request, "This profile has no identifier left by which it could be named.")
        if unknown:
            some = ", ".join(each[:60] for each in unknown[:5]) + (" …" if len(unknown) > 5 else "")
            messages.error(request, f"Nobody is known, or more than one customer, by: {some}")
    except LedgerUnavailable:
        messages.error(
            request, "Nothing was changed: the ledger cannot be written just now. Try again in a moment."
        )
    return redirect("segments:segment", key=key)


@allow("customers.export")
def export(request: Request, key: str) -> HttpResponseBase:
    found = _segment(key)
    kind = request.GET.get("as", "csv")
    if kind not in {"csv", "parquet"}:
        raise Http404
    if not found.filled_at:
        raise PermissionDenied(
            "The segment is still being filled; its file would be incomplete. Try again in a moment."
        )
    audit(request.user, "segment.exported", key, file=kind)
    response: HttpResponseBase
    if kind == "csv":
        response = StreamingHttpResponse(files.csv_lines(key), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(files.parquet(key), content_type="application/vnd.apache.parquet")
    response["Content-Disposition"] = f'attachment; filename="{key}.{kind}"'
    return response


def segments_panel(request: HttpRequest, customer: Any) -> str:
    """On the page of a customer: the segments they are in, and since when."""
    known = sample.names()
    keys = [key for key in reading.of_profile(customer.id) if key in known]
    remembered = customer.state.segments.since if customer.state is not None else {}
    lines = [
        {"key": key, "name": known[key], "since": moment(remembered[key]) if key in remembered else None}
        for key in keys
    ]
    return render_to_string("segments/panel.html", {"lines": lines, "any": bool(known)}, request=request)
