"""The customers behind a figure, in pages and in pieces."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

from heed.ports.current import lake_rows
from heed.profiles import reading as people
from heed.profiles.api import still
from heed.segments import api as segments

_PIECE: Final = 1_000


def page_of(query: str, values: list[Any], after: str, size: int = people.PAGE) -> people.Page:
    """One page of them by id, without those who refuse to be looked at one by one: such a page is shorter. The query gives `who` as text, each once; a cursor that makes no sense starts anew."""
    rows = lake_rows(
        f"select who from ({query}) where who > ? order by who limit ?",  # noqa: S608  a query of our own
        [*values, str(people.id_after(after)), size + 1],
    )
    ids = [row["who"] for row in rows]
    more, ids = len(ids) > size, ids[:size]
    return people.Page(people.people_of(still(map(uuid.UUID, ids))), ids[-1] if more else "")


def pieces_of(query: str, values: list[Any]) -> Iterator[list[uuid.UUID]]:
    """All of them who do not refuse it, in pieces."""
    found = [uuid.UUID(row["who"]) for row in lake_rows(query, values)]
    for start in range(0, len(found), _PIECE):
        yield still(found[start : start + _PIECE])


def members(segment: str) -> list[str]:
    """The ids of a segment's members, as the lake has them."""
    return [str(each) for each in segments.ids(segment)]
