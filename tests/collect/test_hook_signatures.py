"""Which signatures of Shopify, Stripe and others open."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from heed.collect.domain.hooks import signatures
from tests.installation import START

NOW = START
SECRET = "whsec_5kk2"
BODY = b'{"id": 1, "text": "\xc3\xa9"}'


def _sign(signed: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def test_shopifys_signature_opens_and_nothing_else_does() -> None:
    # Known answer, computed with openssl: echo -n '{"a":1}' | openssl dgst -sha256 -hmac hush -binary | base64
    known = {"x-shopify-hmac-sha256": "3+Yq/TpwjqJ7IXuMq8EfED7b+y0XbokqOKLUdagDxMI="}
    assert signatures.shopify(lambda name: known.get(name, ""), b'{"a":1}', "hush") == ""
    good = base64.b64encode(_sign(BODY)).decode()
    for signed, body, secret, expected in (
        (good, BODY, SECRET, ""),
        ("", BODY, SECRET, "no_signature"),
        (good, BODY + b" ", SECRET, "wrong_signature"),
        (good, BODY, SECRET + "x", "wrong_signature"),
        (_sign(BODY).hex(), BODY, SECRET, "wrong_signature"),
        ("é", BODY, SECRET, "wrong_signature"),
    ):
        assert signatures.shopify(lambda name, signed=signed: signed, body, secret) == expected  # type: ignore[misc]


def test_stripes_signature_opens_for_five_minutes() -> None:
    seconds = NOW // 1000
    known = "t=1492774577,v1=20b67a667e6b389b787b07123de18136144d048d5f2935aef96f0a1eec084941"
    assert signatures.stripe(lambda name: known, b'{"a":1}', "whsec_hush", 1492774577_000) == ""

    def header(at: int, signed_at: int | None = None, secret: str = SECRET) -> str:
        moment = at if signed_at is None else signed_at
        return f"t={at},v1={_sign(f'{moment}.'.encode() + BODY, secret).hex()},v0=abc"

    for signed, expected in (
        (header(seconds), ""),
        (header(seconds - 299), ""),
        (header(seconds + 299), ""),
        (header(seconds - 301), "stale_signature"),
        (header(seconds + 301), "stale_signature"),
        (header(seconds, seconds - 500), "wrong_signature"),
        (header(seconds, secret="other"), "wrong_signature"),
        (f"t={seconds},v1=00,v1={_sign(f'{seconds}.'.encode() + BODY).hex()}", ""),
        (f"t={seconds}", "wrong_signature"),
        (f"v1={_sign(BODY).hex()}", "wrong_signature"),
        ("t=x,v1=y", "wrong_signature"),
        ("t=²,v1=é", "wrong_signature"),
        ("", "no_signature"),
    ):
        assert signatures.stripe(lambda name, signed=signed: signed, BODY, SECRET, NOW) == expected  # type: ignore[misc]


@pytest.mark.parametrize("prefix", ["", "sha256=", "SHA256="])
@pytest.mark.parametrize("form", ["hex", "HEX", "base64"])
def test_any_other_signature_is_hex_or_base64_in_the_chosen_header(prefix: str, form: str) -> None:
    digest = _sign(BODY)
    value = {"hex": digest.hex(), "HEX": digest.hex().upper(), "base64": base64.b64encode(digest).decode()}[
        form
    ]
    asked: list[str] = []

    def header(name: str) -> str:
        asked.append(name)
        return prefix + value

    assert signatures.plain(header, "X-Hub-Signature", BODY, SECRET) == ""
    assert asked == ["x-hub-signature"]
    assert signatures.plain(header, "X", BODY + b"!", SECRET) == "wrong_signature"
