"""The statements of `accounts` on the engine's side."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from heed.accounts.domain.section import kind_of, name_of
from heed.contracts.told import Told, take
from heed.kit.clock import in_ms, moment

START = uuid.UUID(int=0)
_encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(dict[str, Told]).decode


def told(connection: psycopg.Connection, payloads: Iterable[Mapping[str, Any]]) -> None:
    """Take in what a batch's events told of accounts. Accounts are locked in the order of their keys."""
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for payload in payloads:
        by_key.setdefault(payload["key"], []).append(payload)
    keys = sorted(by_key)
    # Made before they are locked, in the order of their keys: two engines at a new account would each take it for theirs.
    connection.execute(
        "insert into account (key, name, kind, traits, told_at, telling_at, again)"
        " select key, key, 'company', %s, 'epoch', 'epoch', false from unnest(%s::text[]) as fresh (key)"
        " on conflict do nothing",
        [_encode({}), keys],
    )
    known = {
        key: decode(bytes(traits))
        for key, traits in connection.execute(
            "select key, traits from account where key = any(%s) order by key for update", [keys]
        )
    }
    joiners: list[tuple[str, str, str, bytes]] = []
    for key, own in sorted(by_key.items()):
        traits, changed = known[key], False
        for payload in own:
            changed = take(traits, payload["traits"], payload["at"]) or changed
        if changed:
            _save(connection, key, traits, max(payload["at"] for payload in own))
        if not changed:
            joiners += [
                (key, each["user_id"], each["anonymous_id"], _encode(each["named"]))
                for each in own
                if each["joins"] and not _tells_all(each["traits"], traits)
            ]
    if joiners:
        connection.cursor().executemany(
            "insert into account_joiner (key, user_id, anonymous_id, named) values (%s, %s, %s, %s)", joiners
        )


def _tells_all(said: Mapping[str, Any], traits: Mapping[str, Told]) -> bool:
    return all(said.get(name) == value for name, (value, _) in traits.items())


def _save(connection: psycopg.Connection, key: str, traits: dict[str, Told], at: int) -> None:
    plain = {name: value for name, (value, _) in traits.items() if value is not None}
    connection.execute(
        "update account set name = %s, kind = %s, traits = %s, told_at = greatest(told_at, %s),"
        " again = telling is not null, telling = coalesce(telling, %s) where key = %s",
        [name_of(key, plain), kind_of(plain), _encode(traits), moment(at), START, key],
    )


def tell_of(connection: psycopg.Connection, profile_ids: Iterable[uuid.UUID]) -> None:
    """Tell the members of every account these belong to; who knows already is passed over then."""
    connection.execute(
        "update account set again = telling is not null, telling = coalesce(telling, %s) where key in"
        " (select unnest(accounts) from profile where id = any(%s))",
        [START, list(profile_ids)],
    )


def joiners(
    connection: psycopg.Connection, limit: int
) -> list[tuple[int, str, str, str, dict[str, Any], bytes, int]]:
    """The oldest who have to be told: `(id, key, user id, anonymous id, what else names them, traits, told at in ms)`,
    locked."""
    return [
        (number, key, user_id, anonymous_id, msgspec.msgpack.decode(bytes(named)), bytes(traits), in_ms(at))
        for number, key, user_id, anonymous_id, named, traits, at in connection.execute(
            "select j.id, j.key, j.user_id, j.anonymous_id, j.named, a.traits, a.told_at from account_joiner as j"
            " join account as a using (key) order by j.id limit %s for update of j skip locked",
            [limit],
        )
    ]


def forget_joiners(connection: psycopg.Connection, ids: Sequence[int]) -> None:
    connection.execute("delete from account_joiner where id = any(%s)", [list(ids)])


def being_told(
    connection: psycopg.Connection, now: datetime
) -> tuple[int, str, bytes, int, uuid.UUID] | None:
    """The account whose turn it is that its members are told: `(id, key, traits, told at in ms, the last one told)`,
    locked."""
    row = connection.execute(
        "select id, key, traits, told_at, telling from account where telling is not null and telling_at <= %s"
        " order by telling_at limit 1 for update skip locked",
        [now],
    ).fetchone()
    return (row[0], row[1], bytes(row[2]), in_ms(row[3]), row[4]) if row else None


def members(connection: psycopg.Connection, key: str, after: uuid.UUID, limit: int) -> list[uuid.UUID]:
    rows = connection.execute(
        "select id from profile where accounts <> '{}' and accounts @> array[%s::text] and id > %s"
        " order by id limit %s",
        [key, after, limit],
    ).fetchall()
    return [each for (each,) in rows]


def move(connection: psycopg.Connection, account_id: int, told: uuid.UUID, now: datetime) -> None:
    """Members up to this one were told; the other accounts come first now."""
    connection.execute(
        "update account set telling = %s, telling_at = %s where id = %s", [told, now, account_id]
    )


def end(connection: psycopg.Connection, account_id: int, next_at: datetime) -> None:
    """All members were told; what came meanwhile is told from `next_at` on, and what comes later not before either."""
    connection.execute(
        "update account set telling = case when again then %s::uuid end, again = false, telling_at = %s where id = %s",
        [START, next_at, account_id],
    )
