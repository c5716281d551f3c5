"""Cells of a file's e-mail and phone columns by which nobody can be known, counted and told in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from heed.collect.domain.assistant import CALLS, Choices
from heed.collect.domain.mapping import value_at
from heed.contracts.event import Event

_WORDS = {
    "email": ("is no e-mail address", "are no e-mail addresses"),
    "phone": ("is no phone number", "are no phone numbers"),
}
_REGION = " A number without its country's code, such as +46, is read as one of this installation's country."
Identifies = Callable[[Event], bool]


class Contacts:
    """`identifies` says whether an event has anything by which somebody is known."""

    def __init__(self, choices: Choices, identifies: Identifies | None) -> None:
        self._identifies = identifies
        own = choices.columns if choices.rows != CALLS and identifies else []
        self._columns = [
            next(each for each in own if each.role == role)
            for role in _WORDS
            if any(each.role == role for each in own)
        ]
        self._country = next(
            (each.name for each in own if each.role == "trait" and (each.target or each.name) == "country"),
            "",
        )
        self._found: dict[str, tuple[str, int, int]] = {}

    def look(self, row: Mapping[str, Any], line: int) -> None:
        for column in self._columns:
            value = value_at(row, column.name)
            cell = "" if value is None or isinstance(value, dict | list) else str(value).strip()
            if cell and not self._usable(column.role, cell, row):
                _, n, first = self._found.get(column.name, ("", 0, line))
                self._found[column.name] = (column.role, n + 1, first)

    def told(self) -> list[dict[str, Any]]:
        """By column: its role, how many cells, the first one's line."""
        return [
            {"column": name, "role": role, "n": n, "line": line}
            for name, (role, n, line) in self._found.items()
        ]

    def _usable(self, role: str, cell: str, row: Mapping[str, Any]) -> bool:
        traits = {role: cell, "country": value_at(row, self._country) if self._country else None}
        return self._identifies is None or self._identifies(
            Event(message_id="", type="identify", occurred=0, received=0, traits=traits)
        )


def contact_doubts(told: Sequence[Mapping[str, Any]], first_rows: int = 0) -> list[str]:
    """What is found, in words; `first_rows` is how many rows were looked at, 0 for the whole file."""
    among = f" among the first {first_rows:,} rows" if first_rows > 1 else ""
    found = []
    for each in told:
        one, many = _WORDS[each["role"]]
        what = f"1 value{among} that {one}" if each["n"] == 1 else f"{each['n']:,} values{among} that {many}"
        found.append(
            f"“{each['column']}” has {what}, or only a placeholder: see line {each['line']:,}. Nobody is identified by"
            " that, and nothing is sent there; it is kept as a note about the customer. A row that has nothing else to"
            f" know somebody by is of nobody.{_REGION if each['role'] == 'phone' else ''}"
        )
    return found
