"""A batch's events as rows of the lake."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
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


# The columns of a row's tuple, in their order.
_PLAIN = tuple(name for name in SCHEMA.names if name not in {*SEMANTIC, "batch", "lane", "place"})


class RowBuilder:
    """Gathers one batch; its number is set once it has one."""

    def __init__(self, lane: int) -> None:
        self.batch = 0
        self.lane = lane
        self._rows: list[tuple[Any, ...]] = []
        self._known: list[dict[str, Any]] = []
        self.nobody = 0

    def __len__(self) -> int:
        return len(self._rows)

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
        self._known.append(semantic(event))
        self._rows.append(
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

    def table(self) -> pa.Table:
        count = len(self)
        by_column = zip(*self._rows, strict=True) if self._rows else ((),) * len(_PLAIN)
        columns: dict[str, Sequence[Any]] = dict(zip(_PLAIN, by_column, strict=True))
        arrays = []
        for field in SCHEMA:
            if field.name == "batch":
                arrays.append(pa.array(np.full(count, self.batch, np.int64)))
            elif field.name == "lane":
                arrays.append(pa.array(np.full(count, self.lane, np.int16)))
            elif field.name == "place":
                arrays.append(pa.array(np.arange(count, dtype=np.int32)))
            elif field.name == "day":
                arrays.append(pa.array(columns["day"], pa.int32()).cast(pa.date32()))
            elif field.name in SEMANTIC:
                found = [known.get(field.name) for known in self._known]
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
