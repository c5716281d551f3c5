"""A batch's events as rows of the lake."""

from __future__ import annotations

import uuid
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


class RowBuilder:
    """Gathers one batch, column by column; its number is set once it has one."""

    def __init__(self, lane: int) -> None:
        self.batch = 0
        self.lane = lane
        self.columns: dict[str, list[Any]] = {field.name: [] for field in SCHEMA}

    def __len__(self) -> int:
        return len(self.columns["seq"])

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
        columns = self.columns
        columns["day"].append(event.occurred // _DAY_MS)
        columns["place"].append(len(columns["place"]))
        columns["seq"].append(event.seq)
        columns["message_id"].append(open_id(event.message_id))
        columns["profile_id"].append(str(profile_id) if profile_id else None)
        columns["identifiers"].append(hashes)
        columns["type"].append(event.type)
        columns["name"].append(event.name if open_name else "")
        columns["occurred"].append(event.occurred * 1_000)
        columns["received"].append(event.received * 1_000)
        columns["source"].append(event.source)
        session = event.context.get("sessionId")
        columns["session"].append(
            open_id(str(session)[:_SESSION_LONGEST]) if isinstance(session, (str, int)) else None
        )
        known = semantic(event)
        for name in SEMANTIC:
            columns[name].append(known.get(name))
        reading = event.understanding
        columns["language"].append(reading.language if reading else None)
        columns["sentiment"].append(reading.sentiment if reading else None)
        columns["emotion"].append(reading.emotion if reading else None)
        columns["intent"].append(reading.intent if reading else None)
        columns["valence"].append(feeling[0] if feeling else None)
        columns["mood_confidence"].append(feeling[1] if feeling else None)
        columns["properties"].append(_json(event.open).decode() if event.open else None)
        columns["private"].append(private)

    def table(self) -> pa.Table:
        count = len(self)
        arrays = []
        for field in SCHEMA:
            if field.name == "batch":
                arrays.append(pa.array(np.full(count, self.batch, np.int64)))
            elif field.name == "lane":
                arrays.append(pa.array(np.full(count, self.lane, np.int16)))
            elif field.name == "day":
                arrays.append(pa.array(self.columns["day"], pa.int32()).cast(pa.date32()))
            elif pa.types.is_decimal(field.type):
                arrays.append(_decimals(self.columns[field.name], field.type))
            else:
                arrays.append(pa.array(self.columns[field.name], field.type))
        return pa.table(arrays, schema=SCHEMA)


def _decimals(values: list[int | None], kind: pa.DataType) -> pa.Array:
    """Whole ten-thousandths as decimal(18, 4), without a Decimal object for each."""
    low = np.array([value or 0 for value in values], np.int64)
    pairs = np.stack([low, low >> 63], axis=1)
    valid = pa.array([value is not None for value in values], pa.bool_()).buffers()[1]
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(pairs.tobytes())])
