"""The JSON API of `accounts`: find them, read who belongs to one."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from heed.accounts import reading
from heed.profiles import reading as people

router = Router(tags=["accounts"])


class Account(Schema):
    """`mood` is the mean valence of the `moodKnown` members whose mood is known, with half its 95% interval;
    `spent` is null where members spent in different currencies."""

    id: int
    key: str
    name: str
    kind: str
    members: int
    mood: float | None
    moodSpread: float | None
    moodKnown: int
    waiting: int
    lastSeen: datetime | None
    orders: int
    spent: Decimal | None
    currency: str


class Accounts(Schema):
    items: list[Account]
    next: str | None


class Known(Account):
    traits: dict[str, Any]


class Member(Schema):
    id: uuid.UUID
    name: str
    email: str
    lastSeen: datetime | None


class Members(Schema):
    items: list[Member]
    next: str | None


def _shape(found: reading.Account) -> dict[str, Any]:
    return {
        "id": found.id,
        "key": found.key,
        "name": found.name,
        "kind": found.kind,
        "members": found.members,
        "mood": found.valence,
        "moodSpread": None if found.valence is None else found.spread,
        "moodKnown": found.felt,
        "waiting": found.waiting,
        "lastSeen": found.last_seen,
        "orders": found.orders,
        "spent": found.revenue,
        "currency": found.currency,
    }


def _one(account_id: int) -> reading.Account:
    found = reading.one(account_id)
    if found is None:
        raise HttpError(404, "There is no such account.")
    return found


@router.get("", response=Accounts, summary="Companies and households, by name")
def every(
    request: HttpRequest,
    q: Annotated[str, Field(max_length=200)] = "",
    key: Annotated[str, Field(max_length=200)] = "",
    cursor: Annotated[str, Field(max_length=500)] = "",
) -> dict[str, Any]:
    """`q` is part of a name or key; `key` is one account's own id, as `groupId` had it."""
    if key:
        number = reading.id_of(key)
        return {"items": [_shape(_one(number))] if number is not None else [], "next": None}
    page = reading.page(q, cursor)
    return {"items": [_shape(each) for each in page.accounts], "next": page.next_cursor or None}


@router.get("/{int:account_id}", response=Known, summary="One account with what is known of it")
def one(request: HttpRequest, account_id: int) -> dict[str, Any]:
    traits = {each.name: each.value for each in reading.traits(account_id)}
    return {**_shape(_one(account_id)), "traits": traits}


@router.get("/{int:account_id}/members", response=Members, summary="Who belongs to an account")
def members(
    request: HttpRequest, account_id: int, cursor: Annotated[str, Field(max_length=300)] = ""
) -> dict[str, Any]:
    page = people.people(people.Question(account=_one(account_id).key), cursor.replace("\x00", ""))
    items = [
        {"id": each.id, "name": each.name, "email": each.email, "lastSeen": each.last_seen}
        for each in page.people
    ]
    return {"items": items, "next": page.next_cursor or None}
