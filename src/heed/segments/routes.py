"""The JSON API of `segments`: define them, ask what a rule means, read members."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from heed import rules
from heed.govern.api import asked_by, audit
from heed.profiles import reading as people
from heed.segments import actions, exports, reading, sample
from heed.segments.models import ExportFile
from heed.segments.models import Segment as Model

router = Router(tags=["segments"])


class Segment(Schema):
    key: str
    name: str
    description: str
    kind: str
    rule: str
    purpose: str
    members: int
    filled: bool


class Wanted(Schema):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=1_000)] = ""
    kind: str = "rule"
    rule: Annotated[str, Field(max_length=20_000)] = ""
    purpose: Annotated[str, Field(max_length=60)] = ""


class Asked(Schema):
    rule: Annotated[str, Field(max_length=20_000)]


class Meaning(Schema):
    words: str
    members: int
    exact: bool
    low: int
    high: int
    total: int


class Member(Schema):
    id: uuid.UUID
    name: str
    email: str
    lastSeen: datetime | None


class File(Schema):
    """One a schedule made; it is fetched at `path` of this API."""

    id: int
    kind: str
    size: int
    madeAt: datetime
    path: str


class Members(Schema):
    items: list[Member]
    next: str | None


def _shape(found: Model, members: int) -> dict[str, Any]:
    return {
        "key": found.key,
        "name": found.name,
        "description": found.description,
        "kind": found.kind,
        "rule": found.rule,
        "purpose": found.purpose,
        "members": members,
        "filled": found.filled_at is not None,
    }


def _found(key: str) -> Model:
    found = Model.objects.filter(key=key.replace("\x00", "")).first()
    if found is None:
        raise HttpError(404, "There is no such segment.")
    return found


def _saved(request: HttpRequest, key: str, wanted: Wanted) -> Model:
    if wanted.kind not in Model.KINDS:
        raise HttpError(400, f"There is no kind {wanted.kind!r}; kinds are {', '.join(Model.KINDS)}.")
    given = {name: value.replace("\x00", "") for name, value in wanted.dict().items()}
    try:
        return actions.save_segment(key, **given, by=asked_by(request))
    except ValidationError as error:
        raise HttpError(400, " ".join(error.messages)) from None


@router.get("", response=list[Segment], summary="Every segment with its size")
def every(request: HttpRequest) -> list[dict[str, Any]]:
    sizes = reading.sizes.get()
    return [_shape(each, sizes.get(each.key, 0)) for each in Model.objects.order_by("key")]


@router.post("", response=Segment, summary="Add a segment")
def add(request: HttpRequest, wanted: Wanted) -> dict[str, Any]:
    return _shape(_saved(request, "", wanted), 0)


@router.post("/preview", response=Meaning, summary="What a rule means and how many it is true of")
def preview(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    try:
        found = sample.meaning(asked.rule.replace("\x00", ""))
    except rules.RuleError as error:
        raise HttpError(400, f"{error} (at character {error.position + 1}).") from None
    low, high = (found.fitting, found.fitting) if found.exact else found.between
    return {
        "words": found.words,
        "members": found.about,
        "exact": found.exact,
        "low": low,
        "high": high,
        "total": found.total,
    }


@router.get("/{key}", response=Segment, summary="One segment")
def one(request: HttpRequest, key: str) -> dict[str, Any]:
    found = _found(key)
    return _shape(found, reading.size(found.key))


@router.put("/{key}", response=Segment, summary="Change a segment")
def change(request: HttpRequest, key: str, wanted: Wanted) -> dict[str, Any]:
    found = _saved(request, _found(key).key, wanted)
    return _shape(found, reading.size(found.key))


@router.delete("/{key}", response={204: None}, summary="Delete a segment")
def remove(request: HttpRequest, key: str) -> tuple[int, None]:
    found = _found(key)
    try:
        actions.delete_segment(found.key, by=asked_by(request))
    except ValidationError as error:
        raise HttpError(409, str(error.message)) from None
    return 204, None


@router.get("/{key}/members", response=Members, summary="Who is in a segment")
def members(
    request: HttpRequest, key: str, cursor: Annotated[str, Field(max_length=300)] = ""
) -> dict[str, Any]:
    page = people.people(people.Question(segment=_found(key).key), cursor.replace("\x00", ""))
    items = [
        {"id": each.id, "name": each.name, "email": each.email, "lastSeen": each.last_seen}
        for each in page.people
    ]
    return {"items": items, "next": page.next_cursor or None}


@router.get("/{key}/files", response=list[File], summary="Files that schedules made, the newest first")
def every_file(request: HttpRequest, key: str) -> list[dict[str, Any]]:
    return [
        {
            "id": each.pk,
            "kind": each.schedule.kind,
            "size": each.size,
            "madeAt": each.made_at,
            "path": f"/segments/{key}/files/{each.pk}",
        }
        for each in exports.files_of(_found(key).key)
    ]


@router.get("/{key}/files/{int:file_id}", summary="One file")
def one_file(request: HttpRequest, key: str, file_id: int) -> FileResponse:
    try:
        path, found = exports.path_of(_found(key).key, file_id)
    except ExportFile.DoesNotExist:
        raise HttpError(404, "There is no such file any more.") from None
    audit(asked_by(request), "export.fetched", key, file=found.pk)
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{key}.{found.schedule.kind}")
