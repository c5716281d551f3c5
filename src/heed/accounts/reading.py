"""What pages and the API ask of accounts."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from heed.accounts import models, store
from heed.kit.kept import Kept

PAGE = 50
_Z = 1.959964

_SUMS = """
count(*) as members, count(*) filter (where confidence > 0) as felt,
avg(valence) filter (where confidence > 0) as valence,
coalesce(stddev_samp(valence) filter (where confidence > 0), 0) as deviation,
count(*) filter (where attention > 0) as waiting, max(last_seen) as last_seen,
sum(orders) as orders, sum(revenue) as revenue, array_agg(distinct currency) filter (where currency <> '') as currencies
"""
_OF_PAGE = f"""
select page.*, sums.* from page left join lateral (
    select {_SUMS} from profile where accounts <> '{{}}' and accounts @> array[page.key]
) as sums on true
"""  # noqa: S608
_NAMED = """
with page as (
    select id, key, name, kind from account
    where (lower(name), id) > (%(name)s, %(id)s)
        and (%(like)s = '' or name ilike %(like)s or key ilike %(like)s)
        and (%(kind)s = '' or kind = %(kind)s)
    order by lower(name), id limit %(limit)s
)
"""
_BY_NAME = _NAMED + _OF_PAGE + " order by lower(page.name), page.id"
_THIS = "with page as (select id, key, name, kind from account where id = %(id)s)"
_ONE = _THIS + _OF_PAGE
_UNHAPPIEST = f"""
select account.id, account.key, account.name, account.kind, sums.* from (
    select belongs.key, {_SUMS} from profile cross join lateral unnest(accounts) as belongs (key)
    where accounts <> '{{}}' group by belongs.key
) as sums join account on account.key = sums.key
where felt > 0 and (%(kind)s = '' or account.kind = %(kind)s)
order by sums.valence + case when felt < 2 then 1 else least(1, {_Z} * sums.deviation / sqrt(felt)) end,
    sums.valence, account.id limit {PAGE}
"""  # noqa: S608


@dataclass(frozen=True)
class Account:
    """One account with its members as they are now; `valence` is the mean mood of the `felt` members whose mood is
    known, None where there are none. `revenue` is None where members spent in different currencies."""

    id: int
    key: str
    name: str
    kind: str
    members: int
    felt: int
    valence: float | None
    deviation: float
    waiting: int
    last_seen: datetime | None
    orders: int
    revenue: Decimal | None
    currency: str

    @property
    def spread(self) -> float:
        """Half the 95 % interval of the mean; of a single member all that can be."""
        if self.felt < 2:
            return 1.0
        return min(1.0, _Z * self.deviation / math.sqrt(self.felt))


@dataclass(frozen=True)
class Page:
    accounts: list[Account]
    next_cursor: str


def _rows(query: str, values: dict[str, Any]) -> list[Account]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [each.name for each in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [_account(each) for each in found]


def _account(row: dict[str, Any]) -> Account:
    currencies = row.pop("currencies") or []
    row["revenue"] = (row["revenue"] or Decimal(0)) if len(currencies) < 2 else None
    row["orders"] = int(row["orders"] or 0)
    return Account(currency=currencies[0] if len(currencies) == 1 else "", **row)


def page(asked: str, cursor: str, kind: str = "") -> Page:
    """Accounts by name; `asked` is part of a name or key, `kind` one of the model's KINDS or "" for all. A cursor that
    makes no sense starts anew."""
    like = asked.strip().replace("\x00", "")
    for sign in ("\\", "%", "_"):
        like = like.replace(sign, "\\" + sign)
    number, _, name = cursor.partition(" ")
    after = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else -1
    values = {
        "like": f"%{like}%" if like else "",
        "id": after,
        "name": name.replace("\x00", "") if after >= 0 else "",
        "kind": kind,
        "limit": PAGE + 1,
    }
    found = _rows(_BY_NAME, values)
    more, found = len(found) > PAGE, found[:PAGE]
    return Page(found, f"{found[-1].id} {_lower(found[-1].id)}" if more else "")


def _lower(account_id: int) -> str:
    """The name as the database orders it: its idea of lower case is not Python's."""
    with connection.cursor() as cursor:
        cursor.execute("select lower(name) from account where id = %s", [account_id])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _unhappiest(kind: str) -> Kept[list[Account]]:
    return Kept(lambda: _rows(_UNHAPPIEST, {"kind": kind}), 10)


unhappiest = {kind: _unhappiest(kind) for kind in ("", *models.Account.KINDS)}
"""Those whose people are most surely unhappy first: by the upper end of the 95 % interval of their mean mood."""


def _by_kind() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("select kind, count(*) from account group by kind")
        return dict(cursor.fetchall())


how_many: Kept[dict[str, int]] = Kept(_by_kind, 2)
"""How many accounts there are of each kind."""


def one(account_id: int) -> Account | None:
    found = _rows(_ONE, {"id": account_id}) if account_id < 2**63 else []
    return found[0] if found else None


def id_of(key: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("select id from account where key = %s", [key.replace("\x00", "")])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def ids_of(keys: list[str]) -> dict[str, tuple[int, str, str]]:
    """By key: `(id, name, kind)` of those that are known."""
    with connection.cursor() as cursor:
        cursor.execute("select key, id, name, kind from account where key = any(%s)", [keys])
        return {key: (number, name, kind) for key, number, name, kind in cursor.fetchall()}


@dataclass(frozen=True)
class Trait:
    name: str
    value: Any
    at: int


def traits(account_id: int) -> list[Trait]:
    with connection.cursor() as cursor:
        cursor.execute("select traits from account where id = %s", [account_id])
        row = cursor.fetchone()
    known = store.decode(bytes(row[0])) if row else {}
    return [Trait(name, value, at) for name, (value, at) in sorted(known.items()) if value is not None]


def keys_of(profile_id: uuid.UUID) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select accounts from profile where id = %s", [profile_id])
        row = cursor.fetchone()
    return list(row[0]) if row else []
