"""The JSON API of `collect`: the tracking plan, so that it can be kept beside the code that sends."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from heed.collect import plan_actions, plan_reading
from heed.collect.domain.plans import PlanError, read_schema
from heed.collect.models import PlannedEvent
from heed.govern.actions import audit
from heed.govern.api import asked_by

router = Router(tags=["tracking plan"])


class Planned(Schema):
    id: int
    name: str
    jsonSchema: dict[str, Any]
    since: datetime
    events: int
    notAsPlanned: int
    latest: datetime | None


class Wanted(Schema):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    jsonSchema: dict[str, Any]


class Problem(Schema):
    property: str
    words: str
    source: str
    count: int
    latest: datetime
    messageId: str


class Unplanned(Schema):
    name: str
    events: int
    sources: str
    latest: datetime


def _shape(line: plan_reading.PlanLine) -> dict[str, Any]:
    return {
        "id": line.planned.pk,
        "name": line.planned.name,
        "jsonSchema": line.planned.schema,
        "since": line.planned.changed_at,
        "events": line.events,
        "notAsPlanned": line.bad,
        "latest": line.last_at,
    }


def _found(planned_id: int) -> PlannedEvent:
    found = plan_reading.planned(planned_id)
    if found is None:
        raise HttpError(404, "There is no such planned event.")
    return found


@router.get("", response=list[Planned], summary="Every planned event, those with problems first")
def every(request: HttpRequest) -> list[dict[str, Any]]:
    return [_shape(line) for line in plan_reading.lines()]


@router.put("", response=Planned, summary="Plan an event, or change what is planned of it")
def put(request: HttpRequest, wanted: Wanted) -> dict[str, Any]:
    """Counting begins anew where the schema changes, and goes on where it is the same."""
    name = wanted.name.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
    if not name:
        raise HttpError(400, "The event needs a name.")
    try:
        schema = read_schema(json.dumps(wanted.jsonSchema))
    except PlanError as error:
        raise HttpError(400, str(error)) from None
    planned = plan_actions.save_planned(name, schema, asked_by(request))
    audit(asked_by(request), "plan.saved", name)
    return _shape(plan_reading.line(planned))


@router.get("/unplanned", response=list[Unplanned], summary="What arrives and is not in the plan")
def unplanned(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "events": each.events, "sources": each.sources, "latest": each.last_at}
        for each in plan_reading.unplanned()
    ]


@router.get("/{planned_id}/problems", response=list[Problem], summary="In what way events are not as planned")
def problems(request: HttpRequest, planned_id: int) -> list[dict[str, Any]]:
    return [
        {
            "property": each.property,
            "words": each.words,
            "source": each.source,
            "count": each.count,
            "latest": each.last_at,
            "messageId": each.message_id,
        }
        for each in plan_reading.wrong(_found(planned_id))
    ]


@router.delete("/{planned_id}", response={204: None}, summary="Take an event out of the plan")
def remove(request: HttpRequest, planned_id: int) -> tuple[int, None]:
    found = _found(planned_id)
    plan_actions.remove_planned(found)
    audit(asked_by(request), "plan.removed", found.name)
    return 204, None
