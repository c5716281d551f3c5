"""The fields in force, read from the database by every process that folds or asks rules."""

from __future__ import annotations

import psycopg

from heed.profiles.domain.fields import Needed, fields
from heed.profiles.domain.purposes import DEFAULTS

_BASES = {key: basis for key, _, _, basis, _ in DEFAULTS}


def mark(connection: psycopg.Connection) -> str:
    """A text that changes with what fields belong to and with the basis of that; "" while none belongs to anything."""
    row = connection.execute(
        "select md5(string_agg(concat_ws(' ', f.kind, f.name, f.purpose, p.basis), ',' order by f.kind, f.name))"
        " from field_purpose as f left join purpose as p on p.key = f.purpose"
    ).fetchone()
    return (row[0] if row else None) or ""


def reload(connection: psycopg.Connection) -> None:
    found: dict[str, dict[str, Needed]] = {"trait": {}, "property": {}}
    for kind, name, purpose, basis in connection.execute(
        "select f.kind, f.name, f.purpose, p.basis from field_purpose as f left join purpose as p on p.key = f.purpose"
    ):
        found[kind][name] = Needed(purpose, basis or _BASES.get(purpose, "consent"))
    fields.set(found["trait"], found["property"])
