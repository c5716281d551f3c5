"""Pages for when something is wrong. Each says what happened and what to do next."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

log = logging.getLogger(__name__)


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"status": status, "title": title, "text": text}
    template = "heed/error_part.html" if getattr(request, "htmx", False) else "heed/error.html"
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request, 400, "This request cannot be understood", "Go back, check what you entered and try again."
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    reason = str(exception) or "Your role does not include this page."
    return _page(request, 403, "You may not open this", f"{reason} An owner or manager can change your role.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        404,
        "There is nothing here",
        "The address may be wrong, or what it showed was merged, erased or revoked since.",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        "This form is too old to be sent",
        "It was opened before you signed in, or your browser sends no cookies. Go back, reload the page and "
        "send it again.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Drawn without the database and without knowing who is signed in: either may be what failed."""
    return HttpResponse(loader.get_template("heed/error_500.html").render({}), status=500)
