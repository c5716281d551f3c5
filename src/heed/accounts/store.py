"""The statements of `accounts` on the engine's side."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
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
    known = {
        key: decode(bytes(traits))
        for key, traits in connection.execute(
            "select key, traits from account where key = any(%s) order by key for update", [sorted(by_key)]
        )
    }
    joiners: list[tuple[str, str, str]] = []
    for key, own in sorted(by_key.items()):
        traits = known.get(key)
        fresh = traits is None
        traits = traits or {}
        changed = False
        for payload in own:
            changed = take(traits, payload["traits"], payload["at"]) or changed
        if fresh or changed:
            _save(connection, key, traits, max(payload["at"] for payload in own))
        if not changed:
            joiners += [
                (key, each["user_id"], each["anonymous_id"])
                for each in own
                if each["joins"] and not _tells_all(each["traits"], traits)
            ]
    if joiners:
        connection.cursor().executemany(
            "insert into account_joiner (key, user_id, anonymous_id) values (%s, %s, %s)", joiners
        )


def _tells_all(said: Mapping[str, Any], traits: Mapping[str, Told]) -> bool:
    return all(said.get(name) == value for name, (value, _) in traits.items())


def _save(connection: psycopg.Connection, key: str, traits: dict[str, Told], at: int) -> None:
    plain = {name: value for name, (value, _) in traits.items() if value is not None}
    connection.execute(
        "insert into account (key, name, kind, traits, told_at, telling) values (%s, %s, %s, %s, %s, %s)"
        " on conflict (key) do update set name = excluded.name, kind = excluded.kind, traits = excluded.traits,"
        " told_at = greatest(account.told_at, excluded.told_at), telling = excluded.telling",
        [key, name_of(key, plain), kind_of(plain), _encode(traits), moment(at), START if traits else None],
    )


def joiners(connection: psycopg.Connection, limit: int) -> list[tuple[int, str, str, str, bytes, int]]:
    """The oldest who have to be told: `(id, key, user id, anonymous id, traits, told at in ms)`, locked."""
    return [
        (number, key, user_id, anonymous_id, bytes(traits), in_ms(at))
        for number, key, user_id, anonymous_id, traits, at in connection.execute(
            "select j.id, j.key, j.user_id, j.anonymous_id, a.traits, a.told_at from account_joiner as j"
            " join account as a using (key) order by j.id limit %s for update of j skip locked",
            [limit],
        )
    ]


def forget_joiners(connection: psycopg.Connection, ids: Sequence[int]) -> None:
    connection.execute("delete from account_joiner where id = any(%s)", [list(ids)])


def being_told(connection: psycopg.Connection) -> tuple[int, str, bytes, int, uuid.UUID] | None:
    """An account whose members have to be told: `(id, key, traits, told at in ms, the last one told)`, locked."""
    row = connection.execute(
        "select id, key, traits, told_at, telling from account where telling is not null"
        " order by id limit 1 for update skip locked"
    ).fetchone()
    return (row[0], row[1], bytes(row[2]), in_ms(row[3]), row[4]) if row else None


def members(connection: psycopg.Connection, key: str, after: uuid.UUID, limit: int) -> list[uuid.UUID]:
    rows = connection.execute(
        "select id from profile where accounts <> '{}' and accounts @> array[%s::text] and id > %s"
        " order by id limit %s",
        [key, after, limit],
    ).fetchall()
    return [each for (each,) in rows]


def move(connection: psycopg.Connection, account_id: int, telling: uuid.UUID | None) -> None:
    connection.execute("update account set telling = %s where id = %s", [telling, account_id])
