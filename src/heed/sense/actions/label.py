"""What people do with sense outside the stream of events."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from heed.sense.text import understand_many

ADDED = ("language", "sentiment", "sentiment_label", "emotion", "intent")
_BATCH = 200
_SNIFFED = 64 * 1024
_FIELD_LIMIT = 10_000_000


class UnquotedText(ValueError):
    """A row has more fields than the header: which of them is the text, nobody can tell."""


class MissingColumn(LookupError):
    """The file has no such column; the message names those it has."""


def label_file(
    path: Path | str, column: str, out: Path | str, progress: Callable[[int], None] | None = None
) -> int:
    """Read the texts of one column of a CSV file and write the file again with what they say.

    Adds `language`, `sentiment` (−1…1), `sentiment_label`, `emotion` and `intent`; a column already called
    so is kept under `<name>_before`. Streams, so the file may be larger than memory. `out` appears when it
    is whole, and may be `path` itself. `progress` is called with the bytes read since the last call. Returns
    the number of rows. A text in the last column keeps its commas without quotes. Raises `MissingColumn`, `UnquotedText`,
    `OSError`, `UnicodeDecodeError` (the file must be UTF-8) and `csv.Error`.
    """
    source, target = Path(path), Path(out)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    previous_limit = csv.field_size_limit(_FIELD_LIMIT)
    try:
        with source.open(encoding="utf-8-sig", newline="") as lines:
            dialect = _dialect(lines)
            reader = csv.reader(_told(lines, progress), dialect, strict=False)
            header = next(reader, [])
            if column not in header:
                names = ", ".join(header) or "none: the file is empty"
                raise MissingColumn(f"{source.name} has no column {column!r}. Its columns: {names}")
            place = header.index(column)
            with part.open("w", encoding="utf-8", newline="") as written:
                writer = csv.writer(written)
                writer.writerow([*(f"{name}_before" if name in ADDED else name for name in header), *ADDED])
                count = 0
                whole = (
                    _whole(row, header, place, dialect.delimiter, reader.line_num) for row in reader if row
                )
                for rows in iter(lambda: list(islice(whole, _BATCH)), []):
                    for row, read in zip(rows, understand_many(row[place] for row in rows), strict=True):
                        labels = (read.language, read.sentiment, read.label, read.emotion, read.intent)
                        writer.writerow([*row, *labels])
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


def _whole(row: list[str], header: list[str], place: int, delimiter: str, line: int) -> list[str]:
    """The row with as many fields as the header; of a last column that is the text, what its commas cut stays one."""
    last = len(header) - 1
    if len(row) > len(header):
        if place != last:
            raise UnquotedText(
                f"Line {line} has {len(row)} fields, the header {len(header)}."
                f" Put texts that hold {delimiter!r} into quotes, or the column of texts last."
            )
        return [*row[:last], delimiter.join(row[last:])]
    return row + [""] * (len(header) - len(row))
