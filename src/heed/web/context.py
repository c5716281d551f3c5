"""What every template knows: the navigation this person may use, the theme, the organisation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from heed import settings as heed_settings
from heed.kit.shares import at_most
from heed.web.registry import Entry, navigation_for


def face(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    return {
        "organisation": _organisation(),
        "theme_choices": (("auto", "Auto"), ("light", "Light"), ("dark", "Dark")),
        "theme": user.theme if signed_in and user else "auto",
        "navigation": _navigation(request, user.role) if signed_in and user else [],
    }


def _count(entry: Entry) -> str:
    found = entry.count() if entry.count else 0
    return at_most(found, entry.most) if found else ""


def _organisation() -> str:
    """Its name, or nothing while nobody has set one."""
    name = heed_settings.load().organisation
    return "" if name == heed_settings.Settings.organisation else name


def _navigation(request: HttpRequest, role: str) -> list[dict[str, Any]]:
    """Groups with their links; the link of the page shown, or of the page above it, is marked current."""
    groups: list[dict[str, Any]] = []
    best: tuple[int, dict[str, Any]] | None = None
    for group, entries in navigation_for(role):
        links = []
        for entry in entries:
            try:
                address = reverse(entry.view)
            except NoReverseMatch:
                continue
            link = {
                "label": entry.label,
                "address": address,
                "count": _count(entry),
                "current": False,
            }
            links.append(link)
            inside = request.path == address or (address != "/" and request.path.startswith(address))
            if inside and (best is None or len(address) > best[0]):
                best = len(address), link
        if links:
            groups.append({"label": group, "links": links})
    if best:
        best[1]["current"] = True
    return groups
