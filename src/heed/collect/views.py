"""Sources and their keys, events as they arrive, and what could not become an event."""

from __future__ import annotations

import time

from django.contrib import messages
from django.core.signing import TimestampSigner
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from heed import settings as heed_settings
from heed.collect import actions, hook_actions, hook_reading, hook_views, reading
from heed.collect.domain.hooks.kinds import KINDS
from heed.collect.domain.protocol import REASONS
from heed.collect.forms import SourceForm
from heed.govern.access import Request, allow
from heed.govern.actions import audit
from heed.ports.ledger import LedgerUnavailable

AT_ONCE = 5_000
"""Most dead letters one click works on, so that it answers within some seconds."""
PLACEHOLDER = "YOUR_WRITE_KEY"


@allow("sources.read")
def sources(request: Request) -> HttpResponse:
    return render(request, "collect/sources.html", {"lines": reading.sources()})


@allow("sources.manage")
def new_source(request: Request) -> HttpResponse:
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name, kind = form.cleaned_data["name"], form.cleaned_data["kind"]
        if kind in KINDS:
            hook = hook_actions.create_hook(name, kind, str(request.user))
            audit(request.user, "source.created", name, source=hook.pk, kind=kind)
            return redirect("collect:source", source_id=hook.pk)
        made, key = actions.create_source(name, kind, str(request.user))
        audit(request.user, "source.created", made.name, source=made.id, kind=made.kind)
        return _with_key(request, made.id, key)
    return render(request, "collect/new_source.html", {"form": form}, status=422 if form.errors else 200)


def _line(source_id: str) -> reading.Line:
    found = reading.source(source_id)
    if found is None:
        raise Http404
    return found


def _with_key(request: Request, source_id: str, key: str) -> HttpResponse:
    context = {"line": _line(source_id), "key": key, "shown_key": key, "url": heed_settings.load().url}
    return render(request, "collect/source.html", context)


@allow("sources.read")
def source(request: Request, source_id: str) -> HttpResponse:
    if (hook := hook_reading.hook(source_id)) is not None:
        return hook_views.page(request, hook)
    context = {"line": _line(source_id), "key": "", "shown_key": PLACEHOLDER, "url": heed_settings.load().url}
    return render(request, "collect/source.html", context)


@allow("sources.manage")
@require_POST
def disable(request: Request, source_id: str) -> HttpResponse:
    line = _line(source_id)
    actions.disable_source(source_id)
    audit(request.user, "source.disabled", line.source.name, source=source_id)
    messages.success(request, f"“{line.source.name}” is disabled: what it sends is turned away from now on.")
    return redirect("collect:source", source_id=source_id)


@allow("sources.manage")
@require_POST
def enable(request: Request, source_id: str) -> HttpResponse:
    line = _line(source_id)
    if line.source.kind == "hook":
        raise Http404
    actions.enable_source(source_id)
    audit(request.user, "source.enabled", line.source.name, source=source_id)
    messages.success(request, f"“{line.source.name}” may send again.")
    return redirect("collect:source", source_id=source_id)


@allow("sources.manage")
@require_POST
def renew_key(request: Request, source_id: str) -> HttpResponse:
    line = _line(source_id)
    if line.source.kind == "hook":
        raise Http404
    key = actions.renew_key(source_id)
    audit(request.user, "source.key_renewed", line.source.name, source=source_id)
    return _with_key(request, source_id, key)


@allow("events.read")
def live(request: Request) -> HttpResponse:
    """The page; its lines come from the front, which reads the token signed here."""
    token = TimestampSigner(salt="heed.live").sign(str(request.user.pk))
    return render(request, "collect/live.html", {"token": token, "sources": reading.source_names()})


@allow("events.read")
def letters(request: Request) -> HttpResponse:
    reason, source_id = request.GET.get("reason", "")[:100], request.GET.get("source", "")[:100]
    before = request.GET.get("before", "")
    found, following = reading.letters(
        reason.replace("\x00", ""),
        source_id.replace("\x00", ""),
        int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    context = {
        "counts": [(name, REASONS.get(name, name), count) for name, count in actions.counts_by_reason()],
        "reason": reason,
        "source": source_id,
        "sources": reading.source_names(),
        "letters": found,
        "next_before": following,
        "at_once": AT_ONCE,
    }
    return render(request, "collect/letters.html", context)


@allow("events.read")
def letter(request: Request, letter_id: int) -> HttpResponse:
    found = reading.letter(letter_id)
    if found is None:
        raise Http404
    return render(request, "collect/letter.html", {"letter": found})


def _change(request: Request, ids: list[int], what: str) -> bool:
    """Do `what` ("again" or "discard") to these letters and say how it went."""
    if request.POST.get("do") == "discard":
        gone = actions.discard(ids)
        audit(request.user, "letters.discarded", what, count=gone)
        messages.success(request, f"{gone:,} discarded.")
    else:
        try:
            passed, failed = actions.resubmit(ids, hook_views.limits(), time.time_ns() // 1_000_000)
        except LedgerUnavailable:
            messages.error(
                request, "Nothing was sent: the ledger cannot be written just now. Try again in a moment."
            )
            return False
        audit(request.user, "letters.resubmitted", what, passed=passed, failed=failed)
        if failed:
            messages.warning(request, f"{passed:,} passed, {failed:,} still cannot become an event.")
        else:
            messages.success(request, f"{passed:,} sent again and accepted.")
    reading.open_letters.forget()
    return True


@allow("letters.manage")
@require_POST
def change(request: Request, letter_id: int) -> HttpResponse:
    if reading.letter(letter_id) is None:
        raise Http404
    _change(request, [letter_id], f"letter {letter_id}")
    return redirect("collect:letter", letter_id=letter_id)


@allow("letters.manage")
@require_POST
def change_all(request: Request) -> HttpResponse:
    reason = request.POST.get("reason", "")[:100].replace("\x00", "")
    ids = reading.open_ids(reason, AT_ONCE)
    if ids and _change(request, ids, f"reason {reason}") and len(ids) == AT_ONCE:
        messages.info(request, f"{AT_ONCE:,} at a time: press again for the rest.")
    return redirect("collect:letters")
