"""A mapping says how the rows of a file become events; `docs/how-to/import-a-file.md` explains the format.

timezone = "Europe/London"
time = "{InvoiceDate}"
time_format = "%m/%d/%Y %H:%M"

[event]
type = "track"
event = "Order Completed"
userId = "{CustomerID}"

[event.properties]
order_id = "{InvoiceNo}"
quantity = { number = "{Quantity}" }
value = { money = "{Quantity} * {UnitPrice}" }

[[when]]
column = "Quantity"
below = 0
event.event = "Order Refunded"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from heed.collect.domain.numbers import COMMA, POINT, amount, number
from heed.collect.domain.protocol import Limits, from_mapping, instant
from heed.contracts.event import Event
from heed.kit.clock import DAY, in_ms


class MappingError(ValueError):
    """The mapping cannot be used; the message says why."""


class BadRow(ValueError):
    """A row cannot be read as the mapping says; `reason` is one of the protocol's where the row is read and no event,
    else `cause` says what is wrong with which `column`, as far as that is one."""

    def __init__(self, detail: str, reason: str = "", cause: str = "", column: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if reason else detail)
        self.detail = detail
        self.reason = reason
        self.cause = cause
        self.column = column


_COLUMN = re.compile(r"\{([^{}]+)\}")
Row = Mapping[str, Any]
_Make = Callable[[Row], Any]


class _When(msgspec.Struct):
    """A row takes the changes of the first `when` that fits it; one with times of its own fits only rows that have one."""

    column: str
    event: dict[str, Any] = {}
    below: float | None = None
    above: float | None = None
    equals: str | None = None
    one_of: list[str] | None = None
    other_than: list[str] | None = None
    starts_with: str | None = None
    empty: bool | None = None
    skip: bool = False
    time: str | list[str] = ""


class _Mapping(msgspec.Struct, forbid_unknown_fields=True):
    event: dict[str, Any]
    source: str = "Import"
    time: str | list[str] = ""
    time_format: str = ""
    timezone: str = "UTC"
    message_id: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = POINT
    when: list[_When] = []


class Mapper:
    """Makes events of rows."""

    def __init__(self, mapping: _Mapping) -> None:
        self.mapping = mapping
        try:
            self.zone = ZoneInfo(mapping.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise MappingError(f"There is no time zone {mapping.timezone!r}") from None
        if mapping.decimal not in {POINT, COMMA}:
            raise MappingError(f'`decimal` is "." or ",", not {mapping.decimal!r}')
        self._base = _compile(mapping.event, mapping.decimal)
        self._variants = [
            (each, _compile(_merged(mapping.event, each.event), mapping.decimal), _texts(each.time))
            for each in mapping.when
        ]
        self._times = _texts(mapping.time)
        self._id = _text(mapping.message_id) if mapping.message_id else None

    @property
    def columns(self) -> set[str]:
        """Columns the mapping reads."""
        found = set(_columns(msgspec.to_builtins(self.mapping)))
        return found | {each.column for each in self.mapping.when}

    def event(self, row: Row, line: int, digest: str, received: int, limits: Limits) -> Event | None:
        """The row's event, None for a row to skip; raises `BadRow`.

        Its message id is made of the file and the line, so the same line sent again is recognised.
        """
        make, times = self._base, self._times
        for when, variant, own in self._variants:
            if _fits(when, row, self.mapping.decimal) and (not own or _first(own, row)):
                if when.skip:
                    return None
                make, times = variant, own or times
                break
        call = _named(make(row))
        call["messageId"] = self.message_id(row) or f"import-{digest[:16]}-{line}"
        found = from_mapping(call, received, limits)
        if not isinstance(found, Event):
            raise BadRow(found[1], found[0])
        if times:
            found.occurred = self._occurred(_first(times, row))
            if times is not self._times and found.occurred > received + DAY:
                # Taken for now, it would undo what was refused since.
                raise BadRow("a permission was given in the future", cause="bad_time")
        return found

    def message_id(self, row: Row) -> str:
        """What the mapping tells rows apart by, "" where it says nothing."""
        return self._id(row) if self._id else ""

    def _occurred(self, text: str) -> int:
        if not text:
            raise BadRow("the time is empty", cause="no_time")
        try:
            if self.mapping.time_format:
                found = datetime.strptime(text, self.mapping.time_format)  # noqa: DTZ007
            elif (unix := _unix(text)) is not None:
                return unix
            else:
                found = datetime.fromisoformat(text)
        except ValueError:
            raise BadRow(f"the time {text[:40]!r} cannot be read", cause="bad_time") from None
        return in_ms(found if found.tzinfo else found.replace(tzinfo=self.zone))


def read_mapping(text: str) -> Mapper:
    """The mapper of a TOML text; raises `MappingError`."""
    try:
        return mapper_of(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"it is not valid TOML: {error}") from None


def mapper_of(fields: Mapping[str, Any]) -> Mapper:
    """The mapper of what such a text says, given as an object; raises `MappingError`."""
    try:
        return Mapper(msgspec.convert(dict(fields), _Mapping))
    except msgspec.ValidationError as error:
        raise MappingError(str(error)) from None


def _named(call: dict[str, Any]) -> dict[str, Any]:
    """Whoever has neither a user id nor another, and an e-mail address or phone number, is who has those."""
    if any(call.get(name) for name in ("userId", "anonymousId")):
        return call
    context = call.get("context")
    context = dict(context) if isinstance(context, dict) else {}
    if context.get("externalIds"):
        return call
    told = [each for each in (call.get("traits"), context.get("traits")) if isinstance(each, dict)]
    known = [(kind, str(traits[kind])) for traits in told for kind in ("email", "phone") if traits.get(kind)]
    if known:
        context["externalIds"] = [{"type": kind, "id": value} for kind, value in known]
        call["context"] = context
    return call


def _texts(templates: str | list[str]) -> list[Callable[[Row], str]]:
    return [_text(each) for each in ([templates] if isinstance(templates, str) else templates) if each]


def _first(times: list[Callable[[Row], str]], row: Row) -> str:
    """The first that holds something: when somebody confirmed, else when they signed up."""
    return next((text for time in times if (text := time(row))), "")


def _unix(text: str) -> int | None:
    """Seconds or milliseconds since 1970; eight digits are a date, as in ISO 8601."""
    whole = text.partition(".")[0]
    return instant(float(text)) if whole.isascii() and whole.isdecimal() and 9 <= len(whole) <= 13 else None


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        known = merged.get(name)
        merged[name] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _columns(value: Any) -> list[str]:
    if isinstance(value, str):
        return _COLUMN.findall(value)
    if isinstance(value, dict):
        return [name for each in value.values() for name in _columns(each)]
    if isinstance(value, list):
        return [name for each in value for name in _columns(each)]
    return []


_LARGEST = 20
"""Digits before the point beyond the first: what can still be rounded to four decimals exactly."""
KINDS = ("number", "money", "flag", "whole")
"""What a cell may be beside text; `whole` is the value as it stands in JSON, an object or a list."""


def _compile(template: Any, decimal: str) -> _Make:
    """A function from a row to the template filled in; empty texts are left out, and objects of a list that lack one."""
    if isinstance(template, dict):
        if len(template) == 1 and set(template) <= set(KINDS):
            ((kind, text),) = template.items()
            return _typed(kind, str(text), decimal)
        parts = [(name, _compile(value, decimal)) for name, value in template.items()]
        return lambda row: {name: value for name, make in parts if (value := make(row)) not in ("", None)}
    if isinstance(template, list):
        entries = [
            (_compile(each, decimal), set(each) if isinstance(each, dict) else set()) for each in template
        ]
        return lambda row: [
            value
            for make, names in entries
            if (value := make(row)) not in ("", None) and not (names and names - set(value))
        ]
    if isinstance(template, str):
        return _text(template)
    return lambda row: template


def _text(template: str) -> Callable[[Row], str]:
    names = _COLUMN.findall(template)
    if template == "{" + (names[0] if names else "") + "}":
        name = names[0]
        return lambda row: _cell(row, name)
    return lambda row: _COLUMN.sub(lambda match: _cell(row, match[1]), template)


def value_at(row: Row, name: str) -> Any:
    """A column, or what lies inside a nested one: `customer.email`, `items.0.sku`; None where there is nothing."""
    value = row.get(name)
    if value is not None or "." not in name:
        return value
    found: Any = row
    for step in name.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and len(step) < 6 and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def _cell(row: Row, name: str) -> str:
    value = value_at(row, name)
    if value is None or isinstance(value, dict | list):
        return ""
    return value.strip() if isinstance(value, str) else str(value)


def _unpacked(value: Any) -> Any:
    """An object or a list that stands in a cell as JSON text."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return value
    return value


def _typed(kind: str, text: str, decimal: str) -> _Make:
    if kind == "whole":
        names = _COLUMN.findall(text)
        return lambda row: _unpacked(value_at(row, names[0])) if names else text
    factors = [_text(part.strip()) for part in text.split("*")]
    constant = [not _COLUMN.search(part) for part in text.split("*")]
    names = [" ".join(_COLUMN.findall(part)) for part in text.split("*")]

    def product_of(row: Row) -> Any:
        product = Decimal(1)
        for factor, fixed, name in zip(factors, constant, names, strict=True):
            cell = factor(row)
            if not cell:
                return None
            read = amount if kind == "money" else number
            found = read(cell, POINT if fixed else decimal)
            if found is None:
                where = f" in the column “{name[:60]}”" if name else ""
                raise BadRow(f"{cell[:40]!r}{where} is not a number", cause="bad_number", column=name)
            product *= found
        if product.adjusted() > _LARGEST:
            raise BadRow("a number is too large")
        if kind == "money":
            return float(round(product, 4))
        whole = product == product.to_integral_value() and abs(product) < 2**53
        return int(product) if whole else float(product)

    def flag(row: Row) -> Any:
        cell = factors[0](row).lower()
        return None if not cell else cell in {"1", "true", "yes", "y"}

    return flag if kind == "flag" else product_of


_QUOTED = re.compile(r"""(["'])(.*?)\1""")


def entries(row: Row, name: str) -> set[str]:
    """What a cell says, in small letters: all entries of a list, also of one that stands there as text."""
    value = value_at(row, name)
    if isinstance(value, list):
        return {str(each).strip().casefold() for each in value} or {""}
    cell = _cell(row, name).casefold()
    if cell[:1] == "[" and cell[-1:] == "]":
        return {each[1] for each in _QUOTED.findall(cell)} or {cell[1:-1].strip()}
    return {cell}


def _fits(when: _When, row: Row, decimal: str) -> bool:
    cell = _cell(row, when.column)
    if when.empty is not None and (cell == "") != when.empty:
        return False
    if when.equals is not None and cell != when.equals:
        return False
    if when.one_of is not None and not entries(row, when.column) & {each.casefold() for each in when.one_of}:
        return False
    if when.other_than is not None and entries(row, when.column) <= {
        each.casefold() for each in when.other_than
    }:
        return False
    if when.starts_with is not None and not cell.startswith(when.starts_with):
        return False
    if when.below is not None or when.above is not None:
        found = amount(cell, decimal)
        if found is None:
            return False
        if when.below is not None and not found < when.below:
            return False
        if when.above is not None and not found > when.above:
            return False
    return True
