"""What looking through a file comes to, and why rows are refused, in the words of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from heed.collect.domain.mapping import BadRow
from heed.collect.domain.protocol import REASONS

SHOWN = 5
"""Most causes that are told one by one."""
_MOST = 50
_OTHER = "other"
WORDS = {
    **REASONS,
    "no_identity": (
        "No column says whose row this is: those chosen as e-mail, phone, user id (a customer number, for instance) or id"
        " in another system are empty there. Choose another, or fill them in."
    ),
    "no_event_name": (
        "Nothing says what happened: choose another column as “name of the event”, fill it in, or say it under “What"
        " happened”."
    ),
    "no_time": "The column that says when it happened is empty.",
    "bad_time": "A time is in another form than “Form of times” says.",
    "bad_number": "What is to be read as a number or as money is none.",
    "not_a_row": "The line is no row like the others.",
    _OTHER: "Other causes.",
}
_SAID = frozenset({"no_identity", "no_event_name", "no_time"})
"""Causes to which a row's detail adds nothing."""


def cause_of(error: BadRow) -> str:
    return error.cause or error.reason or "bad_row"


def detail_of(error: BadRow) -> str:
    return "" if cause_of(error) in _SAID else error.detail


def told(error: BadRow) -> str:
    """Why one row is refused."""
    why, detail = WORDS.get(cause_of(error), ""), detail_of(error)
    if cause_of(error) == "bad_row" or not why:
        return detail
    return f"{why.rstrip('.')}: {detail}." if detail else why


@dataclass
class Counts:
    """`refused` by cause and what sets rows of that cause apart: how many, and the first one's line and detail."""

    rows: int = 0
    events: int = 0
    skipped: int = 0
    nobody: int = 0
    unusable: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[tuple[str, str], tuple[int, int, str]] = field(default_factory=dict)

    def refuse(self, error: BadRow, line: int) -> None:
        self._count(cause_of(error), error.column, detail_of(error), line)

    def no_row(self, detail: str, line: int) -> None:
        """A line that could not even be read as a row."""
        self._count("not_a_row", detail.partition(":")[0][:60], detail, line)

    def _count(self, cause: str, apart: str, detail: str, line: int) -> None:
        key = (cause, apart)
        if key not in self.refused and len(self.refused) >= _MOST:
            key = (_OTHER, "")
        n, first, words = self.refused.get(key, (0, line, detail))
        self.refused[key] = (n + 1, first, words)

    def told(self) -> dict[str, Any]:
        """What happens most first."""
        found = sorted(
            ((n, cause, line, words) for (cause, _), (n, line, words) in self.refused.items()),
            key=lambda each: (each[1] == _OTHER, -each[0], each[2]),
        )
        return {
            "rows": self.rows, "events": self.events, "skipped": self.skipped, "nobody": self.nobody,
            "unusable": self.unusable,
            "refused": [
                {"reason": cause, "n": n, "line": line, "words": words[:200]} for n, cause, line, words in found
            ],
        }  # fmt: skip
