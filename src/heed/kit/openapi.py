"""The one shape in which every door refuses, as OpenAPI; the words of `kit.front.problem`."""

from __future__ import annotations

from typing import Any

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["code", "message", "detail"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "detail": {}},
}
"""Stands in the document as the schema `Problem`."""


def refusal(words: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": words, "content": content}
