"""Payloads nobody should send: seeded, so that what went wrong once can be sent again.

`event()` is one well-formed piece of JSON (or what real clients take for it) for a place in a batch,
`request()` a whole request that may be broken in any way.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from heed.contracts import vocabulary

NAMES = sorted(value for name, value in vars(vocabulary).items() if name.isupper() and isinstance(value, str))
FIELDS = (
    *("type", "messageId", "userId", "anonymousId", "previousId", "groupId", "event", "name", "properties"),
    *("traits", "context", "timestamp", "originalTimestamp", "sentAt", "writeKey", "integrations"),
)
PROPERTIES = (
    *("order_id", "value", "total", "revenue", "currency", "products", "quantity", "price", "text", "message"),
    *("rating", "score", "max", "kind", "survey", "promised_at", "expected_delivery", "case_id", "conversation_id"),
    *("reason", "purpose", "granted", "decision_id", "action", "placement", "email", "phone", "url", "channel"),
)  # fmt: skip
TRAITS = (
    "email",
    "phone",
    "name",
    "firstName",
    "lastName",
    "birthday",
    "address",
    "createdAt",
    "locale",
    "age",
)

_TEXTS = (
    *("'; drop table profile; --", '" or "1"="1', "<script>alert(1)</script>", "{{ 7*7 }}", "{% debug %}"),
    *("${jndi:ldap://x/y}", "../../etc/passwd", "%00", "\x00", "a\x00b", "\x1b[31m", "\r\nSet-Cookie: a=b", "﷽" * 40),
    *("e" + "\u0301" * 60, "\u202e\u200b\ufeff", "👩‍👩‍👧‍👦" * 20, "ß" * 999 + "İ", "=cmd|'/c calc'!A1", "\\", '"', "null", "undefined"),
    *("NaN", "-1", "true", "0", " ", "\t\n", "a" * 1_001, "%s%n%x", "$where", "__proto__", "constructor", "\ud800"),
    *("a@b", "@", "a" * 300 + "@example.org", "a@" + "b." * 120 + "c", "A@Ex\u00e4mple.org\n", "x@localhost,y@localhost"),
    *("+", "+1", "+" + "9" * 40, "00000000", "(0)", "+49 170 \u0661\u0662\u0663", "tel:+1;ext=1", "1e9"),
    *("EUR", "eur", "€", "XXX", "EUREUR", "12,50", "1.234,5", "0x10", "1_000", "Infinity"),
)  # fmt: skip
_TIMES = (
    *("2026-02-30T00:00:00Z", "2026-11-24T25:61:61Z", "0000-00-00", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z"),
    *("2026-11-24T10:00:00+99:99", "2026-11-24T10:00:00 Europe/Nowhere", "2026-11-24T10:00:00-23:59", "+275760-09-13", "now"),
    *("-1", "1e400", "2026-11-24", "20261124T100000Z", "2026-W48-2", "24/11/2026", "0001-01-01T00:00:00+14:00", "12:00"),
)  # fmt: skip
_RAW = (
    *("null", "true", "false", "0", "-0", "-1", "1e308", "-1e308", "1e-400", "1e400", "NaN", "Infinity", "-Infinity"),
    *("9" * 400, str(2**63), str(-(2**63) - 1), str(2**64), str(2**53 + 1), "0." + "3" * 300, '""', "[]", "{}", "[[]]"),
    *('[null,1,"a",{}]', '{"":""}', '{"a":{"b":{"c":[]}}}', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u0000a"'),
    *("[" * 31 + "]" * 31, "[" * 40 + "]" * 40, '{"a":' * 40 + "1" + "}" * 40, "1.7976931348623159e308", '"\\uFFFF"'),
)  # fmt: skip


@dataclass
class Call:
    """One request as it goes over the wire; `key` is who it claims to be: good, website, unknown or nobody."""

    method: str
    path: str
    body: bytes = b""
    key: str = "good"
    headers: dict[str, str] = field(default_factory=dict)


class Hostile:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.bombs = [
            gzip.compress(b" " * 60_000_000, 6),
            gzip.compress(gzip.compress(b"0" * 20_000_000)),
            gzip.compress(b'{"batch":[' + b'{"type":"track"},' * 200_000 + b"{}]}"),
        ]

    def text(self) -> str:
        roll = self.chance.random()
        if roll < 0.7:
            return json.dumps(self.chance.choice(_TEXTS))
        if roll < 0.9:
            return json.dumps(self.chance.choice(_TIMES))
        if roll < 0.995:
            return json.dumps(
                "".join(chr(self.chance.randrange(1, 0xD7FF)) for _ in range(self.chance.randrange(30)))
            )
        return json.dumps(self.chance.choice("x😀ä") * 30_000)

    def value(self) -> str:
        roll = self.chance.random()
        if roll < 0.45:
            return self.text()
        if roll < 0.9:
            return self.chance.choice(_RAW)
        if roll < 0.97:
            return str(self.chance.randrange(-(10**20), 10**20))
        return "[" + ",".join(self.value() for _ in range(self.chance.randrange(4))) + "]"

    def object(self, names: tuple[str, ...]) -> str:
        """An object whose names are partly known ones, sometimes twice, sometimes thousands of them."""
        if self.chance.random() < 0.002:
            return "{" + ",".join(f'"k{number}":{number}' for number in range(2_500)) + "}"
        pairs = []
        for _ in range(self.chance.randrange(6)):
            name = json.dumps(self.chance.choice(names)) if self.chance.random() < 0.8 else self.text()
            pairs.append(f"{name}:{self.value()}")
        return "{" + ",".join(pairs) + "}"

    def event(self) -> str:
        """A call that is nearly right, or anything at all."""
        if self.chance.random() < 0.1:
            return self.value()
        number = self.chance.randrange(400)
        fields = {
            "type": json.dumps(
                self.chance.choice(("track", "track", "track", "identify", "page", "group", "alias"))
            ),
            "event": json.dumps(self.chance.choice(NAMES)),
            "userId": json.dumps(f"h{number}"),
            "messageId": json.dumps(f"h-{self.chance.getrandbits(60)}"),
            "properties": self.object(PROPERTIES),
        }
        if self.chance.random() < 0.4:
            fields["traits"] = self.object(TRAITS)
        for _ in range(self.chance.randrange(4)):
            name = self.chance.choice(FIELDS)
            fields[name] = self.object(PROPERTIES) if self.chance.random() < 0.2 else self.value()
        pairs = list(fields.items())
        self.chance.shuffle(pairs)
        if self.chance.random() < 0.05:
            pairs += pairs[:2]
        return "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"

    def request(self) -> Call:
        makers: tuple[Callable[[], Call], ...] = (
            *(self._single, self._single, self._garbled, self._garbled, self._noise, self._decide, self._decide),
            *(self._pixel, self._beacon, self._gzip, self._odd_key, self._odd_envelope, self._odd_headers, self._odd_path),
        )  # fmt: skip
        return self.chance.choice(makers)()

    def _door(self) -> str:
        doors = (
            "track",
            "identify",
            "page",
            "screen",
            "group",
            "alias",
            "batch",
            "import",
            "t",
            "i",
            "p",
            "b",
            "m",
        )
        return f"/v1/{self.chance.choice(doors)}"

    def _bytes(self, text: str) -> bytes:
        return text.encode("utf-8", "surrogatepass")

    def _batch(self, events: int) -> bytes:
        return self._bytes('{"batch":[' + ",".join(self.event() for _ in range(events)) + "]}")

    def _single(self) -> Call:
        return Call("POST", self._door(), self._bytes(self.event()))

    def _garbled(self) -> Call:
        body = bytearray(self._batch(3) if self.chance.random() < 0.5 else self._bytes(self.event()))
        for _ in range(self.chance.randrange(1, 6)):
            body[self.chance.randrange(len(body))] = self.chance.randrange(256)
        if self.chance.random() < 0.5:
            del body[self.chance.randrange(len(body)) :]
        return Call("POST", self._door(), bytes(body))

    def _noise(self) -> Call:
        body = self.chance.choice(
            (
                self.chance.randbytes(self.chance.randrange(400)),
                b"[" * 100_000,
                b'{"batch":' + b'[{"a":' * 20_000,
                b'{"batch":[' + b"{}," * 3_000 + b"{}]}",
                b'{"batch":null}',
                b"\xef\xbb\xbf{}",
                '{"type":"track"}'.encode("utf-16"),
                b"",
            )
        )
        return Call("POST", self._door(), body)

    def _decide(self) -> Call:
        asked = {
            "placement": '"home_banner"',
            "userId": json.dumps(f"h{self.chance.randrange(400)}"),
            "events": "[" + ",".join(self.event() for _ in range(self.chance.randrange(4))) + "]",
        }
        for name in ("placement", "userId", "anonymousId", "channel", "context", "events", "writeKey"):
            if self.chance.random() < 0.2:
                asked[name] = self.value()
        body = "{" + ",".join(f'"{name}":{value}' for name, value in asked.items()) + "}"
        return Call(
            "POST", "/v1/decide", self._bytes(body), self.chance.choice(("good", "good", "website", "nobody"))
        )

    def _pixel(self) -> Call:
        data = (
            base64.b64encode(self._bytes(self.event())).decode()
            if self.chance.random() < 0.7
            else self.text()
        )
        path = f"/pixel/v1/{self.chance.choice(('track', 'page', 'nothing'))}?data={quote(data, errors='replace')}"
        return Call("GET", path[:8_000], key=self.chance.choice(("good", "nobody")))

    def _beacon(self) -> Call:
        return Call("POST", "/beacon/v1/batch", self._batch(2), headers={"Content-Type": "text/plain"})

    def _gzip(self) -> Call:
        if self.chance.random() < 0.2:
            return Call(
                "POST", "/v1/batch", self.chance.choice(self.bombs), headers={"Content-Encoding": "gzip"}
            )
        packed = bytearray(gzip.compress(self._batch(2), 1))
        if self.chance.random() < 0.7:
            packed[self.chance.randrange(len(packed))] ^= 255
        return Call(
            "POST",
            "/v1/batch",
            bytes(packed),
            headers={"Content-Encoding": self.chance.choice(("gzip", "br"))},
        )

    def _odd_key(self) -> Call:
        secret = self.chance.choice(("x", "ä", "heed_write_", "a" * 5_000, "'; --", "\x7f"))
        scheme = self.chance.choice(("Basic", "Bearer", "Digest", ""))
        written = base64.b64encode(secret.encode()).decode() + self.chance.choice((":", "", "=", "%"))
        return Call("POST", self._door(), self._batch(1), "nobody", {"Authorization": f"{scheme} {written}"})

    def _odd_envelope(self) -> Call:
        parts = {"batch": f"[{self.event()}]", "context": self.object(PROPERTIES), "sentAt": self.text()}
        parts[self.chance.choice(("batch", "context", "sentAt", "writeKey"))] = self.value()
        body = "{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}"
        return Call("POST", self.chance.choice(("/v1/batch", "/v1/import")), self._bytes(body))

    def _odd_headers(self) -> Call:
        kind = self.chance.choice(("text/html", "multipart/form-data", "application/xml; charset=utf-7", ""))
        coding = self.chance.choice(("deflate", "zstd", "gzip, gzip", "\t"))
        return Call(
            "POST", self._door(), self._batch(1), headers={"Content-Type": kind, "Content-Encoding": coding}
        )

    def _odd_path(self) -> Call:
        path = self.chance.choice(
            (
                *(
                    "/v1/",
                    "/v1/batch/",
                    "/v1/%00",
                    "/v1/" + "a" * 3_000,
                    "/v1/projects/%ff/settings",
                    "/pixel/",
                    "/beacon/",
                ),
                *(
                    "/live/events?token=" + "a" * 900,
                    "/live/events?token=%00:%ff",
                    "/metrics?x=1",
                    "/healthz/..",
                    "/t.js?%",
                ),
                *(
                    "/customers/%00/",
                    "/sign-in/?next=//evil.example",
                    "/api/v1/profiles?email=%00",
                    "/static/../settings.py",
                ),
            )
        )
        return Call(
            self.chance.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS")), path, self._batch(1)
        )
