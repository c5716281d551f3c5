"""The guard every view carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from heed.govern.domain import PERMISSIONS, check_permission
from heed.govern.models import User


class Request(HttpRequest):
    """What a guarded view gets: somebody is signed in, and htmx has been looked for."""

    user: User
    htmx: HtmxDetails


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def allow(permission: str, *, change: str | None = None) -> Callable[[View], View]:
    """Let in only signed-in people whose role has `permission`; requests that change something need `change`
    instead where it is given. Others are sent to sign in, or told with 403 what they lack.

    The permission stays readable as `view.heed_permission`: a test walks every URL and fails where it is
    missing.
    """
    check_permission(permission)
    if change is not None:
        check_permission(change)

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            needed = change if change and request.method not in {"GET", "HEAD", "OPTIONS"} else permission
            if not user.is_authenticated:
                return _to_sign_in(request)
            if not user.may(needed):
                raise PermissionDenied(
                    f"Your role ({user.role}) does not include: {PERMISSIONS[needed].lower()}."
                )
            return view(request, *args, **kwargs)

        guarded.heed_permission = permission  # type: ignore[attr-defined]
        guarded.heed_change = change or permission  # type: ignore[attr-defined]
        return cast(View, guarded)

    return guard


def _to_sign_in(request: Request) -> HttpResponse:
    """A part of a page that is refreshed after the session ended must lead the whole page to sign in."""
    if getattr(request, "htmx", False):
        here = getattr(request.htmx, "current_url_abs_path", None) or "/"
        response = HttpResponse(status=204)
        response["HX-Redirect"] = redirect_to_login(here).url
        return response
    return redirect_to_login(request.get_full_path())
