"""What pages ask of all profiles at once: the list, a search, how moods are spread, who needs somebody.

Every statement is answered from an index, so that it stays quick with a million rows; the one that reads
all moods (`spread_of_moods`) reads an index only and is kept for some seconds by its caller.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from heed import settings as heed_settings
from heed.contracts.event import Event
from heed.ports.current import lake_rows
from heed.profiles.domain.identifiers import Hasher, Normaliser
from heed.settings import Settings

PAGE = 50
BINS = 40
"""Steps of 0.05: their edges meet those of the bands people speak of."""

_COLUMNS = (
    "id, display_name, email, phone, country, last_seen, valence, spread, confidence, baseline, urgency,"
    " circumstances, attention, attention_reason, revenue, currency, orders"
)


@dataclass(frozen=True)
class Person:
    """One line of a list of customers; `valence` is None where no mood is known yet."""

    id: uuid.UUID
    display_name: str
    email: str
    phone: str
    country: str
    last_seen: datetime | None
    valence: float | None
    spread: float
    confidence: float
    baseline: float
    urgency: float
    circumstances: list[str]
    attention: float
    attention_reason: str
    revenue: Any
    currency: str
    orders: int

    @property
    def name(self) -> str:
        return self.display_name or self.email or self.phone or "Somebody unknown"


@dataclass(frozen=True)
class Question:
    """What to list. `band` is (from, to) of valence; `sort` one of SORTS."""

    band: tuple[float, float] | None = None
    circumstance: str = ""
    sort: str = "seen"
    needing: bool = False
    segment: str = ""
    account: str = ""


@dataclass(frozen=True)
class Page:
    people: list[Person]
    next_cursor: str


@dataclass(frozen=True)
class _Sort:
    column: str
    kind: str
    descending: bool
    where: str = ""


SORTS = {
    "seen": _Sort("last_seen", "timestamptz", True, "last_seen is not null"),
    "unhappy": _Sort("valence", "float8", False, "confidence > 0"),
    "pleased": _Sort("valence", "float8", True, "confidence > 0"),
    "attention": _Sort("attention", "float8", True, "attention > 0"),
    "name": _Sort("lower(display_name)", "text", False, "lower(display_name) > ''"),
}


def people(question: Question, cursor: str = "", size: int = PAGE) -> Page:
    """One page of customers and the cursor of the next; a cursor that makes no sense starts anew."""
    sort = SORTS.get(question.sort, SORTS["seen"])
    where, before = [sort.where or "true"], ""
    asked, values = _asked(question)
    if question.band and sort.column != "valence" and _few(values[:2]):
        # Walking the order's index until fifty rare people turn up would read most of the table.
        before = (
            f"with profile as materialized (select {_COLUMNS} from profile"  # noqa: S608
            f" where {asked.pop(0)}) "
        )
    where += asked
    if after := _read_cursor(cursor, sort):
        # Ids run the way their index does: down beside a falling time, else up.
        turn = "<" if sort.descending else ">"
        if sort.column in _ID_UP_WHEN_DOWN:
            where.append(
                f"({sort.column} {turn} %s::{sort.kind} or ({sort.column} = %s::{sort.kind} and id > %s))"
            )
            where.append(f"{sort.column} {turn}= %s::{sort.kind}")
            values += [after[0], after[0], after[1], after[0]]
        else:
            where.append(f"({sort.column}, id) {turn} (%s::{sort.kind}, %s)")
            values += [after[0], after[1]]
    direction = "desc" if sort.descending else "asc"
    id_direction = "asc" if sort.column in _ID_UP_WHEN_DOWN else direction
    query = (
        f"{before}select {_COLUMNS}, {sort.column}::text as turn from profile"  # noqa: S608
        f" where {' and '.join(where)}"
        f" order by {_qualified(sort.column)} {direction}, id {id_direction} limit %s"
    )
    rows = _rows(query, [*values, size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page([_person(row) for row in rows], _cursor(rows[-1][-1], rows[-1][0]) if more else "")


def _asked(question: Question) -> tuple[list[str], list[Any]]:
    """The conditions of a question and their values, that of the mood first."""
    where: list[str] = []
    values: list[Any] = []
    if question.band:
        low, high = question.band
        where.append("confidence > 0 and valence >= %s and valence < %s")
        values += [low, high if high < 1 else 1.01]
    if question.circumstance:
        where.append("circumstances @> array[%s::text]")
        values.append(question.circumstance)
    if question.segment:
        where.append("segments @> array[%s::text]")
        values.append(question.segment)
    if question.account:
        where.append("accounts <> '{}' and accounts @> array[%s::text]")
        values.append(question.account)
    if question.needing:
        where.append("attention > 0")
    return where, values


COUNTED, _A_FEW = 10_000, 5_000


def how_many_fit(question: Question) -> int:
    """How many customers are like this, counted no further than COUNTED."""
    asked, values = _asked(question)
    where = [SORTS[question.sort].where or "true", *asked]
    query = f"select count(*) from (select 1 from profile where {' and '.join(where)} limit %s) as these"  # noqa: S608
    return int(_rows(query, [*values, COUNTED])[0][0])


_ID_UP_WHEN_DOWN = frozenset({"attention"})
"""Columns whose index falls while the id beside it rises."""


def _few(ends: list[float]) -> bool:
    """Whether so few customers stand between these valences that sorting them all is quick."""
    found = _rows(
        "select count(*) from (select 1 from profile where valence >= %s and valence < %s limit %s) as few",
        [*ends, _A_FEW + 1],
    )
    return int(found[0][0]) <= _A_FEW


def _qualified(column: str) -> str:
    """The table's column, not the result's of the same name."""
    return column if "(" in column else f"profile.{column}"


def search(text: str, limit: int = PAGE) -> list[Person]:
    """Customers with this id, identifier or name.

    A whole identifier (profile id, user id, anonymous id, e-mail, phone) is found exactly; else every word
    must begin a word of the name or e-mail address; else it may be the number of an order or a case.
    """
    text = " ".join(text.split())[:200]
    if not text or "\x00" in text:
        return []
    exact = by_identifier(text)
    if exact:
        return exact
    words = [w for w in _words(text) if w]
    if not words:
        return []
    query = " & ".join(f"'{word}':*" for word in words)
    named = [
        _person(row)
        for row in _rows(
            f"select {_COLUMNS} from profile where id in (select profile_id from profile_search"  # noqa: S608
            " where words @@ to_tsquery('simple', %s) limit 1000)"
            " order by last_seen desc nulls last limit %s",
            [query, limit],
        )
    ]
    return named or _by_number(text, limit)


def _by_number(text: str, limit: int) -> list[Person]:
    """Whose order or case has this number; asks the whole lake, so only for what looks like one."""
    number = text.removeprefix("#").strip()
    if len(number) < 3 or " " in number or not any(character.isdigit() for character in number):
        return []
    found = lake_rows(
        "select profile_id, max(occurred) as latest from events where (order_id = ? or case_id = ?)"
        " and profile_id is not null group by 1 order by latest desc limit ?",
        [number, number, limit],
    )
    return people_of([uuid.UUID(row["profile_id"]) for row in found])


def _words(text: str) -> list[str]:
    """Letters and digits only: what to_tsquery could read as an operator never reaches it."""
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()[:8]


def people_of(ids: list[uuid.UUID]) -> list[Person]:
    """These customers, in this order."""
    query = f"select {_COLUMNS} from profile where id = any(%s)"  # noqa: S608
    found = {row[0]: _person(row) for row in _rows(query, [ids])}
    return [found[each] for each in ids if each in found]


def ids_of(kind: str, value: str) -> list[uuid.UUID]:
    """Profiles with this identifier: one or none."""
    hashes = _hashes(value, (kind,))
    return [row[0] for row in _rows("select profile_id from identifier where hash = any(%s)", [hashes])]


def owners_of(asked: Sequence[tuple[str, str]]) -> list[uuid.UUID | None]:
    """The profile of each `(kind, value)`, in this order; None where nobody is known by it. One query for all."""
    hashes = [next(iter(_hashes(value, (kind,))), None) for kind, value in asked]
    rows = _rows(
        "select hash, profile_id from identifier where hash = any(%s)", [[each for each in hashes if each]]
    )
    found = dict(rows)
    return [found.get(each) for each in hashes]


def how_many_bought() -> int:
    """Customers with an order; reads the whole table."""
    return int(_rows("select count(*) from profile where orders > 0", [])[0][0])


def anybody_bought() -> bool:
    return bool(_rows("select 1 from profile where orders > 0 limit 1", []))


def exists(profile_id: uuid.UUID) -> bool:
    return bool(_rows("select 1 from profile where id = %s", [profile_id]))


def _hashes(value: str, kinds: tuple[str, ...]) -> list[uuid.UUID]:
    settings = heed_settings.load()
    normaliser = _normaliser(settings)
    hasher = Hasher(settings.master_key)
    return [hasher.hash(found) for kind in kinds if (found := normaliser.identifier(kind, value))]


def by_identifier(text: str) -> list[Person]:
    hashes = _hashes(text, ("user_id", "email", "phone", "anonymous_id"))
    ids = []
    try:
        ids.append(uuid.UUID(text))
    except ValueError:
        pass
    # Two questions, each answered by an index: joined by an "or" they would read the whole table.
    ids += [row[0] for row in _rows("select profile_id from identifier where hash = any(%s)", [hashes])]
    if not ids:
        return []
    query = f"select {_COLUMNS} from profile where id = any(%s)"  # noqa: S608
    return [_person(row) for row in _rows(query, [ids])]


def by_identifiers(lines: Sequence[str]) -> tuple[list[Person], list[str]]:
    """The customers that one whole identifier each names, and what names nobody or several; commas part those of a line,
    unless as a whole it names somebody."""
    found: dict[uuid.UUID, Person] = {}
    unknown = []
    for line in dict.fromkeys(lines):
        pieces = [each for each in map(str.strip, line.replace(";", ",").split(",")) if each]
        for each in [line] if by_identifier(line) else pieces:
            if len(people := by_identifier(each)) == 1:
                found[people[0].id] = people[0]
            else:
                unknown.append(each)
    return list(found.values()), unknown


def needing_somebody(limit: int = 8) -> list[Person]:
    """Those with `attention` above zero, most of it first."""
    return people(Question(sort="attention"), size=limit).people


def count_needing_somebody() -> int:
    return int(_rows("select count(*) from profile where attention > 0", [])[0][0])


def states_of(ids: list[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    return {row[0]: bytes(row[1]) for row in _rows("select id, state from profile where id = any(%s)", [ids])}


def spread_of_moods() -> list[int]:
    """How many customers with a mood stand in each of BINS equal steps from −1 to 1."""
    counts = [0] * BINS
    query = (
        "select least(greatest(width_bucket(valence, -1, 1, %s), 1), %s), count(*) from profile"
        " where confidence > 0 group by 1"
    )
    for place, count in _rows(query, [BINS, BINS]):
        counts[place - 1] = count
    return counts


def how_many() -> int:
    """Customers in all: exact while they are few, PostgreSQL's own estimate when they are many."""
    estimate = int(
        _rows("select greatest(reltuples, 0)::bigint from pg_class where relname = 'profile'", [])[0][0]
    )
    if estimate > 200_000:
        return estimate
    return int(_rows("select count(*) from profile", [])[0][0])


def circumstances_in_use() -> list[tuple[str, int]]:
    """Names of circumstances and how many customers they hold for, among the 20,000 seen last."""
    return [
        (name, count)
        for name, count in _rows(
            "select name, count(*) from (select circumstances from profile where last_seen is not null"
            " order by last_seen desc, id desc limit 20000) as recent, unnest(circumstances) as name"
            " group by name order by 2 desc limit 60",
            [],
        )
    ]


def _rows(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _person(row: tuple[Any, ...]) -> Person:
    values = list(row[:17])
    if not values[8]:
        values[6] = None
    return Person(*values)


def _cursor(value: str, profile_id: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([value, str(profile_id)])).decode().rstrip("=")


def id_after(text: str) -> uuid.UUID:
    """The id in a cursor; one that makes no sense starts anew."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _read_cursor(text: str, sort: _Sort) -> tuple[str, uuid.UUID] | None:
    try:
        value, found = msgspec.json.decode(
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=tuple[str, str]
        )
        if sort.kind == "float8":
            float(value)
        elif sort.kind == "timestamptz":
            datetime.fromisoformat(value)
        return value, uuid.UUID(found)
    except ValueError:
        return None


def _normaliser(settings: Settings) -> Normaliser:
    return Normaliser(settings.phone_region, tuple(settings.blocked_identifiers))


def identifies() -> Callable[[Event], bool]:
    """Says of events whether any identifier they carry can be used."""
    normaliser = _normaliser(heed_settings.load())
    return lambda event: bool(normaliser.of_event(event))
