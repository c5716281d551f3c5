"""The settings pages: team, keys, audit, installation, one's own account."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterator

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLResolver, get_resolver
from django.views.decorators.http import require_POST

from heed.govern import actions, rooms, store
from heed.govern.access import Request, allow
from heed.govern.domain import PERMISSIONS, ROLES, SCOPES, matrix, may_change
from heed.govern.forms import AccountForm, KeyForm, PersonForm
from heed.govern.models import ApiKey, User


def _explain(request: Request, error: ValidationError) -> None:
    messages.error(request, " ".join(error.messages))


@functools.cache
def _permissions_with_pages() -> frozenset[str]:
    """What some page asks for: a permission kept for pages to come is not shown."""

    def asked(resolver: URLResolver) -> Iterator[str]:
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                yield from asked(each)
            else:
                yield getattr(each.callback, "heed_permission", "")
                yield getattr(each.callback, "heed_change", "")

    return frozenset(asked(get_resolver()))


@allow("team.read")
def team(request: Request) -> HttpResponse:
    people = [
        {
            "user": user,
            "roles": [r for r in ROLES if r == user.role or may_change(request.user.role, user.role, r)],
            "changeable": may_change(request.user.role, user.role, user.role),
            "self": user.pk == request.user.pk,
        }
        for user in store.people()
    ]
    there = _permissions_with_pages()
    shown = [line for line in matrix() if line[0] in there]
    context = {"people": people, "roles": ROLES, "matrix": shown, "words": PERMISSIONS}
    return render(request, "govern/team.html", context)


@allow("team.manage")
def add_person(request: Request) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = actions.create_user(
                data["email"], data["role"], data["password"], name=data["name"], by=request.user
            )
        except ValidationError as error:
            form.add_error("email", error)
        else:
            messages.success(request, f"{made.email} can sign in now.")
            return redirect("govern:team")
    context = {"form": form, "roles": ROLES}
    return render(request, "govern/add_person.html", context, status=422 if form.errors else 200)


@allow("team.manage")
@require_POST
def set_role(request: Request, user_id: int) -> HttpResponse:
    get_object_or_404(User, pk=user_id)
    try:
        user = actions.change_role(user_id, request.POST.get("role", ""), by=request.user)
    except ValidationError as error:
        _explain(request, error)
    else:
        messages.success(request, f"{user} is {user.role} now.")
    return redirect("govern:team")


@allow("team.manage")
@require_POST
def set_active(request: Request, user_id: int) -> HttpResponse:
    get_object_or_404(User, pk=user_id)
    active = request.POST.get("active") == "yes"
    try:
        user = actions.set_active(user_id, active, by=request.user)
    except ValidationError as error:
        _explain(request, error)
    else:
        messages.success(
            request, f"{user} can sign in again." if active else f"{user} can no longer sign in."
        )
    return redirect("govern:team")


@allow("team.manage")
@require_POST
def new_password(request: Request, user_id: int) -> HttpResponse:
    """A fresh password for somebody who forgot theirs, shown once."""
    user = get_object_or_404(User, pk=user_id)
    if user.pk == request.user.pk or not may_change(request.user.role, user.role, user.role):
        messages.error(
            request, "Only an owner can give an owner a new password; change your own under My account."
        )
        return redirect("govern:team")
    password = secrets.token_urlsafe(12)
    actions.set_password(user, password, by=request.user)
    return render(request, "govern/new_password.html", {"person": user, "password": password})


@allow("keys.manage")
def keys(request: Request) -> HttpResponse:
    form = KeyForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        secret = actions.create_key(form.cleaned_data["name"], form.cleaned_data["scope"], by=request.user)
        form = KeyForm()
    context = {"form": form, "secret": secret, "keys": store.keys(), "scopes": SCOPES}
    return render(request, "govern/keys.html", context, status=422 if form.errors else 200)


@allow("keys.manage")
@require_POST
def revoke_key(request: Request, key_id: int) -> HttpResponse:
    try:
        key = actions.revoke_key(key_id, by=request.user)
    except ApiKey.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"“{key.name}” is revoked: programs that use it are turned away from now on.")
    return redirect("govern:keys")


@allow("audit.read")
def audit_log(request: Request) -> HttpResponse:
    before = request.GET.get("before", "")
    page = store.audit_page(
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
        what=request.GET.get("what", "").replace("\x00", "")[:60],
    )
    context = {"page": page, "kinds": store.audit_kinds(), "what": request.GET.get("what", "")}
    return render(request, "govern/audit.html", context)


@allow("installation.read")
def installation(request: Request) -> HttpResponse:
    return render(request, "govern/installation.html", {"blocks": rooms.facts()})


@allow("account.own")
def account(request: Request) -> HttpResponse:
    form = AccountForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("govern:account")
    context = {"form": form, "role_words": ROLES[request.user.role]}
    return render(request, "govern/account.html", context, status=422 if form.errors else 200)


@allow("account.own")
@require_POST
def set_theme(request: Request) -> HttpResponse:
    theme = request.POST.get("theme", "")
    if theme in User.Theme.values:
        request.user.theme = theme
        request.user.save(update_fields=["theme"])
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("govern:account")
