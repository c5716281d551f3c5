"""What `heed doctor` says: a finding, and the words its parts have in common."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

from heed.settings import Settings


@dataclass(frozen=True)
class Finding:
    level: Literal["ok", "warn", "bad"]
    text: str
    mend: str = ""


def refused(why: str) -> Finding:
    """What refuses says what is wrong in its first sentence, and what to do in those that follow."""
    said, _, mend = why.partition(". ")
    return Finding("bad", f"{said}.", mend)


def command(settings: Settings, words: str) -> str:
    """A command to type, on this data folder."""
    return f"heed {words} --data {shlex.quote(str(settings.data))}"


def lasting(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
