"""HEED_DATABASE_URL: whether it can be an address, and why nobody answers there. Nothing said quotes its password."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict


def wrong(url: str) -> str:
    """Why this cannot be an address of a database, and then what to do; "" where it can."""
    if not url.startswith(("postgresql://", "postgres://")):
        return (
            "HEED_DATABASE_URL is no address of a PostgreSQL database. Write it as"
            " postgresql://user:password@host:5432/database."
        )
    rest = url.partition("://")[2]
    # User and password end at the first @, unless there is a / before it. Another @ means that they did not end there, and
    # what is left of the password would be told as a host that is not found.
    where = rest.partition("@")[2] if "/" not in rest.partition("@")[0] else rest
    if "@" not in where.partition("?")[0]:
        try:
            conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            pass
        else:
            return ""
    return (
        "HEED_DATABASE_URL cannot be read as an address. In its user and password write % as %25, @ as %40, : as %3A, / as"
        " %2F, # as %23 and ? as %3F."
    )


def silent(url: str) -> str:
    """Why Heed has no answer from its database there, and then what to do."""
    if why := wrong(url):
        return why
    name = str(conninfo_to_dict(url).get("dbname", ""))
    try:
        psycopg.connect(url, connect_timeout=3).close()
        said = "it answers only now and then"
    except psycopg.Error as error:
        said = _first(str(error))
    if f'database "{name}" does not exist' in said:
        return (
            f"There is no database {name} at HEED_DATABASE_URL. Make it, such as with `createdb {name}`, or name the right"
            " one at the end of the address."
        )
    return (
        f"The database at HEED_DATABASE_URL does not answer: {said.rstrip('.')}. Check that it runs and that address, user"
        " and password are right."
    )


def _first(text: str) -> str:
    """The first reason of those psycopg gives, as one sentence."""
    lines = [line.strip().removeprefix("- ") for line in text.splitlines() if line.strip()]
    several = len(lines) > 1 and lines[0].startswith("Multiple connection attempts")
    return lines[1 if several else 0].replace(". ", "; ") if lines else "no reason is given"
