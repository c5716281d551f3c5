"""What a person chose for the columns of a file, and the mapping that follows from it."""

from __future__ import annotations

from typing import Any

import msgspec

ROLES = {
    "skip": "leave it out",
    "user_id": "user id",
    "email": "e-mail",
    "phone": "phone",
    "external": "id in another system",
    "time": "when it happened",
    "event": "name of the event",
    "message_id": "what tells rows apart",
    "property": "about the event",
    "trait": "about the customer",
    "unsubscribed": "whether they unsubscribed",
    "permits": "whether they permit marketing",
    "permitted_at": "since when they permit it",
}
"""What a column may be, in words."""
KINDS = {"text": "text", "number": "number", "money": "money", "flag": "yes or no", "whole": "as it stands"}
CUSTOMERS, EVENTS, CALLS = "customers", "events", "calls"
ROWS = {
    CUSTOMERS: "a customer",
    EVENTS: "something that happened",
    CALLS: "a tracking call, as Segment exports them",
}
SAYS = {
    "": "nothing",
    "withdrawn": "that they unsubscribed",
    "granted": "that they permit marketing",
}
"""What a file says about the permission of everybody in it."""
_YES = ["true", "yes", "y", "1", "x", "ja", "oui", "vrai", "wahr", "sí", "si"]
_LEFT = [
    *("unsubscribed", "unsubscribe", "opted out", "opt-out", "optout"),
    *("cleaned", "spam complaint", "spam_complaint", "user_unsubscribed"),
]
JOINED = ["subscribed", "opted in", "opted-in", "opted_in"]
"""Cells that say somebody permits marketing, whatever the column is called."""
UNSUBSCRIBED = [*_LEFT, *_YES]
"""Cells that say somebody unsubscribed, whatever their case."""
PERMITTED = [*JOINED, "opt-in", "optin", *_YES]
"""Cells that say somebody permits marketing where the column asks for it."""
_NOT_UNSUBSCRIBED = [
    *("", "false", "no", "n", "0", "nein", "non", "none", "null", "never"),
    *("subscribed", "never_subscribed", "never subscribed"),
]
"""Any other cell of such a column is a reason not to take a permission from another."""
MARKETING = ("marketing", "email")


class Column(msgspec.Struct, omit_defaults=True):
    """`target` is the property, trait or foreign system it fills."""

    name: str
    role: str = "skip"
    target: str = ""
    kind: str = "text"


class Choices(msgspec.Struct, omit_defaults=True):
    columns: list[Column]
    rows: str = CUSTOMERS
    event: str = ""
    source: str = "Import"
    says: str = ""
    proof: str = ""
    known: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    timezone: str = "UTC"
    time_format: str = ""


class Unfinished(ValueError):
    """The choices do not make a mapping yet; the message says what is missing."""


def mapping_of(choices: Choices) -> dict[str, Any]:
    """What a mapping file would say; raises `Unfinished`."""
    mapping: dict[str, Any] = {"source": choices.source}
    if times := [_cell(each) for each in _of(choices, "time")]:
        mapping["time"] = times[0] if len(times) == 1 else times
    for name, plain in (
        ("time_format", ""), ("timezone", "UTC"), ("encoding", "utf-8"), ("delimiter", ","), ("decimal", "."),
    ):  # fmt: skip
        if (chosen := getattr(choices, name)) != plain:
            mapping[name] = chosen
    if choices.rows == CALLS:
        return {**mapping, "time": "{timestamp}", "message_id": "{messageId}", "event": _CALL}
    if ids := _of(choices, "message_id"):
        mapping["message_id"] = "-".join(_cell(each) for each in ids)
    mapping["event"] = _event(choices)
    if when := _permissions(choices, "time" in mapping):
        mapping["when"] = when
    if choices.says == "granted" and "time" not in mapping:
        raise Unfinished(
            "A permission counts from when it was given: choose the column that says when, or leave it out."
        )
    return mapping


def dated(choices: Choices) -> bool:
    """Whether a permission that a column tells of has a time: without one it would undo a refusal that came since."""
    return bool(_of(choices, "permitted_at") or _of(choices, "time"))


def _permissions(choices: Choices, timed: bool) -> list[dict[str, Any]]:
    """What the columns say of permission; the first that fits a row counts, refusals first."""
    left, asked, since = (_of(choices, role) for role in ("unsubscribed", "permits", "permitted_at"))
    if since and choices.rows == EVENTS:
        raise Unfinished(
            "Since when somebody permits marketing is known of customers, not of what happened: let each row be a customer,"
            " or leave that column out."
        )
    if choices.says == "granted" and (asked or since):
        raise Unfinished(
            "Either everybody in the file permits marketing, or a column says who does: choose one of the two."
        )
    no, yes = _said(choices, False), _said(choices, True)
    refused = [{"column": each.name, "one_of": UNSUBSCRIBED, "event": no} for each in left]
    refused += [{"column": each.name, "one_of": _LEFT, "event": no} for each in asked]
    if choices.says == "granted":
        # What else may stand there, a bounce or a complaint, is no reason to write to somebody.
        refused += [{"column": each.name, "other_than": _NOT_UNSUBSCRIBED, "event": no} for each in left]
    if not asked or not (since or timed):
        return refused
    own = {"time": [_cell(each) for each in since]} if since else {}
    unsure = [{"column": each.name, "other_than": _NOT_UNSUBSCRIBED} for each in left]
    return [
        *refused,
        *unsure,
        *({"column": each.name, "one_of": PERMITTED, "event": yes, **own} for each in asked),
    ]


def _said(choices: Choices, granted: bool) -> dict[str, Any]:
    proof = {"properties": {"proof": choices.proof}} if choices.proof else {}
    return {"context": _consent(granted), **proof}


_CALL: dict[str, Any] = {
    **{
        name: f"{{{name}}}"
        for name in ("type", "event", "name", "userId", "anonymousId", "groupId", "previousId")
    },
    **{name: {"whole": f"{{{name}}}"} for name in ("properties", "traits", "context")},
}


def _of(choices: Choices, role: str) -> list[Column]:
    return [each for each in choices.columns if each.role == role]


def _cell(column: Column) -> str:
    return f"{{{column.name}}}"


def _value(column: Column) -> Any:
    return _cell(column) if column.kind == "text" else {column.kind: _cell(column)}


def _event(choices: Choices) -> dict[str, Any]:
    traits = {each.target or each.name: _value(each) for each in _of(choices, "trait")}
    for role in ("email", "phone"):
        if found := _of(choices, role):
            traits[role] = _cell(found[0])
    external = [{"type": each.target or "import", "id": _cell(each)} for each in _of(choices, "external")]
    users = _of(choices, "user_id")
    if not users and not external and "email" not in traits and "phone" not in traits:
        raise Unfinished(
            "Choose at least one column that says who it is: user id, e-mail, phone or another id."
        )
    context: dict[str, Any] = {}
    if external:
        context["externalIds"] = external
    if choices.says:
        context |= _consent(choices.says == "granted")
    properties = {each.target or each.name: _value(each) for each in _of(choices, "property")}
    if choices.proof and choices.says:
        properties["proof"] = choices.proof
    event: dict[str, Any] = {"type": "identify", "traits": traits}
    if choices.rows == EVENTS:
        names = _of(choices, "event")
        event = {"type": "track", "event": _cell(names[0]) if names else choices.event}
        if not event["event"]:
            raise Unfinished("Say what the event is called, or choose the column with its name.")
        context["traits"] = traits
    if users:
        event["userId"] = _cell(users[0])
    if context:
        event["context"] = context
    if properties:
        event["properties"] = properties
    return event


def _consent(granted: bool) -> dict[str, Any]:
    return {"consent": {"categoryPreferences": dict.fromkeys(MARKETING, granted)}}
