"""Who is asking, where proxies pass requests on."""

from __future__ import annotations

from collections.abc import Container


def nearest(peer: str, forwarded_for: str, trusted: Container[str]) -> str:
    """The nearest address that is no trusted proxy; what a client writes itself is never believed.

    `peer` is who is connected, `forwarded_for` the X-Forwarded-For header, to whose end each proxy adds the
    address it was asked from.
    """
    passed = [part.strip() for part in forwarded_for.split(",")]
    address = peer
    while address in trusted and passed and passed[-1]:
        address = passed.pop()
    return address
