"""The management API: every room's routes under `/api/v1`, entered with an API key."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer
from ninja.throttling import AuthRateThrottle

from heed import __version__
from heed.govern.api import Key, client_address, verify_key
from heed.kit.openapi import PROBLEM, refusal
from heed.kit.rate import WAIT, tries
from heed.web.registry import answers, routes

log = logging.getLogger(__name__)
_strangers = tries()


class ManageKey(HttpBearer):
    """`Authorization: Bearer heed_manage_…`; keys that may only send events are told so."""

    def authenticate(self, request: HttpRequest, token: str) -> Key | None:
        key = verify_key(token)
        # Asked after the key, so that whoever has one is let in however many others try from the same address.
        if key is None and not _strangers.take(client_address(request), time.monotonic()):
            raise Throttled(WAIT)
        if key is not None and key.scope != "manage":
            raise HttpError(403, "This key may only send events. Whatever else needs a key of scope manage.")
        return key


def _problem(request: HttpRequest, status: int, code: str, message: str, detail: Any = "") -> HttpResponse:
    response = api.create_response(
        request, {"code": code, "message": message, "detail": detail}, status=status
    )
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


_REFUSALS = {
    400: "What was asked makes no sense.",
    401: "No valid API key was sent.",
    403: "The key's scope does not include this.",
    404: "There is nothing of this kind.",
    409: "Something else stands in the way.",
    413: "More was sent than is read at once.",
    422: "Some of what was sent has a wrong form.",
    429: "Too many requests; `Retry-After` says how long to wait.",
}


class _Docs(DocsBase):
    """The description as a page of Heed: in its colours, with a way back."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        settings = {"url": self.get_openapi_url(api, kwargs), "layout": "BaseLayout", "deepLinking": True}
        return render(request, "heed/api_docs.html", {"swagger": json.dumps(settings)})


class _Api(NinjaAPI):
    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """The routes, and what the front answers without Django: each room describes its own."""
        schema = super().get_openapi_schema(**kwargs)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, words in _REFUSALS.items():
                    operation["responses"].setdefault(status, refusal(words))
        schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM
        schema["paths"].update(answers())
        schema["components"].setdefault("securitySchemes", {})["WriteKey"] = {
            "type": "http",
            "scheme": "basic",
            "description": "A source's write key as the user name, the password empty.",
        }
        return schema


_CODES = {400: "bad_request", 403: "not_allowed", 404: "not_found", 409: "conflict", 429: "too_many_requests"}

api = _Api(
    title="Heed",
    version=__version__,
    description="Customers, how they feel, what is true for them. Errors: `code`, `message`, `detail`.",
    auth=ManageKey(),
    docs=_Docs(),
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api",
    throttle=[AuthRateThrottle("600/m")],
)


@api.exception_handler(AuthenticationError)
def unknown_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _problem(
        request,
        401,
        "unknown_key",
        "Send a valid API key: Authorization: Bearer heed_manage_…",
        "Keys are made under Settings → API keys. A revoked key is unknown.",
    )


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    response = _problem(request, error.status_code, _CODES.get(error.status_code, "error"), error.message)
    if isinstance(error, Throttled) and error.wait is not None:
        response["Retry-After"] = str(error.wait)
    return response


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return _problem(request, 413, "too_large", f"At most {most:,} bytes are read at once; send less.")


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return _problem(request, 404, "not_found", "There is nothing at this address.")


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """An address below `/api/` that is none: said to a program, not shown as a page."""
    return missing(request, Http404())


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    wrong = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors]
    return _problem(request, 422, "invalid", "Some of what was sent cannot be used.", wrong)


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("the management API failed")
    return _problem(request, 500, "internal", "This failed on our side. The server's log says why.")


for prefix, router in routes().items():
    api.add_router(f"/v1/{prefix}", import_string(router))
