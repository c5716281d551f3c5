"""What people do with sense outside the stream of events."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from heed.sense.text import understand_many

ADDED = ("language", "sentiment", "sentiment_label", "emotion", "intent")
_BATCH = 200
_SNIFFED = 64 * 1024
_FIELD_LIMIT = 10_000_000


class MissingColumn(LookupError):
    """The file has no such column; the message names those it has."""


def label_file(
    path: Path | str, column: str, out: Path | str, progress: Callable[[int], None] | None = None
) -> int:
    """Read the texts of one column of a CSV file and write the file again with what they say.

    Adds `language`, `sentiment` (−1…1), `sentiment_label`, `emotion` and `intent`; a column already called
    so is kept under `<name>_before`. Streams, so the file may be larger than memory. `out` appears when it
    is whole, and may be `path` itself. `progress` is called with the bytes read since the last call. Returns
    the number of rows. Raises `MissingColumn`, `OSError`, `UnicodeDecodeError` (the file must be UTF-8) and
    `csv.Error`.
    """
    source, target = Path(path), Path(out)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    previous_limit = csv.field_size_limit(_FIELD_LIMIT)
    try:
        with source.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(_told(lines, progress), _dialect(lines), strict=False)
            header = next(reader, [])
            if column not in header:
                names = ", ".join(header) or "none: the file is empty"
                raise MissingColumn(f"{source.name} has no column {column!r}. Its columns: {names}")
            place = header.index(column)
            with part.open("w", encoding="utf-8", newline="") as written:
                writer = csv.writer(written)
                writer.writerow([*(f"{name}_before" if name in ADDED else name for name in header), *ADDED])
                count = 0
                for rows in _batches(reader):
                    texts = [row[place] if place < len(row) else "" for row in rows]
                    for row, read in zip(rows, understand_many(texts), strict=True):
                        full = (row + [""] * len(header))[: max(len(header), len(row))]
                        labels = (read.language, read.sentiment, read.label, read.emotion, read.intent)
                        writer.writerow([*full[: len(header)], *labels])
                    count += len(rows)
        part.replace(target)
        return count
    finally:
        csv.field_size_limit(previous_limit)
        part.unlink(missing_ok=True)


def _dialect(lines: TextIO) -> type[csv.Dialect]:
    """How the file separates its fields: comma, semicolon or tab, whichever its first line uses most."""
    first = lines.readline(_SNIFFED)
    lines.seek(0)

    class Found(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Found


def _told(lines: TextIO, progress: Callable[[int], None] | None) -> Iterator[str]:
    for line in lines:
        if progress is not None:
            progress(len(line.encode("utf-8")))
        yield line


def _batches(reader: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    rows: list[list[str]] = []
    for row in reader:
        if not row:
            continue
        rows.append(row)
        if len(rows) >= _BATCH:
            yield rows
            rows = []
    if rows:
        yield rows
