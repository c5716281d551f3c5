"""What fold steps want done, done in the batch's own transaction by the rooms that own the verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from heed.contracts.event import Effect

Handler = Callable[[psycopg.Connection, list[dict[str, Any]]], None]

_handlers: dict[str, Handler] = {}


def register_effect(kind: str, handler: Handler) -> None:
    """`handler(connection, payloads)` runs once a batch for all effects of its kind, before the commit."""
    _handlers[kind] = handler


def apply_effects(connection: psycopg.Connection, effects: Iterable[Effect]) -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for effect in effects:
        by_kind.setdefault(effect.kind, []).append(effect.payload)
    for kind in sorted(by_kind):
        handler = _handlers.get(kind)
        if handler is not None:
            handler(connection, by_kind[kind])
