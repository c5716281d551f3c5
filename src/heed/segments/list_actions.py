"""Customers behind a figure, kept as a list. Rooms above say how those of their figures are found."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
from django.db import transaction

from heed.govern.models import User
from heed.segments import jobs
from heed.segments.actions import put_on_list, save_segment

Whom = TypeVar("Whom", bound=msgspec.Struct)
Pieces = Iterator[list[uuid.UUID]]

_known: dict[str, tuple[type[msgspec.Struct], Callable[[Any], Pieces]]] = {}


def register_whom(kind: type[Whom], ids: Callable[[Whom], Pieces]) -> None:
    """`kind` is a tagged struct that says whom a figure is about, `ids` gives all of them in pieces."""
    tag = str(kind.__struct_config__.tag)
    if _known.get(tag, (kind,))[0] is not kind:
        raise ValueError(f"there is another {tag!r} already")
    _known[tag] = (kind, ids)


@transaction.atomic
def save_as_list(name: str, description: str, purpose: str, whom: msgspec.Struct, by: User) -> str:
    """Make a list; the worker puts these customers on it. Returns its key; raises `ValidationError`.

    With a `purpose` only those who permit it are on it, now and later, as with every segment.
    """
    made = save_segment("", name=name, description=description, kind="list", purpose=purpose, by=by)
    jobs.fill_list.defer(key=made.key, whom=msgspec.to_builtins(whom), by=by.email)
    return str(made.key)


def fill_list(key: str, whom: dict[str, Any], by: str) -> None:
    """Each piece is durable by itself; done again it changes nothing."""
    kind, ids = _known[whom["type"]]
    for piece in ids(msgspec.convert(whom, kind)):
        put_on_list(key, piece, by=by)
