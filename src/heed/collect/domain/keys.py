"""Write keys: long random secrets of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "heed_write_"


def new_key() -> str:
    return PREFIX + secrets.token_urlsafe(24)


def key_hash(key: str) -> bytes:
    """A plain hash is enough: the key has 192 random bits, nothing there to guess."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def shown_prefix(key: str) -> str:
    """So much of the key that people can tell their keys apart."""
    return key[: len(PREFIX) + 4]
