"""What the tracking API answers, as OpenAPI: it is answered by the front, so nothing derives this from code."""

from __future__ import annotations

from typing import Any

from heed.collect.domain.protocol import KINDS
from heed.kit.openapi import refusal

_TEXT: dict[str, Any] = {"type": "string"}
_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}
_COMMON: dict[str, Any] = {
    "messageId": {"type": "string", "description": "Sent twice, an event counts once."},
    "userId": _TEXT,
    "anonymousId": {"type": "string", "description": "Needed where there is no userId."},
    "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
    "sentAt": {"type": "string", "format": "date-time", "description": "Corrects a clock that goes wrong."},
    "context": _OBJECT,
    "integrations": {**_OBJECT, "description": "Accepted and ignored."},
}
_OWN: dict[str, dict[str, Any]] = {
    "identify": {"traits": _OBJECT},
    "track": {"event": _TEXT, "properties": _OBJECT},
    "page": {"name": _TEXT, "properties": _OBJECT},
    "screen": {"name": _TEXT, "properties": _OBJECT},
    "group": {"groupId": _TEXT, "traits": _OBJECT},
    "alias": {"previousId": _TEXT},
}
_SAYS = {
    "identify": "Who somebody is, and what is known of them.",
    "track": "What somebody did.",
    "page": "Which page somebody saw.",
    "screen": "Which screen of an app somebody saw.",
    "group": "What somebody belongs to: a company, a household.",
    "alias": "That somebody known under one id is the same as under another.",
}
_NEEDS = {"track": ["event"]}


PROBLEMS: dict[str, Any] = {
    "400": refusal("The body as a whole cannot be read."),
    "401": refusal("No write key, or an unknown one."),
    "404": refusal("The source of this write key is switched off."),
    "413": refusal("The body is larger than allowed."),
    "429": refusal("Too much at once; Retry-After says how many seconds to wait."),
    "503": refusal("It cannot be kept just now and was not: send it again. Retry-After says when."),
}
_KEPT = {
    "description": "Kept durably. Events that are no good were put among the dead letters with their reason; the "
    "others passed.",
    "content": {
        "application/json": {"schema": {"type": "object", "properties": {"success": {"type": "boolean"}}}}
    },
}


def _call(kind: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": {**_COMMON, **_OWN[kind]}}
    if kind in _NEEDS:
        shape["required"] = _NEEDS[kind]
    return shape


def _many() -> dict[str, Any]:
    every = {name: told for own in _OWN.values() for name, told in own.items()}
    one = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "enum": list(KINDS)}, **_COMMON, **every},
    }
    return {
        "type": "object",
        "required": ["batch"],
        "properties": {"batch": {"type": "array", "items": one}, "sentAt": _COMMON["sentAt"], "context": _OBJECT},
    }  # fmt: skip


def _path(name: str, says: str, shape: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": f"tracking_{name}",
            "tags": ["tracking"],
            "summary": says,
            "description": "Segment's protocol: any of its clients can send here. The write key goes into basic "
            "authentication, or as `writeKey` into the body. Bodies may be gzipped.",
            "security": [{"WriteKey": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": shape}}},
            "responses": {"200": _KEPT, **PROBLEMS},
        }
    }


_HOOK = {
    "post": {
        "operationId": "webhook",
        "tags": ["tracking"],
        "summary": "What another system pushes to a webhook.",
        "description": "Signed with HMAC-SHA256 as Shopify or Stripe sign, or in the header chosen under Sources.",
        "security": [],
        "parameters": [{"name": "public_id", "in": "path", "required": True, "schema": _TEXT}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _OBJECT}}},
        "responses": {
            "200": _KEPT,
            **{status: told for status, told in PROBLEMS.items() if status != "401"},
            "401": refusal("Not signed, or with another secret, or too long ago."),
            "404": refusal("There is no webhook at this address, or it is switched off."),
        },
    }
}
PATHS: dict[str, Any] = {
    "/hooks/{public_id}": _HOOK,
    **{f"/v1/{kind}": _path(kind, _SAYS[kind], _call(kind)) for kind in KINDS},
    "/v1/batch": _path("batch", "Many events in one request.", _many()),
    "/v1/import": _path("import", "Many events of the past; live ones never wait behind them.", _many()),
}
