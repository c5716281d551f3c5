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
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from heed.collect.domain.protocol import Limits, from_mapping
from heed.contracts.event import Event
from heed.kit.clock import in_ms


class MappingError(ValueError):
    """The mapping cannot be used; the message says why."""


class BadRow(ValueError):
    """A row cannot be read as the mapping says."""


_COLUMN = re.compile(r"\{([^{}]+)\}")
Row = Mapping[str, Any]
_Make = Callable[[Row], Any]


class _When(msgspec.Struct):
    """A row takes the changes of the first `when` that fits it."""

    column: str
    event: dict[str, Any] = {}
    below: float | None = None
    above: float | None = None
    equals: str | None = None
    starts_with: str | None = None
    empty: bool | None = None
    skip: bool = False


class _Mapping(msgspec.Struct, forbid_unknown_fields=True):
    event: dict[str, Any]
    source: str = "Import"
    time: str = ""
    time_format: str = ""
    timezone: str = "UTC"
    message_id: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    when: list[_When] = []


class Mapper:
    """Makes events of rows."""

    def __init__(self, mapping: _Mapping) -> None:
        self.mapping = mapping
        try:
            self.zone = ZoneInfo(mapping.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise MappingError(f"There is no time zone {mapping.timezone!r}") from None
        self._base = _compile(mapping.event, "event")
        self._variants = [
            (each, _compile(_merged(mapping.event, each.event), "when")) for each in mapping.when
        ]
        self._time = _text(mapping.time) if mapping.time else None
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
        make = self._base
        for when, variant in self._variants:
            if _fits(when, row):
                if when.skip:
                    return None
                make = variant
                break
        call = make(row)
        call["messageId"] = self._id(row) if self._id else f"import-{digest[:16]}-{line}"
        found = from_mapping(call, received, limits)
        if not isinstance(found, Event):
            raise BadRow(f"{found[0]}: {found[1]}")
        if self._time is not None:
            found.occurred = self._occurred(self._time(row))
        return found

    def _occurred(self, text: str) -> int:
        try:
            if self.mapping.time_format:
                found = datetime.strptime(text, self.mapping.time_format)  # noqa: DTZ007
            else:
                found = datetime.fromisoformat(text)
        except ValueError:
            raise BadRow(f"the time {text[:40]!r} is not as `time_format` says") from None
        return in_ms(found if found.tzinfo else found.replace(tzinfo=self.zone))


def read_mapping(text: str) -> Mapper:
    """The mapper of a TOML text; raises `MappingError`."""
    try:
        return Mapper(msgspec.convert(tomllib.loads(text), _Mapping))
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"it is not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise MappingError(str(error)) from None


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


def _compile(template: Any, where: str) -> _Make:
    """A function from a row to the template filled in; empty texts are left out."""
    if isinstance(template, dict):
        if set(template) <= {"number", "money", "flag"} and len(template) == 1:
            ((kind, text),) = template.items()
            return _typed(kind, str(text))
        parts = [(name, _compile(value, f"{where}.{name}")) for name, value in template.items()]
        return lambda row: {name: value for name, make in parts if (value := make(row)) not in ("", None)}
    if isinstance(template, str):
        return _text(template)
    return lambda row: template


def _text(template: str) -> Callable[[Row], str]:
    names = _COLUMN.findall(template)
    if template == "{" + (names[0] if names else "") + "}":
        name = names[0]
        return lambda row: _cell(row, name)
    return lambda row: _COLUMN.sub(lambda match: _cell(row, match[1]), template)


def _cell(row: Row, name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else str(value)


def _typed(kind: str, text: str) -> _Make:
    factors = [_text(part.strip()) for part in text.split("*")]

    def number(row: Row) -> Any:
        product = Decimal(1)
        for factor in factors:
            cell = factor(row)
            if not cell:
                return None
            try:
                product *= Decimal(cell)
            except InvalidOperation:
                raise BadRow(f"{cell[:40]!r} is not a number") from None
        if not product.is_finite():
            raise BadRow("a number is not finite")
        if kind == "money":
            return float(round(product, 4))
        return (
            int(product)
            if product == product.to_integral_value() and abs(product) < 2**53
            else float(product)
        )

    def flag(row: Row) -> Any:
        cell = factors[0](row).lower()
        return None if not cell else cell in {"1", "true", "yes", "y"}

    return flag if kind == "flag" else number


def _fits(when: _When, row: Row) -> bool:
    cell = _cell(row, when.column)
    if when.empty is not None and (cell == "") != when.empty:
        return False
    if when.equals is not None and cell != when.equals:
        return False
    if when.starts_with is not None and not cell.startswith(when.starts_with):
        return False
    if when.below is not None or when.above is not None:
        try:
            number = float(cell)
        except ValueError:
            return False
        if when.below is not None and not number < when.below:
            return False
        if when.above is not None and not number > when.above:
            return False
    return True
