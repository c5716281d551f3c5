"""The statements of `sense`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import psycopg


def number_in_force(connection: psycopg.Connection) -> int:
    """The number of the calibration in force, 0 where none is."""
    row = connection.execute("select max(number) from sense_calibration").fetchone()
    return row[0] or 0 if row else 0


def weights_of(connection: psycopg.Connection, number: int) -> bytes:
    row = connection.execute("select weights from sense_calibration where number = %s", [number]).fetchone()
    assert row is not None  # noqa: S101  calibrations are never deleted
    return bytes(row[0])


def put_in_force(connection: psycopg.Connection, at: datetime, by: str, weights: bytes, report: bytes) -> int:
    row = connection.execute(
        "insert into sense_calibration (number, at, made_by, weights, report)"
        " select coalesce(max(number), 0) + 1, %s, %s, %s, %s from sense_calibration returning number",
        [at, by, weights, report],
    ).fetchone()
    assert row is not None  # noqa: S101  an insert returns its row
    return int(row[0])


def absorbed_by(connection: psycopg.Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Profiles that became part of these, and which of these."""
    return dict(
        connection.execute("select absorbed, kept from profile_merge where kept = any(%s)", [ids]).fetchall()
    )
