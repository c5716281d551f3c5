"""Who profiles in the lake are today, for those who ask it in SQL."""

from __future__ import annotations

from typing import Final

from django.db import connection

from heed.profiles.store import merged_into

MERGED: Final = "merged as (select unnest(?::varchar[]) as absorbed, unnest(?::varchar[]) as kept)"
"""Profiles that became part of another, and of which: a table for a query of the lake. Takes `merges()`."""


def merges() -> list[list[str]]:
    connection.ensure_connection()
    merged = merged_into(connection.connection)
    return [[str(each) for each in merged], [str(each) for each in merged.values()]]
