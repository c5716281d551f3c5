"""The JSON API of `scores`: say what they are, and give them to customers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field, WithJsonSchema
from pydantic import ValidationError as PydanticError

from heed.govern.api import asked_by
from heed.kit.clock import in_ms, system_clock
from heed.ports.ledger import LedgerUnavailable
from heed.profiles import reading as people
from heed.scores import actions, store
from heed.scores.domain.section import LARGEST, LONGEST_WHY
from heed.scores.models import Score as Model

router = Router(tags=["scores"])
AT_ONCE: Final = 1_000
_IDENTIFIERS: Final = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "email": "email",
    "phone": "phone",
}
Text = Annotated[str, Field(max_length=500)]


class Score(Schema):
    """`own` are given by Heed's own models and cannot be posted."""

    key: str
    name: str
    high: str
    madeBy: str
    own: bool
    retired: bool
    customers: int
    lastGiven: datetime | None


class Wanted(Schema):
    """`high` says what a high value means, `madeBy` who made the model."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    high: Annotated[str, Field(max_length=200)] = ""
    madeBy: Annotated[str, Field(max_length=200)] = ""


class Item(Schema):
    """The value of one customer, named by exactly one of `userId`, `anonymousId`, `email`, `phone` and `profileId`.
    A value of null takes the score back. From `validUntil` on it counts as unknown."""

    key: Annotated[str, Field(min_length=1, max_length=60)]
    value: Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)] | None
    userId: Text = ""
    anonymousId: Text = ""
    email: Text = ""
    phone: Text = ""
    profileId: uuid.UUID | None = None
    explanation: Annotated[str, Field(max_length=LONGEST_WHY)] = ""
    modelVersion: Annotated[str, Field(max_length=100)] = ""
    validUntil: datetime | None = None


class Posted(Schema):
    """Each is read by itself: one of a wrong form is refused by its place, and keeps back none of the others."""

    scores: Annotated[
        list[Annotated[Any, WithJsonSchema(Item.model_json_schema())]],
        Field(min_length=1, max_length=AT_ONCE),
    ]


class Refusal(Schema):
    """`index` is the place in what was posted, from 0. `code` is one of unknown_score, own_score, retired, which_customer,
    unknown_customer, no_identifier, no_profiling, out_of_date, and wrong_form, of which `message` says what is wrong
    where."""

    index: int
    code: str
    message: str


class Taken(Schema):
    """What was accepted is durable; the engine carries it in a moment."""

    accepted: int
    refused: list[Refusal]


_SAYS: Final = {
    "unknown_score": "No score of this key is defined. Define it with PUT /api/v1/scores/<key>.",
    "own_score": "This score is given by a model of Heed's own.",
    "retired": "This score is retired.",
    "which_customer": "Name the customer by exactly one of userId, anonymousId, email, phone and profileId.",
    "unknown_customer": "Nobody is known by this. Events of theirs must have been carried first.",
    "no_identifier": "Nothing names this customer any more.",
    "no_profiling": "This customer does not permit profiling.",
    "out_of_date": "It counts no more by now: validUntil is over.",
}
_OUTCOMES: Final = {
    actions.NOBODY: "unknown_customer",
    actions.NAMELESS: "no_identifier",
    actions.REFUSED: "no_profiling",
}


@router.get("", response=list[Score], summary="Every score with how many customers have it")
def every(request: HttpRequest) -> list[dict[str, Any]]:
    given = store.given.get()
    return [_shape(each, given.get(each.key)) for each in Model.objects.order_by("key")]


@router.put("/{key}", response=Score, summary="Define a score, or change what it is called")
def define(request: HttpRequest, key: str, wanted: Wanted) -> dict[str, Any]:
    said = {name: value.replace("\x00", "") for name, value in wanted.dict().items()}
    try:
        made = actions.define(
            key.replace("\x00", "")[:100],
            name=said["name"],
            high=said["high"],
            made_by=said["madeBy"] or asked_by(request),
            by=asked_by(request),
        )
    except ValidationError as error:
        raise HttpError(400, " ".join(error.messages)) from None
    return _shape(made, store.given.get().get(made.key))


@router.delete("/{key}", response={204: None}, summary="Retire a score: nobody is given it any more")
def retire(request: HttpRequest, key: str) -> tuple[int, None]:
    try:
        actions.retire(key.replace("\x00", ""), by=asked_by(request))
    except Model.DoesNotExist:
        raise HttpError(404, "There is no such score that could be retired.") from None
    return 204, None


@router.post("", response={202: Taken}, summary="Give scores to customers, up to 1,000 at once")
def give(request: HttpRequest, posted: Posted) -> tuple[int, dict[str, Any]]:
    """Those refused do not keep back the others. Sent again, the same scores are given again: nothing adds up."""
    items, malformed = _read(posted.scores)
    refused = _wrong(items)
    asked = [index for index in items if index not in refused]
    owners = dict(zip(asked, _owners([items[index] for index in asked]), strict=True))
    wanted = {index: _given(items[index], owner) for index, owner in owners.items() if owner is not None}
    try:
        outcomes = actions.give(list(wanted.values()), by=asked_by(request))
    except LedgerUnavailable:
        raise HttpError(503, "The ledger cannot be written just now; try again in a moment.") from None
    told = dict(zip(wanted, outcomes, strict=True))
    for index in asked:
        if (code := _OUTCOMES.get(told.get(index, actions.NOBODY))) is not None:
            refused[index] = code
    return 202, {
        "accepted": len(items) - len(refused),
        "refused": [
            {"index": index, "code": code, "message": malformed.get(index) or _SAYS[code]}
            for index, code in sorted({**refused, **dict.fromkeys(malformed, "wrong_form")}.items())
        ],
    }


def _read(posted: Sequence[Any]) -> tuple[dict[int, Item], dict[int, str]]:
    """Those that can be read, and what is wrong with the others, without telling what was sent; by place."""
    items, malformed = {}, {}
    for index, each in enumerate(posted):
        if not isinstance(each, dict):
            malformed[index] = "the score: Input should be an object"
            continue
        try:
            items[index] = Item.model_validate(each)
        except PydanticError as error:
            # The names are the schema's own: what else is sent is not looked at.
            wrong = [
                (".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_input=False)[:5]
            ]
            malformed[index] = "; ".join(f"{where}: {what}" for where, what in wrong)[:500]
    return items, malformed


def _wrong(items: Mapping[int, Item]) -> dict[int, str]:
    """What is wrong with those that could be given to nobody, by place."""
    known = Model.objects.in_bulk({each.key.replace("\x00", "") for each in items.values()})
    now = system_clock()
    found = {}
    for index, item in items.items():
        score = known.get(item.key)
        named = [*(getattr(item, name) for name in _IDENTIFIERS), item.profileId]
        if score is None:
            found[index] = "unknown_score"
        elif score.own or score.retired_at:
            found[index] = "own_score" if score.own else "retired"
        elif sum(map(bool, named)) != 1:
            found[index] = "which_customer"
        elif item.validUntil is not None and in_ms(item.validUntil) <= now:
            found[index] = "out_of_date"
    return found


def _owners(items: Sequence[Item]) -> list[uuid.UUID | None]:
    """The profile of each as of today."""
    by_id = store.today([each.profileId for each in items if each.profileId])
    asked = [
        (kind, getattr(item, name))
        for item in items
        for name, kind in _IDENTIFIERS.items()
        if getattr(item, name)
    ]
    found = iter(people.owners_of(asked))
    return [by_id[item.profileId] if item.profileId else next(found) for item in items]


def _given(item: Item, owner: uuid.UUID) -> actions.Given:
    return actions.Given(
        owner,
        item.key,
        item.value,
        item.explanation.replace("\x00", ""),
        item.modelVersion.replace("\x00", ""),
        in_ms(item.validUntil) if item.validUntil else 0,
    )


def _shape(score: Model, given: store.Given | None) -> dict[str, Any]:
    return {
        "key": score.key,
        "name": score.name,
        "high": score.high,
        "madeBy": score.made_by,
        "own": score.own,
        "retired": score.retired_at is not None,
        "customers": given.customers if given else 0,
        "lastGiven": given.last if given else None,
    }
