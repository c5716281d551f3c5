"""Importing a file: rows to events, in order, resumable.

Progress is noted after each chunk is safe in the ledger. A kill in between sends that one chunk again, and its
message ids, made of file and line, keep it from counting twice.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import psycopg

from heed.collect import store
from heed.collect.domain.keys import key_hash, new_key, shown_prefix
from heed.collect.domain.mapping import BadRow, Mapper
from heed.collect.domain.protocol import Dropped, Limits
from heed.collect.domain.refusals import told
from heed.contracts.event import Event
from heed.kit.clock import Clock, moment
from heed.ports.ledger import BULK, Ledger

CHUNK = 2_000
_SNIFF = 1 << 20
"""Most characters of a line."""


_LONGEST_CELL = 100_000


class ImportProblem(ValueError):
    """The file cannot be imported; the message says why and what to do."""


class ImportedBefore(ImportProblem):
    """The whole file was read with this mapping already."""


class Progress(msgspec.Struct):
    """`line` of the file reached, `share` of the file's bytes read (0…1); `skipped` rows in this run."""

    line: int = 0
    events: int = 0
    dropped: int = 0
    skipped: int = 0
    share: float = 0.0
    resumed_at: int = 0


Tell = Callable[[Progress], None]


def digest_of(file: Path, mapping_text: str) -> str:
    """What makes an import the same import: the file's bytes and the mapping's."""
    digest = hashlib.blake2b(mapping_text.encode(), digest_size=16)
    with file.open("rb") as opened:
        while part := opened.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def run_import(
    file: Path,
    mapper: Mapper,
    mapping_text: str,
    connection: psycopg.Connection,
    ledger: Ledger,
    limits: Limits,
    clock: Clock,
    tell: Tell,
    again: bool = False,
) -> Progress:
    """Put the file's rows into the ledger's bulk lane; raises `ImportProblem`.

    Bad rows become dead letters with their line. An import that was cut off goes on where it stopped.
    """
    digest = digest_of(file, mapping_text)
    if again:
        digest = hashlib.blake2b(f"{digest}{clock()}".encode(), digest_size=16).hexdigest()
    progress = Progress()
    known = store.import_line(connection, digest)
    if known is not None and known[3] is not None:
        raise ImportedBefore(
            f"{file.name} was imported with this mapping before ({known[1]:,} events). "
            "Use --again if it really is to count twice."
        )
    source = _source(connection, mapper, clock)
    if known is None:
        store.begin_import(connection, digest, file.name, source, moment(clock()))
    else:
        progress.line, progress.events, progress.dropped = known[0], known[1], known[2]
        progress.resumed_at = known[0]
    events: list[Event] = []
    dropped: list[Dropped] = []
    done = progress.line

    def keep() -> None:
        if dropped:
            store.bury_rows(connection, source, dropped, clock())
        if events:
            ledger.append(BULK, events)
        progress.events += len(events)
        progress.dropped += len(dropped)
        store.note_import(connection, digest, progress.line, progress.events, progress.dropped)
        events.clear()
        dropped.clear()
        tell(progress)

    for line, row, share in rows_of(file, mapper):
        if line <= done:
            continue
        progress.line, progress.share = line, share
        if not _take(row, line, digest, source, mapper, limits, clock(), events, dropped):
            progress.skipped += 1
        if len(events) + len(dropped) >= CHUNK:
            keep()
    keep()
    progress.share = 1.0
    store.finish_import(connection, digest, moment(clock()))
    tell(progress)
    return progress


def _take(
    row: Any,
    line: int,
    digest: str,
    source: str,
    mapper: Mapper,
    limits: Limits,
    received: int,
    events: list[Event],
    dropped: list[Dropped],
) -> bool:
    """Whether the row became an event or a dead letter; not, where the mapping says to skip it."""
    try:
        if not isinstance(row, dict):
            raise BadRow(str(row))
        event = mapper.event(row, line, digest, received, limits)
    except BadRow as error:
        payload = json.dumps(row, default=str, ensure_ascii=False).encode("utf-8", "replace")
        dropped.append(Dropped("bad_row", told(error), payload[: limits.event_bytes], line))
        return True
    if event is not None:
        event.source = source
        event.occurred = min(event.occurred, received)
        events.append(event)
    return event is not None


def _source(connection: psycopg.Connection, mapper: Mapper, clock: Clock) -> str:
    name = mapper.mapping.source
    source = "import_" + hashlib.blake2b(name.encode(), digest_size=5).hexdigest()
    key = new_key()
    store.make_source(connection, source, name, "import", key_hash(key), shown_prefix(key), moment(clock()))
    return source


def rows_of(file: Path, mapper: Mapper, most: int = 0) -> Iterator[tuple[int, dict[str, Any] | str, float]]:
    """`(line, row, share of the file read)`; a row that is no row comes as a text saying why.

    `most` bytes may be unpacked, 0 for any number. Raises `ImportProblem`.
    """
    suffixes = [each.lower() for each in file.suffixes]
    if suffixes[-1:] == [".parquet"]:
        yield from _parquet(file, mapper)
        return
    size = max(1, file.stat().st_size)
    with file.open("rb") as raw:
        opened: BinaryIO = gzip.GzipFile(fileobj=raw) if suffixes[-1:] == [".gz"] else raw  # type: ignore[assignment]
        kind = (suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]) or [""]
        text = io.TextIOWrapper(opened, encoding=mapper.mapping.encoding, errors="replace", newline="")
        lines = _json_lines(text) if kind[0] in {".jsonl", ".ndjson", ".json"} else _csv(text, mapper)
        try:
            for line, row in lines:
                yield line, row, min(1.0, raw.tell() / size)
                if most and opened.tell() > most:
                    raise ImportProblem(f"{file.name} unpacks to more than {most:,} bytes.")
        except (OSError, EOFError, UnicodeError, csv.Error) as error:
            raise ImportProblem(f"{file.name} cannot be read to its end: {error}") from None


def _csv(text: io.TextIOWrapper, mapper: Mapper) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Rows by header; the line is that of the row's end, as editors count."""
    csv.field_size_limit(_SNIFF)
    reader = csv.reader(_lines(text), delimiter=mapper.mapping.delimiter)
    header = next(reader, None)
    if not header:
        raise ImportProblem("The file is empty: its first line must name the columns.")
    header = [name.strip().lstrip("\ufeff") for name in header]
    _check_columns(set(header), mapper)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, f"not a CSV row: {error}"
            continue
        if not row:
            continue
        if len(row) != len(header):
            yield reader.line_num, f"{len(row)} cells instead of {len(header)}: {row}"
        else:
            yield reader.line_num, dict(zip(header, row, strict=True))


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines, one without an end in pieces: it must not fill the memory."""
    while line := text.readline(_SNIFF):
        yield line


def _check_columns(header: set[str], mapper: Mapper) -> None:
    missing = mapper.columns - header
    if missing:
        raise ImportProblem(
            f"The mapping reads columns the file does not have: {', '.join(sorted(missing))}. "
            f"The file has: {', '.join(sorted(header))}."
        )


def _json_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for line, each in enumerate(_lines(text), 1):
        if not each.strip():
            continue
        try:
            row = json.loads(each)
        except (ValueError, RecursionError) as error:
            yield line, f"not JSON: {error}"
            continue
        yield line, row if isinstance(row, dict) else f"not a JSON object: {each[:80]}"


def _parquet(file: Path, mapper: Mapper) -> Iterator[tuple[int, dict[str, Any] | str, float]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        texts = [
            field.name
            for field in pq.read_schema(file)
            if pa.types.is_string(field.type) or pa.types.is_binary(field.type)
        ]
        # As dictionaries: a long value that many rows share takes no more than the file has of it.
        opened = pq.ParquetFile(file, read_dictionary=texts)
    except (pa.ArrowException, OSError) as error:
        raise ImportProblem(f"{file.name} is no Parquet file: {error}") from None
    _check_columns(set(opened.schema_arrow.names), mapper)
    count = max(1, opened.metadata.num_rows)
    line = 0
    try:
        for batch in opened.iter_batches(batch_size=500):
            _check_lengths(batch)
            for row in batch.to_pylist():
                line += 1
                yield line, row, line / count
    except (pa.ArrowException, MemoryError) as error:
        raise ImportProblem(f"Row {line + 1:,} and those after it cannot be read: {error}"[:300]) from None


def _check_lengths(batch: Any) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_dictionary(column.type) and len(column.dictionary):
            longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
            if longest > _LONGEST_CELL:
                raise ImportProblem(
                    f"A value of the column {name!r} has {longest:,} bytes; at most {_LONGEST_CELL:,} are read."
                )
