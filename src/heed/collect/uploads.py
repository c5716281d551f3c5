"""Files sent by people: kept sealed in the database, looked at, looked through, and imported by the worker.

The database is the one place that pages and worker share wherever they run. While a file is read it lies unsealed in
a temporary folder of that process, which goes with it.
"""

from __future__ import annotations

import contextlib
import csv
import io
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import tomli_w
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from heed import settings as heed_settings
from heed.collect.domain.assistant import Choices, mapping_of
from heed.collect.domain.contacts import Contacts, Identifies
from heed.collect.domain.guess import guess
from heed.collect.domain.mapping import BadRow, Mapper, mapper_of, read_mapping
from heed.collect.domain.protocol import Limits
from heed.collect.domain.refusals import Counts, told
from heed.collect.importer import ImportProblem, rows_of
from heed.collect.models import Upload, UploadPart
from heed.contracts.event import Event
from heed.govern.rooms import door, has_door
from heed.kit.sealing import seal, unseal

PART = 1 << 20
UNPACKED = 4 << 30
"""Most bytes a packed file may come to."""
SHOWN, PEEKED = 5, 200
MOST_COLUMNS = 300
_DELIMITERS = ",;\t|"
_ENDINGS = {
    ".csv": ".csv", ".tsv": ".csv", ".txt": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl", ".json": ".jsonl",
    ".parquet": ".parquet",
}  # fmt: skip
_SPREADSHEETS = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"})
_PACKED = frozenset({".zip", ".7z", ".rar", ".tar", ".tgz"})
_IMPORTED_MS = 365_000 * 86_400_000
_BEGINNING = 4
_LOOK_EVERY = 1.0


STALE = timedelta(seconds=60)
"""Work that noted nothing for so long was cut off."""
WORKING = ("counting", "importing")


class Stopped(Exception):
    """Somebody asked to stop."""


@dataclass(frozen=True)
class Peek:
    """The columns and first rows of a file, each row's line, and how its text is written."""

    columns: list[str]
    rows: list[dict[str, Any]]
    lines: list[int]
    encoding: str
    delimiter: str


def limits() -> Limits:
    """Imports reach back as far as anybody likes."""
    settings = heed_settings.load()
    return Limits(settings.event_max_bytes, settings.batch_max_events, _IMPORTED_MS)


def ending(name: str) -> str:
    """The file's ending as the importer reads it, "" where it reads no such file."""
    suffixes = [each.lower() for each in Path(name).suffixes[-2:]]
    packed = suffixes[-1:] == [".gz"]
    found = _ENDINGS.get((suffixes[-2:-1] if packed else suffixes[-1:] or [""])[0] if suffixes else "", "")
    if packed:
        return f"{found or '.csv'}.gz" if found != ".parquet" else ""
    return found


def _other_file(name: str) -> str:
    """What to do with a file that is not read."""
    kind = Path(name).suffix.lower()
    if kind in _SPREADSHEETS:
        return "Heed reads no spreadsheets: save it as CSV in your spreadsheet program, and send that."
    if kind in _PACKED:
        return "Unpack it first, and send what is in it."
    return "Heed reads CSV, gzipped CSV, JSON lines and Parquet."


def keep(name: str, parts: Iterable[bytes], by: str) -> Upload:
    """Keep a file and guess how to read it; raises `ImportProblem` and then keeps nothing."""
    if not ending(name):
        raise ImportProblem(_other_file(name))
    now, key = timezone.now(), heed_settings.load().master_key
    with transaction.atomic():
        upload = Upload.objects.create(
            id=secrets.token_urlsafe(12), name=name[-200:], size=0, choices={}, created_at=now, touched_at=now,
            created_by=by,
        )  # fmt: skip
        for place, part in enumerate(_even(parts)):
            UploadPart.objects.create(
                upload=upload, place=place, sealed=seal(key, part, _purpose(upload.id, place))
            )
            upload.size += len(part)
        with opened(upload, whole=False) as file:
            found = peek(file)
        choices = guess(found.columns, found.rows, name)
        choices.encoding, choices.delimiter = found.encoding, found.delimiter
        upload.choices = msgspec.to_builtins(choices)
        upload.save(update_fields=["size", "choices"])
    return upload


def _even(parts: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for part in parts:
        waiting += part
        while len(waiting) >= PART:
            yield waiting[:PART]
            waiting = waiting[PART:]
    if waiting:
        yield waiting


def _purpose(upload: str, place: int) -> bytes:
    return f"heed upload {upload} {place}".encode()


@contextlib.contextmanager
def opened(upload: Upload, whole: bool = True) -> Iterator[Path]:
    """The file, unsealed in a folder that only this user may enter and that goes afterwards; not `whole`, so much of
    it as its first rows take."""
    key = heed_settings.load().master_key
    with tempfile.TemporaryDirectory(prefix="heed-upload-") as folder:
        path = Path(folder) / f"{_stem(upload.name)}{ending(upload.name)}"
        with path.open("wb") as file:
            parts = UploadPart.objects.filter(upload=upload).order_by("place")
            if not whole and path.suffix != ".parquet":
                parts = parts.filter(place__lt=_BEGINNING)
            for part in parts.iterator(chunk_size=4):
                file.write(unseal(key, bytes(part.sealed), _purpose(upload.id, part.place)))
        yield path


def _stem(name: str) -> str:
    return (
        "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).name.split(".")[0])[:80] or "file"
    )


def peek(file: Path) -> Peek:
    """Raises `ImportProblem`."""
    kind = file.suffixes[0] if file.suffixes else ""
    encoding, delimiter, head = "utf-8", ",", ""
    if kind != ".parquet":
        raw = _head(file)
        encoding, head = _decoded(raw)
        if kind == ".csv":
            delimiter = _delimiter(head)
    mapper = mapper_of({"event": {}, "encoding": encoding, "delimiter": delimiter})
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    for line, row, _ in rows_of(file, mapper, UNPACKED):
        if isinstance(row, dict):
            rows.append(row)
            lines.append(line)
        if len(rows) >= PEEKED:
            break
    columns = (
        list(dict.fromkeys(name for row in rows for name in row))
        if kind != ".csv"
        else _header(head, delimiter)
    )
    if not columns or not rows:
        hint = " JSON must have one object on each line." if kind == ".jsonl" else ""
        raise ImportProblem(f"There are no rows in this file that can be read.{hint}")
    if len(columns) > MOST_COLUMNS:
        raise ImportProblem(
            f"It has {len(columns):,} columns; at most {MOST_COLUMNS} can be mapped here. Use heed import."
        )
    return Peek(columns, rows, lines, encoding, delimiter)


def _head(file: Path) -> bytes:
    import gzip

    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened_file:
            return opened_file.read(PART)
    except (OSError, EOFError) as error:
        raise ImportProblem(f"It cannot be unpacked: {error}.") from None


def _decoded(raw: bytes) -> tuple[str, str]:
    """The encoding, and the beginning as text."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return encoding, raw.decode(encoding, "replace")
    try:
        return "utf-8", raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 4:
            return "utf-8", raw[: error.start].decode("utf-8")
    return "cp1252", raw.decode("cp1252", "replace")


def _delimiter(head: str) -> str:
    """What separates the most cells, the same number in each of the first lines."""
    lines = [line for line in head.splitlines()[:20] if line.strip()]

    def cells(delimiter: str) -> tuple[int, int]:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            return 0, 0
        return sum(n == counts[0] for n in counts) if counts and counts[0] > 1 else 0, counts[
            0
        ] if counts else 0

    return max(_DELIMITERS, key=cells) if lines else ","


def _header(head: str, delimiter: str) -> list[str]:
    found = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
    return list(dict.fromkeys(name.strip().lstrip("\ufeff") for name in found if name.strip()))


def choices_of(upload: Upload) -> Choices:
    return msgspec.convert(upload.choices, Choices)


def mapping_text(choices: Choices) -> str:
    """The mapping file that `heed import` takes; raises `Unfinished`."""
    return tomli_w.dumps(mapping_of(choices))


def preview(upload: Upload, mapper: Mapper, received: int) -> list[tuple[int, Event | str | None]]:
    """The first rows as they would become: `(line, event)`, a text saying why not, or None for one left out."""
    found: list[tuple[int, Event | str | None]] = []
    with opened(upload, whole=False) as file:
        for line, row, _ in rows_of(file, mapper, UNPACKED):
            found.append((line, _made(row, line, mapper, received)))
            if len(found) >= SHOWN:
                break
    return found


def _made(row: Any, line: int, mapper: Mapper, received: int) -> Event | str | None:
    if not isinstance(row, dict):
        return str(row)
    try:
        return mapper.event(row, line, "0" * 16, received, limits())
    except BadRow as error:
        return told(error)


def _identifies() -> Identifies | None:
    return door("identifies")() if has_door("identifies") else None


def unusable(choices: Choices, found: Peek) -> list[dict[str, Any]]:
    """Cells of the first rows by which nobody can be known."""
    contacts = Contacts(choices, _identifies())
    for line, row in zip(found.lines, found.rows, strict=True):
        contacts.look(row, line)
    return contacts.told()


def count(upload: Upload, received: int, tell: Callable[[float], None]) -> Counts:
    """Look through the whole file without keeping anything; raises `ImportProblem` and what `tell` raises."""
    choices, known = choices_of(upload), _identifies()
    mapper, contacts = read_mapping(mapping_text(choices)), Contacts(choices, known)
    counts, bounds = Counts(), limits()
    with opened(upload) as file:
        for line, row, share in rows_of(file, mapper, UNPACKED):
            counts.rows += 1
            if counts.rows % 500 == 0:
                tell(share)
            if not isinstance(row, dict):
                counts.no_row(str(row), line)
                continue
            try:
                event = mapper.event(row, line, "0" * 16, received, bounds)
            except BadRow as error:
                counts.refuse(error, line)
                continue
            if event is None:
                counts.skipped += 1
                continue
            counts.events += 1
            contacts.look(row, line)
            if known is not None and not known(event):
                counts.nobody += 1
    counts.unusable = contacts.told()
    return counts


class Watch:
    """Notes progress once a second, and notices that somebody asked to stop or that another job took over."""

    def __init__(self, upload_id: str, claim: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.own = Upload.objects.filter(pk=upload_id, claim=claim)
        self.clock = clock
        self._next = 0.0

    def __call__(self, share: float, **told: Any) -> None:
        if self.clock() < self._next:
            return
        self._next = self.clock() + _LOOK_EVERY
        going = self.own.filter(stopping=False)
        if not going.update(share=min(1.0, share), touched_at=timezone.now(), **told):
            raise Stopped

    def end(self, state: str, **told: Any) -> None:
        """What became of it; nothing where another job took over."""
        self.own.update(state=state, stopping=False, claim="", touched_at=timezone.now(), **told)


def claimed(upload_id: str, state: str) -> tuple[Upload, Watch] | None:
    """The upload for the one job that may be at it: the first, or one after a job that was cut off."""
    claim, now = secrets.token_hex(8), timezone.now()
    free = Q(claim="") | Q(touched_at__lt=now - STALE)
    if not Upload.objects.filter(free, pk=upload_id, state=state).update(claim=claim, touched_at=now):
        return None
    return Upload.objects.get(pk=upload_id), Watch(upload_id, claim)


def cut_off() -> list[Upload]:
    """What is at work in name only."""
    return list(Upload.objects.filter(state__in=WORKING, touched_at__lt=timezone.now() - STALE))
