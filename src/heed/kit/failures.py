"""What a log may say of an error."""

from __future__ import annotations


def failure(error: BaseException) -> dict[str, str]:
    """The kind of what went wrong first, and PostgreSQL's code for it; not its text, which may quote somebody's data."""
    while error.__cause__ is not None:
        error = error.__cause__
    return {"error": type(error).__qualname__, "code": getattr(error, "sqlstate", None) or ""}
