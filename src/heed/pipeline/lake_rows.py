"""Events as rows of the lake: gathered batch by batch, and made a table when they are appended.

A table of forty columns costs as much to make as ten events cost to carry, however few rows it has.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from heed.contracts.event import Event
from heed.contracts.lake import SEMANTIC, open_id, semantic
from heed.ports.lake import SCHEMA

_json = msgspec.json.Encoder().encode
_DAY_MS = 86_400_000
_SESSION_LONGEST = 64
_AT_ONCE = 4 * 1024 * 1024
"""Bytes of rows that are objects at one time: they take several times as much, and others wait while they are turned."""


# The columns of a row's tuple, in their order.
_PLAIN = tuple(name for name in SCHEMA.names if name not in {*SEMANTIC, "batch", "lane", "place"})


class _Batch(msgspec.Struct, array_like=True):
    """`rows` as in `_PLAIN`; `known` are the typed properties of each, by name."""

    lane: int
    rows: list[tuple[Any, ...]]
    known: list[dict[str, Any]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Batch).decode


class RowBuilder:
    """Gathers one batch."""

    def __init__(self, lane: int) -> None:
        self.nobody = 0
        self._gathered = _Batch(lane, [], [])

    def __len__(self) -> int:
        return len(self._gathered.rows)

    def add(
        self,
        event: Event,
        profile_id: uuid.UUID | None,
        hashes: list[str],
        private: bytes | None,
        feeling: tuple[float, float] | None,
        open_name: bool,
    ) -> None:
        """`open_name` says whether the event's name may stand open; `private` is the sealed whole event."""
        session = event.context.get("sessionId")
        reading = event.understanding
        # What was not read has no sentiment, which is another thing than a neutral one.
        read = reading if reading and reading.confidence > 0 else None
        self.nobody += profile_id is None
        self._gathered.known.append(semantic(event))
        self._gathered.rows.append(
            (
                event.occurred // _DAY_MS,
                event.seq,
                open_id(event.message_id),
                None if profile_id is None else str(profile_id),
                hashes,
                event.type,
                event.name if open_name else "",
                event.occurred * 1_000,
                event.received * 1_000,
                event.source,
                open_id(str(session)[:_SESSION_LONGEST]) if isinstance(session, (str, int)) else None,
                reading.language if reading else None,
                read.sentiment if read else None,
                read.emotion if read else None,
                read.intent if read else None,
                feeling[0] if feeling else None,
                feeling[1] if feeling else None,
                _json(event.open).decode() if event.open else None,
                private,
            )
        )

    def encoded(self) -> bytes:
        """For `as_table`."""
        return _encode(self._gathered)


def as_table(batches: Iterable[tuple[int, bytes]]) -> pa.Table:
    """The rows of batches, each with its number and as its builder encoded it, in `SCHEMA`."""
    tables, waiting, size = [], [], 0
    for number, body in batches:
        waiting.append((number, _decode(body)))
        size += len(body)
        if size > _AT_ONCE:
            tables.append(_table(waiting))
            waiting, size = [], 0
    return pa.concat_tables([*tables, _table(waiting)])


def _table(numbered: Sequence[tuple[int, _Batch]]) -> pa.Table:
    rows = [row for _, batch in numbered for row in batch.rows]
    known = [each for _, batch in numbered for each in batch.known]
    counts = [len(batch.rows) for _, batch in numbered]
    by_column = zip(*rows, strict=True) if rows else ((),) * len(_PLAIN)
    columns: dict[str, Sequence[Any]] = dict(zip(_PLAIN, by_column, strict=True))
    made = {
        "batch": np.repeat(np.array([number for number, _ in numbered], np.int64), counts),
        "lane": np.repeat(np.array([batch.lane for _, batch in numbered], np.int16), counts),
        "place": np.concatenate([np.arange(count, dtype=np.int32) for count in (0, *counts)]),
    }
    arrays = []
    for field in SCHEMA:
        if field.name in made:
            arrays.append(pa.array(made[field.name]))
        elif field.name == "day":
            arrays.append(pa.array(columns["day"], pa.int32()).cast(pa.date32()))
        elif field.name in SEMANTIC:
            found = [each.get(field.name) for each in known]
            decimal = pa.types.is_decimal(field.type)
            arrays.append(_decimals(found, field.type) if decimal else pa.array(found, field.type))
        else:
            arrays.append(pa.array(columns[field.name], field.type))
    return pa.table(arrays, schema=SCHEMA)


def _decimals(values: list[int | None], kind: pa.DataType) -> pa.Array:
    """Whole ten-thousandths as decimal(18, 4), without a Decimal object for each."""
    low = np.array([value or 0 for value in values], np.int64)
    pairs = np.stack([low, low >> 63], axis=1)
    valid = pa.array([value is not None for value in values], pa.bool_()).buffers()[1]
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(pairs.tobytes())])
