"""Importing a file by hand: send it, say what is what, see what it would become, import it."""

from __future__ import annotations

import time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from heed.collect import import_actions, uploads
from heed.collect.domain.assistant import CALLS, KINDS, ROLES, Choices, Unfinished
from heed.collect.domain.contacts import contact_doubts
from heed.collect.domain.doubts import doubts
from heed.collect.domain.mapping import read_mapping
from heed.collect.domain.refusals import SHOWN, WORDS
from heed.collect.hook_reading import shown
from heed.collect.import_forms import ChoicesForm, UploadForm, chosen
from heed.collect.importer import ImportProblem
from heed.collect.models import Upload
from heed.contracts.event import Event
from heed.govern.access import Request, allow
from heed.govern.actions import audit
from heed.govern.uploads import MOST_BYTES, REFUSED
from heed.kit.sealing import Unreadable

_TOO_LARGE = (
    f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Take it in on the machine itself: "
    "heed import FILE --map MAP.toml; a mapping made here from its first lines can be downloaded for that."
)


@allow("sources.manage")
def imports(request: Request) -> HttpResponse:
    """Every file that was sent, and sending one."""
    status, form = 200, UploadForm()
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if request.META.get(REFUSED):
            form.is_valid()
            form.errors.clear()
            form.add_error("file", _TOO_LARGE)
        elif form.is_valid():
            file = form.cleaned_data["file"]
            try:
                kept = uploads.keep(file.name, file.chunks(uploads.PART), str(request.user))
            except ImportProblem as error:
                form.add_error("file", str(error))
            else:
                audit(request.user, "upload.sent", kept.name, bytes=kept.size)
                return redirect("collect:upload", upload_id=kept.pk)
        status = 422
    return render(
        request, "collect/imports.html", {"form": form, "uploads": Upload.objects.all()[:100]}, status=status
    )


def _upload(upload_id: str) -> Upload:
    found = Upload.objects.filter(pk=upload_id.replace("\x00", "")).first()
    if found is None:
        raise Http404
    return found


@allow("sources.manage")
def upload(request: Request, upload_id: str) -> HttpResponse:
    """A file: what is what in it, its first rows as they would become, and how far it is."""
    found = _upload(upload_id)
    choices = uploads.choices_of(found)
    if request.method == "POST" and found.state not in {"importing", "done"}:
        form = ChoicesForm(request.POST)
        if form.is_valid():
            try:
                import_actions.look_through(found, chosen(request.POST, choices, form.cleaned_data))
            except Unfinished as error:
                form.add_error(None, str(error))
            else:
                return redirect("collect:upload", upload_id=found.pk)
        return _page(request, found, choices, form, 422)
    form = ChoicesForm(initial={name: getattr(choices, name) for name in ChoicesForm.base_fields})
    return _page(request, found, choices, form)


def _page(
    request: Request, found: Upload, choices: Choices, form: ChoicesForm, status: int = 200
) -> HttpResponse:
    samples: dict[str, list[str]] = {}
    rows: list[dict[str, Any]] = []
    problem = ""
    unsure: list[str] = []
    if found.state != "done":
        try:
            with uploads.opened(found, whole=False) as file:
                peek = uploads.peek(file)
            samples, unsure = _samples(peek), doubts(choices, peek.rows)
            unsure += (
                contact_doubts(found.counts["unusable"])
                if "unusable" in found.counts
                else contact_doubts(uploads.unusable(choices, peek), len(peek.rows))
            )
            rows = _preview(found, choices)
        except (Unfinished, ImportProblem) as error:
            problem = str(error)
        except (Unreadable, OSError) as error:
            problem = f"The file cannot be read any more ({type(error).__name__}). Send it again."
    columns = [
        {
            "name": each.name,
            "cells": samples.get(each.name, []),
            "role": request.POST.get(f"role-{place}", each.role),
            "target": request.POST.get(f"target-{place}", each.target),
            "kind": request.POST.get(f"kind-{place}", each.kind),
        }
        for place, each in enumerate(choices.columns)
    ]
    context = {
        "upload": found,
        "choices": choices,
        "columns": columns if choices.rows != CALLS else [],
        "roles": ROLES,
        "kinds": KINDS,
        "form": form,
        "rows": rows,
        "doubts": unsure,
        "problem": problem,
        **_state(found),
    }
    return render(request, "collect/import.html", context, status=status)


def _samples(peek: uploads.Peek) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in peek.columns:
        cells = dict.fromkeys(str(row[name])[:60] for row in peek.rows if row.get(name) not in (None, ""))
        found[name] = list(cells)[:3]
    return found


def _preview(found: Upload, choices: Choices) -> list[dict[str, Any]]:
    mapper = read_mapping(uploads.mapping_text(choices))
    rows = uploads.preview(found, mapper, time.time_ns() // 1_000_000)
    return [
        {
            "line": line,
            "event": shown(made) if isinstance(made, Event) else None,
            "consent": _consent(made) if isinstance(made, Event) else {},
            "why": made if isinstance(made, str) else "The mapping leaves it out." if made is None else "",
        }
        for line, made in rows
    ]


def _consent(event: Event) -> dict[str, Any]:
    said = event.context.get("consent")
    found = said.get("categoryPreferences") if isinstance(said, dict) else None
    return found if isinstance(found, dict) else {}


def _state(found: Upload) -> dict[str, Any]:
    refused = found.counts.get("refused", [])
    return {
        "stale": import_actions.stale(found),
        "working": found.state in {"counting", "importing"},
        "percent": int(found.share * 100),
        "refused": [{**each, "why": WORDS.get(each["reason"], each["reason"])} for each in refused[:SHOWN]],
        "refusals": sum(each["n"] for each in refused),
        "refused_else": sum(each["n"] for each in refused[SHOWN:]),
    }


@allow("sources.manage")
def state(request: Request, upload_id: str) -> HttpResponse:
    """How far it is, as a part of the page that asks again by itself while the worker is at it."""
    found = _upload(upload_id)
    return render(request, "collect/import_state.html", {"upload": found, **_state(found)})


@allow("sources.manage")
def mapping(request: Request, upload_id: str) -> HttpResponse:
    """The mapping as the file that `heed import` takes."""
    found = _upload(upload_id)
    try:
        text = uploads.mapping_text(uploads.choices_of(found))
    except Unfinished as error:
        messages.error(request, str(error))
        return redirect("collect:upload", upload_id=found.pk)
    answer = HttpResponse(text, content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="mapping.toml"'
    return answer


@allow("sources.manage")
@require_POST
def change(request: Request, upload_id: str) -> HttpResponse:
    """Start, stop, or delete."""
    found = _upload(upload_id)
    do = request.POST.get("do")
    if do == "start" and found.state in {"counted", "stopped", "failed"}:
        if not found.counts:
            messages.error(request, "Look through it first, so that you know what it becomes.")
        else:
            import_actions.start(found)
            audit(request.user, "upload.imported", found.name)
    elif do == "stop":
        import_actions.stop(found)
        audit(request.user, "upload.stopped", found.name)
    elif do == "delete" and (found.state != "importing" or import_actions.stale(found)):
        audit(request.user, "upload.deleted", found.name)
        found.delete()
        messages.success(request, "The file is deleted. What was imported of it stays.")
        return redirect("collect:imports")
    return redirect("collect:upload", upload_id=found.pk)
