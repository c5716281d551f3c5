"""Whether a delivery was signed with the secret that only the sender and Heed know.

Signatures are HMAC-SHA256 (RFC 2104) over the body as it came, compared in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

TOLERANCE = 300
"""Seconds a Stripe signature may be old or, by a clock that goes wrong, ahead."""
_MOST_SIGNATURES = 10
Header = Callable[[str], str]

WRONG = {
    "no_signature": "It was not signed: the header with the signature is missing.",
    "wrong_signature": "The signature does not belong to this body and secret.",
    "stale_signature": "The signature is older than five minutes.",
}
"""Why a delivery was turned away, in words."""


def _hmac(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def shopify(header: Header, body: bytes, secret: str) -> str:
    """ "" where `X-Shopify-Hmac-Sha256` is right, else a key of `WRONG`."""
    given = header("x-shopify-hmac-sha256")
    if not given:
        return "no_signature"
    right = base64.b64encode(_hmac(secret, body))
    return "" if hmac.compare_digest(right, given.strip().encode()) else "wrong_signature"


def stripe(header: Header, body: bytes, secret: str, now: int) -> str:
    """The same for `Stripe-Signature: t=…,v1=…`, which signs time and body together; `now` in ms.

    There may be several v1, while a secret is being replaced.
    """
    given = header("stripe-signature")
    if not given:
        return "no_signature"
    parts = [part.strip().partition("=") for part in given[:2_000].split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"][:_MOST_SIGNATURES]
    if not times or not (times[0].isascii() and times[0].isdigit()) or len(times[0]) > 12:
        return "wrong_signature"
    right = _hmac(secret, times[0].encode() + b"." + body).hex().encode()
    if not any(hmac.compare_digest(right, each.encode()) for each in signatures):
        return "wrong_signature"
    return "" if abs(now / 1000 - int(times[0])) <= TOLERANCE else "stale_signature"


def plain(header: Header, name: str, body: bytes, secret: str) -> str:
    """The same for the HMAC of the body in a header of any name, as hex or base64, with or without "sha256="."""
    given = header(name.lower()).strip()
    if not given:
        return "no_signature"
    if given[:7].lower() == "sha256=":
        given = given[7:]
    right = _hmac(secret, body)
    as_hex = hmac.compare_digest(right.hex().encode(), given.lower().encode())
    as_base64 = hmac.compare_digest(base64.b64encode(right), given.encode())
    return "" if as_hex or as_base64 else "wrong_signature"
