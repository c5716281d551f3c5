"""Members of a segment as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from heed.segments import reading

_FORMULA = ("=", "@", "\t", "\r", "+", "-")


def csv_lines(key: str) -> Iterator[bytes]:
    """UTF-8 with a header; times in ISO 8601 with their zone."""
    yield _line(reading.COLUMNS)
    for piece in reading.members(key):
        yield b"".join(_line([_plain(value) for value in row]) for row in piece)


def parquet(key: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    schema = pa.schema(
        [
            *((name, pa.string()) for name in reading.COLUMNS[:6]),
            ("last_seen", pa.timestamp("us", "UTC")),
            ("mood", pa.float64()),
            ("orders", pa.int64()),
            ("revenue", pa.decimal128(18, 4)),
            ("currency", pa.string()),
        ]
    )
    with pq.ParquetWriter(sink, schema) as writer:
        for piece in reading.members(key):
            columns = [list(column) for column in zip(*piece, strict=True)]
            columns[0] = [str(each) for each in columns[0]]
            writer.write_table(
                pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
            )
    return sink.getvalue()


def _line(values: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue().encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    """A text a spreadsheet would take for a formula is marked as text; phone numbers stay as they are."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA) and not value[1:].isdigit():
        return "'" + value
    return value
