"""The fields in force, read from the database by every process that folds or asks rules."""

from __future__ import annotations

import psycopg

from heed import rules
from heed.profiles.domain.fields import Keeping, Needed, fields
from heed.profiles.domain.purposes import DEFAULTS


def mark(connection: psycopg.Connection) -> str:
    """A text that changes with what is set of fields and with the names and bases of purposes; "" while nothing is set."""
    row = connection.execute(
        "select md5(string_agg(line, ',' order by line)) from ("
        "select jsonb_build_array(kind, name, purpose, survivor, trusted)::text as line from field_setting"
        " union all select jsonb_build_array(key, name, basis)::text from purpose) as set"
    ).fetchone()
    return (row[0] if row else None) or ""


def reload(connection: psycopg.Connection) -> None:
    bases = {key: basis for key, _, _, basis, _ in DEFAULTS}
    names = {key: name for key, name, _, _, _ in DEFAULTS}
    for key, basis, name in connection.execute("select key, basis, name from purpose"):
        bases[key], names[key] = basis, name
    rules.call_purposes(names)
    needed: dict[str, dict[str, Needed]] = {"trait": {}, "property": {}}
    keeping: dict[str, Keeping] = {}
    for kind, name, purpose, survivor, trusted in connection.execute(
        "select kind, name, purpose, survivor, trusted from field_setting"
    ):
        if purpose:
            needed[kind][name] = Needed(purpose, bases.get(purpose, "consent"))
        if kind == "trait" and survivor != "latest":
            keeping[name] = Keeping(survivor, tuple(trusted))
    fields.bases = bases
    fields.set(needed["trait"], needed["property"], keeping)
