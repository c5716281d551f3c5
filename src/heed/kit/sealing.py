"""Authenticated encryption with a key per owner, and the wrapping of those keys (AES-256-GCM)."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class Unreadable(ValueError):
    """The bytes were not sealed with this key for this purpose, or were changed since."""


def new_key() -> bytes:
    return os.urandom(32)


def seal(key: bytes, plain: bytes, purpose: bytes) -> bytes:
    """Nonce and ciphertext; `purpose` is bound to it and must be given again to open it."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose)


def unseal(key: bytes, sealed: bytes, purpose: bytes) -> bytes:
    """What was sealed; raises `Unreadable`."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose)
    except (InvalidTag, ValueError):
        raise Unreadable("sealed with another key, for another purpose, or damaged") from None
