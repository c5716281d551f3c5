"""What `POST /v1/decide` answers, as OpenAPI: the front answers it, so nothing derives this from code."""

from __future__ import annotations

from typing import Any

from heed.kit.openapi import refusal

_TEXT: dict[str, Any] = {"type": "string"}
_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}
_LIST: dict[str, Any] = {"type": "array", "items": _OBJECT}
_SERVER = "Only with a server's key."


_QUESTION: dict[str, Any] = {
    "type": "object",
    "required": ["placement"],
    "properties": {
        "placement": _TEXT,
        "userId": {
            "type": "string",
            "description": "Ignored with a website's key: there anonymousId says who.",
        },
        "anonymousId": _TEXT,
        "channel": _TEXT,
        "context": _OBJECT,
        "events": {
            "type": "array",
            "maxItems": 100,
            "items": _OBJECT,
            "description": "Tracking calls that go into the decision and are kept with it.",
        },
    },
}
_FIELDS: dict[str, Any] = {
    "type": "object",
    "required": ["fields"],
    "properties": {
        "fields": {"type": "array", "minItems": 1, "maxItems": 100, "items": _TEXT},
        "userId": {"type": "string", "description": "Ignored with a website's key."},
        "anonymousId": _TEXT,
        "purpose": {"type": "string", "default": "service"},
    },
}
_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "decisionId": _TEXT,
        "action": {"type": "string", "nullable": True, "description": "Null: say nothing."},
        "treatment": {**_OBJECT, "nullable": True},
        "customerWhy": _TEXT,
        "profileId": {"type": "string", "description": _SERVER},
        "mood": {**_OBJECT, "description": _SERVER},
        "circumstances": {**_LIST, "description": _SERVER},
        "stance": {**_OBJECT, "description": _SERVER},
        "why": {"type": "array", "items": _TEXT, "description": _SERVER},
        "considered": {**_LIST, "description": _SERVER},
        "dropped": {**_LIST, "description": "Events of the question that could not be kept, with their reason."},
    },
}  # fmt: skip

PATHS: dict[str, Any] = {
    "/v1/decide": {
        "post": {
            "operationId": "decide",
            "tags": ["decisions"],
            "summary": "What to say to somebody now, at one placement.",
            "description": "The answer is itself kept as an event, Decision Made.",
            "security": [{"WriteKey": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _QUESTION}}},
            "responses": {
                "200": {
                    "description": "Decided, and kept durably.",
                    "content": {"application/json": {"schema": _ANSWER}},
                },
                "400": refusal(
                    "No placement, nobody to decide for, more than 100 events, or no such question."
                ),
                "401": refusal("No write key, or an unknown one."),
                "404": refusal("The source of this write key is switched off."),
                "413": refusal("The body is larger than 256 kB."),
                "429": refusal("Too many unknown write keys from one address."),
                "503": refusal("The decision cannot be kept just now; ask again. Retry-After says when."),
            },
        }
    },
    "/v1/known": {
        "post": {
            "operationId": "known",
            "tags": ["decisions"],
            "summary": "Which fields of a form need not be asked.",
            "description": "Never a value. With a website's key only anonymousId says who.",
            "security": [{"WriteKey": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _FIELDS}}},
            "responses": {
                "200": {
                    "description": "By field whether it is known, and whether it may be used for the purpose.",
                    "content": {"application/json": {"schema": _OBJECT}},
                },
                "400": refusal("Nobody it is about, no fields or more than 100, or no such question."),
                "401": refusal("No write key, or an unknown one."),
                "404": refusal("The source of this write key is switched off."),
                "413": refusal("The body is larger than 16 kB."),
                "429": refusal("Too many questions, or too many unknown write keys, from one address."),
                "503": refusal("Heed cannot answer just now; ask again. Retry-After says when."),
            },
        }
    },
}
