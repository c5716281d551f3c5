"""The lake: every event for ever."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa


class Lake(Protocol):
    """The table `events`: the rows of `SCHEMA` with whose they are today.

    Since a merge was undone, a row may be of another profile than it was carried under, or of nobody: `profile_id`,
    `valence` and `mood_confidence` are as `MOVED` has them. `carried_under` is the profile whose key sealed `private`.
    """

    def prepare(self) -> None: ...

    def append(self, rows: pa.Table, writer: str, version: int) -> bool:
        """Append rows as this writer's transaction `version`.

        The writer's last version was appended before: nothing happens and False returns. Raises `ValueError` for one
        before it, which can only be another database's.
        """

    def version(self, writer: str) -> int:
        """The writer's last version, −1 before the first."""

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Ask DuckDB; the table `events` is in reach. Parameters stand as `?`."""

    def events(self) -> Any:
        """The events as an Ibis table expression."""

    def scan(self, columns: Sequence[str], where: str = "true") -> Iterator[pa.RecordBatch]:
        """Events in the order they were carried."""

    def compact(self) -> Mapping[str, int]:
        """Join small files and delete the files that joining left behind."""

    def files(self) -> list[tuple[str, bytes | None]]:
        """What makes up the lake now: paths under its folder, and the bytes of those that may change."""

    def erase(self, profile_ids: Sequence[uuid.UUID]) -> int:
        """Delete the rows that are these profiles', and those that were carried under them and are nobody's;
        returns how many went."""

    def close(self) -> None: ...


SCHEMA = pa.schema(
    [
        pa.field("day", pa.date32(), nullable=False),
        pa.field("batch", pa.int64(), nullable=False),
        pa.field("place", pa.int32(), nullable=False),
        pa.field("lane", pa.int16(), nullable=False),
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("message_id", pa.string(), nullable=False),
        pa.field("profile_id", pa.string()),
        pa.field("identifiers", pa.list_(pa.string())),
        pa.field("type", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("occurred", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("received", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("session", pa.string()),
        pa.field("value", pa.decimal128(18, 4)),
        pa.field("currency", pa.string()),
        pa.field("order_id", pa.string()),
        pa.field("product_id", pa.string()),
        pa.field("product", pa.string()),
        pa.field("category", pa.string()),
        pa.field("quantity", pa.float64()),
        pa.field("price", pa.decimal128(18, 4)),
        pa.field("page_path", pa.string()),
        pa.field("campaign", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("rating", pa.float64()),
        pa.field("scale", pa.string()),
        pa.field("case_id", pa.string()),
        pa.field("placement", pa.string()),
        pa.field("action", pa.string()),
        pa.field("decision_id", pa.string()),
        pa.field("language", pa.string()),
        pa.field("sentiment", pa.float32()),
        pa.field("emotion", pa.string()),
        pa.field("intent", pa.string()),
        pa.field("valence", pa.float32()),
        pa.field("mood_confidence", pa.float32()),
        pa.field("properties", pa.string()),
        pa.field("private", pa.binary()),
    ]
)
"""`batch` and `place` give the order of carrying; `valence` is the customer's mood after the event;
`private` is the whole event encrypted with the key of `profile_id`; times are in UTC."""

MOVED = pa.schema(
    [
        pa.field("batch", pa.int64(), nullable=False),
        pa.field("place", pa.int32(), nullable=False),
        pa.field("carried_under", pa.string(), nullable=False),
        pa.field("profile_id", pa.string()),
        pa.field("valence", pa.float32()),
        pa.field("mood_confidence", pa.float32()),
    ]
)
"""Rows that are not what they were carried as: whose each is today, and how that customer felt after it."""
