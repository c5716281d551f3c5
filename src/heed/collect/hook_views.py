"""The page of a webhook: its address and secret, how it is read, a sample tried, what arrived."""

from __future__ import annotations

import time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from heed import settings as heed_settings
from heed.collect import actions, hook_actions, hook_reading, reading
from heed.collect.domain.hooks.kinds import JSON, KINDS, TOPICS, Options
from heed.collect.domain.hooks.samples import SAMPLES
from heed.collect.domain.mapping import MappingError
from heed.collect.domain.protocol import Limits
from heed.collect.hook_forms import Mapped, SecretForm, ShopOptions, TryForm
from heed.collect.models import Hook
from heed.govern.access import Request, allow
from heed.govern.actions import audit
from heed.kit.clock import DAY


def _hook(source_id: str) -> Hook:
    found = hook_reading.hook(source_id)
    if found is None:
        raise Http404
    return found


def limits() -> Limits:
    settings = heed_settings.load()
    return Limits(
        event_bytes=settings.event_max_bytes,
        batch_events=settings.batch_max_events,
        past_ms=settings.past_days * DAY,
    )


def _asked(hook: Hook, options: Options, data: Any = None) -> ShopOptions | Mapped:
    if hook.kind == JSON:
        return Mapped(options, data)
    return ShopOptions(
        hook.kind,
        data,
        initial={"same_ids": options.same_ids, "payments_are_orders": options.payments_are_orders},
    )


def page(request: Request, hook: Hook, status: int = 200, **more: Any) -> HttpResponse:
    """The webhook's page; `more` replaces a form by one that was filled in."""
    context = {
        "hook": hook,
        "line": reading.source(hook.pk),
        "kind": KINDS[hook.kind],
        "topics": TOPICS[hook.kind],
        "address": f"{heed_settings.load().url}/hooks/{hook.public_id}",
        "arrived": hook_reading.arrived(hook),
        "options": _asked(hook, hook_actions.options_of(hook)),
        "secret_form": SecretForm(),
        "try_form": TryForm(hook.kind, initial={"sample": SAMPLES[hook.kind]}),
        **more,
    }
    return render(request, "collect/hook.html", context, status=status)


@allow("sources.manage")
@require_POST
def secret(request: Request, source_id: str) -> HttpResponse:
    """Paste one, or have one made, which is shown this once."""
    hook = _hook(source_id)
    if request.POST.get("do") == "make":
        made = hook_actions.make_secret(hook)
        audit(request.user, "hook.secret_made", hook.source.name, source=hook.pk)
        return page(request, hook, secret=made)
    form = SecretForm(request.POST)
    if not form.is_valid():
        return page(request, hook, 422, secret_form=form)
    hook_actions.set_secret(hook, form.cleaned_data["secret"])
    audit(request.user, "hook.secret_set", hook.source.name, source=hook.pk)
    messages.success(request, "The secret is kept, encrypted; nobody can read it again here.")
    return redirect("collect:source", source_id=hook.pk)


@allow("sources.manage")
@require_POST
def options(request: Request, source_id: str) -> HttpResponse:
    hook = _hook(source_id)
    form = _asked(hook, hook_actions.options_of(hook), request.POST)
    if not form.is_valid():
        return page(request, hook, 422, options=form)
    hook_actions.save_options(hook, form.options())
    audit(request.user, "hook.changed", hook.source.name, source=hook.pk)
    messages.success(request, "Saved. Try a sample below to see what it becomes.")
    return redirect("collect:source", source_id=hook.pk)


@allow("sources.manage")
@require_POST
def switch(request: Request, source_id: str) -> HttpResponse:
    hook = _hook(source_id)
    if request.POST.get("do") == "off":
        actions.disable_source(hook.pk)
        audit(request.user, "source.disabled", hook.source.name, source=hook.pk)
        messages.success(request, "Switched off: what it sends is turned away from now on.")
        return redirect("collect:source", source_id=hook.pk)
    try:
        hook_actions.switch_on(hook)
    except hook_actions.NotReady as error:
        messages.error(request, str(error))
    else:
        audit(request.user, "source.enabled", hook.source.name, source=hook.pk)
        messages.success(request, "Switched on: what is sent and signed rightly becomes events.")
    return redirect("collect:source", source_id=hook.pk)


@allow("sources.manage")
@require_POST
def attempt(request: Request, source_id: str) -> HttpResponse:
    """What a sample would become. Nothing of it is kept."""
    hook = _hook(source_id)
    form = TryForm(hook.kind, request.POST)
    if not form.is_valid():
        return page(request, hook, 422, try_form=form)
    try:
        reader = hook_actions.reader_of(hook)
    except MappingError as error:
        form.add_error(None, f"The mapping cannot be used: {error}")
        return page(request, hook, 422, try_form=form)
    topic, sample = form.cleaned_data.get("topic", ""), form.cleaned_data["sample"]
    found = hook_reading.tried(reader, topic, sample, time.time_ns() // 1_000_000, limits())
    return page(request, hook, try_form=form, tried=found)
