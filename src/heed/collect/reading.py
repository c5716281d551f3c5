"""What the pages ask about sources and dead letters."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heed.collect.domain.protocol import REASONS
from heed.collect.models import DeadLetter, Source
from heed.govern.rooms import door, has_door

PAGE = 50
MANY = 1_000


class _Count:
    """How many dead letters are open, at most MANY, asked at most every ten seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._count = 0

    def get(self) -> int:
        with self._lock:
            if time.monotonic() >= self._until:
                self._count = len(_open().values_list("id", flat=True)[:MANY])
                self._until = time.monotonic() + 10
            return self._count

    def forget(self) -> None:
        self._until = 0.0


open_letters = _Count()


@dataclass(frozen=True)
class Traffic:
    """Events of one source: `last` the hour of the latest, `day` those of 24 hours, `hours` one by one."""

    last: datetime | None
    day: int
    hours: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """A source and what came from it."""

    source: Source
    traffic: Traffic


def sources() -> list[Line]:
    """Every source people made, working ones first, newest first."""
    traffic = _traffic()
    rows = Source.objects.exclude(kind="heed").order_by("disabled_at", "-created_at")
    lines = [Line(row, traffic.get(row.id, Traffic(None, 0, ()))) for row in rows]
    return sorted(lines, key=lambda line: line.source.disabled_at is not None)


def source(source_id: str) -> Line | None:
    found = Source.objects.exclude(kind="heed").filter(pk=source_id.replace("\x00", "")).first()
    return Line(found, _traffic().get(found.id, Traffic(None, 0, ()))) if found else None


def _traffic() -> dict[str, Traffic]:
    """From the room that carries events; it stands above this one and lends its figures."""
    if not has_door("traffic"):
        return {}
    return {name: Traffic(*figures) for name, figures in door("traffic")().items()}


def source_names() -> dict[str, str]:
    return dict(Source.objects.values_list("id", "name"))


@dataclass(frozen=True)
class Letter:
    """A dead letter for people: `why` in words, `payload` indented where it is JSON."""

    id: int
    received_at: datetime
    source: str
    source_name: str
    reason: str
    why: str
    detail: str
    line: int
    payload: str
    state: str


def letters(reason: str = "", source: str = "", before: int | None = None) -> tuple[list[Letter], int | None]:
    """Open dead letters, newest first, and the id to go on from."""
    found = _open().order_by("-id")
    if reason:
        found = found.filter(reason=reason)
    if source:
        found = found.filter(source=source)
    if before is not None:
        found = found.filter(id__lt=before)
    rows = list(found[: PAGE + 1])
    names = source_names()
    return [_letter(row, names, 200) for row in rows[:PAGE]], rows[PAGE - 1].pk if len(rows) > PAGE else None


def letter(letter_id: int) -> Letter | None:
    row = DeadLetter.objects.filter(pk=letter_id).first()
    return _letter(row, source_names(), 200_000) if row else None


def open_ids(reason: str, limit: int) -> list[int]:
    """The oldest open dead letters of a reason."""
    return list(_open().filter(reason=reason).order_by("id").values_list("id", flat=True)[:limit])


def _open() -> Any:
    return DeadLetter.objects.filter(resubmitted_at=None, discarded_at=None)


def _letter(row: DeadLetter, names: dict[str, str], longest: int) -> Letter:
    return Letter(
        id=row.pk,
        received_at=row.received_at,
        source=row.source,
        source_name=names.get(row.source, row.source or "unknown"),
        reason=row.reason,
        why=REASONS.get(row.reason, row.reason.replace("_", " ")),
        detail=row.detail,
        line=row.line,
        payload=_readable(bytes(row.payload), longest),
        state="sent again" if row.resubmitted_at else "discarded" if row.discarded_at else "open",
    )


def _readable(payload: bytes, longest: int) -> str:
    text = payload.decode("utf-8", "replace")
    if longest > 1_000 and len(text) <= longest:
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            pass
    return text if len(text) <= longest else f"{text[:longest]}…"
