"""The book of segments this process goes by."""

from __future__ import annotations

import psycopg

from heed import rules
from heed.contracts.fold import State
from heed.pipeline.api import counted
from heed.rules.tree import atom_from_json
from heed.segments import store
from heed.segments.domain.book import Book


class _Memberships:
    """Replaced whole, so that whoever reads it meanwhile has one book or the other."""

    def __init__(self) -> None:
        self._book: Book | None = None
        self._read: tuple[str, list[str]] | None = None

    @property
    def book(self) -> Book:
        if self._book is None:
            self._book = Book((), rules.readings(), ())
        return self._book

    def reload(self, connection: psycopg.Connection) -> None:
        """Read the definitions, where they or what is counted have changed."""
        found = (store.mark(connection), counted(connection))
        if found != self._read or self._book is None:
            keys = [atom_from_json(each).key for each in found[1]]
            self._book = Book(store.definitions(connection), rules.readings(), keys)
            self._read = found

    def holds(self, state: State, segment: str, now: int) -> bool:
        return self.book.holds(state, segment, now)

    def any(self) -> bool:
        return bool(self.book)


memberships = _Memberships()
