"""What rules ask of a customer and rooms above this one know; those rooms say how it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from heed.contracts.fold import State


@dataclass(frozen=True)
class Use:
    """Something that reads a field: `kind` is trait or property, `label` what people call it, `address` its page."""

    kind: str
    name: str
    label: str
    address: str = ""


Holds = Callable[[State, str, int], bool]
"""`(state, name, now in ms)` → whether the circumstance holds, or they are in the segment of that key."""

_holds: list[Holds] = []
_member: list[Holds] = []
_uses: list[Callable[[], Iterable[Use]]] = []
_segmented: list[Callable[[], bool]] = []
_traits: dict[str, tuple[Callable[[State, str], Any], Callable[[State], Iterable[str]]]] = {}
_books: list[tuple[Callable[[psycopg.Connection], str], Callable[[psycopg.Connection], None]]] = []


def register_holds(function: Holds) -> None:
    """Answer circumstances."""
    _holds[:] = [function]


def holds(state: State, circumstance: str, now: int) -> bool:
    return bool(_holds) and _holds[0](state, circumstance, now)


def register_member(function: Holds, segmented: Callable[[], bool]) -> None:
    """Answer segments; `segmented` says whether there are any."""
    _member[:] = [function]
    _segmented[:] = [segmented]


def segmented() -> bool:
    return bool(_segmented) and _segmented[0]()


def member(state: State, segment: str, now: int) -> bool:
    return bool(_member) and _member[0](state, segment, now)


def register_traits(
    prefix: str, read: Callable[[State, str], Any], names: Callable[[State], Iterable[str]]
) -> None:
    """Answer traits called `<prefix>.<name>`: those of what a customer belongs to, not their own."""
    _traits[prefix] = read, names


def lent_trait(state: State, name: str) -> Any:
    """The value, None where it is not known or no room lends such traits."""
    prefix, _, rest = name.partition(".")
    return _traits[prefix][0](state, rest) if rest and prefix in _traits else None


def lent_traits(state: State) -> Iterator[str]:
    for prefix, (_, names) in _traits.items():
        for name in names(state):
            yield f"{prefix}.{name}"


def register_uses(source: Callable[[], Iterable[Use]]) -> None:
    """`source()` gives what of a room reads which field now."""
    if source not in _uses:
        _uses.append(source)


def uses() -> list[Use]:
    return [use for source in _uses for use in source()]


def register_book(
    mark: Callable[[psycopg.Connection], str], reload: Callable[[psycopg.Connection], None]
) -> None:
    """A room's definitions that projections go by: `mark` changes whenever they do, `reload` reads them.

    Every engine reloads before its first batch after a change has been taken into force.
    """
    if (mark, reload) not in _books:
        _books.append((mark, reload))


def mark(connection: psycopg.Connection) -> str:
    """What the definitions of all rooms are now, as a text to compare."""
    return " / ".join(filter(None, (mark(connection) for mark, _ in _books)))


def reload(connection: psycopg.Connection) -> None:
    for _, reload in _books:
        reload(connection)
