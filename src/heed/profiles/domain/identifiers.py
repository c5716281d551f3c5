"""Which identifiers an event carries, normalised, with the ones refused that would glue strangers together."""

from __future__ import annotations

import functools
import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import phonenumbers

from heed.contracts.event import Event, Identifier

BLOCKED = frozenset(
    {
        *("null", "nil", "none", "undefined", "nan", "n/a", "na", "-", "--", "0", "-1", "true", "false"),
        *("unknown", "anonymous", "anon", "guest", "user", "userid", "user_id", "id", "default", "test"),
        *("admin", "root", "example", "foo", "bar", "string", "[object object]", "{}", "[]", "\x00"),
        *(
            "test@test.com",
            "test@example.com",
            "user@example.com",
            "a@a.com",
            "no@email.com",
            "none@none.com",
        ),
        *("noreply@example.com", "email@example.com", "unknown@unknown.com", "anonymous@anonymous.com"),
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    }
)
"""Values that programs send where they know nobody; compared without case."""

LIMITS = {
    "user_id": 1,
    "email": 5,
    "phone": 5,
    "anonymous_id": 200,
    "external:shopify_order": 500,
    "external:shopify_checkout": 500,
    "external:stripe_payment": 1_000,
}
"""How many identifiers of a kind one profile may have; any other kind 20. What somebody ordered or paid is an
identifier where later news (a refund, a dispute) names nothing else."""
OTHER_LIMIT = 20
LONGEST = 512

_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]{1,190}\.[^\s@.]{2,63}")


class Normaliser:
    """Turns raw values into identifiers; `extra_blocked` and `phone_region` are the installation's own."""

    def __init__(self, phone_region: str = "US", extra_blocked: tuple[str, ...] = ()) -> None:
        self.phone_region = phone_region
        self.blocked = BLOCKED | {each.casefold().strip() for each in extra_blocked}

    def of_event(self, event: Event) -> list[Identifier]:
        """The event's own identifiers, the surest kind first."""
        found: list[Identifier] = []
        self._take(found, "user_id", event.user_id)
        context = event.context
        inner = context.get("traits")
        for traits in (event.traits, inner):
            if not isinstance(traits, Mapping):
                continue
            if email := traits.get("email"):
                self._take(found, "email", email)
            if phone := traits.get("phone"):
                self._take(found, "phone", phone, traits.get("country"))
        external = context.get("externalIds")
        if isinstance(external, list):
            for each in external[:10]:
                if isinstance(each, Mapping) and isinstance(each.get("type"), str):
                    kind = each["type"].strip().lower()[:40]
                    self._take(
                        found, kind if kind in {"email", "phone"} else f"external:{kind}", each.get("id")
                    )
        self._take(found, "anonymous_id", event.anonymous_id)
        return list(dict.fromkeys(found))

    def of_alias(self, event: Event) -> list[Identifier]:
        """What the `previousId` of an alias call may be: a user id or an anonymous id."""
        value = self.clean("anonymous_id", event.previous_id)
        return [Identifier("user_id", value), Identifier("anonymous_id", value)] if value else []

    def identifier(self, kind: str, raw: Any, region: Any = None) -> Identifier | None:
        value = self.clean(kind, raw, region)
        return Identifier(kind, value) if value else None

    def clean(self, kind: str, raw: Any, region: Any = None) -> str:
        """The normalised value, or "" where it is no use as an identifier of this kind."""
        if isinstance(raw, bool) or not isinstance(raw, (str, int)):
            return ""
        value = str(raw).strip()
        if not value or len(value) > LONGEST or value.casefold() in self.blocked or "\x00" in value:
            return ""
        if kind == "email":
            return value.lower() if _EMAIL.fullmatch(value) else ""
        if kind == "phone":
            return _phone(
                value, region if isinstance(region, str) and len(region) == 2 else self.phone_region
            )
        return value

    def _take(self, found: list[Identifier], kind: str, raw: Any, region: Any = None) -> None:
        if raw and (value := self.clean(kind, raw, region)):
            found.append(Identifier(kind, value))


@functools.lru_cache(maxsize=4096)
def _phone(value: str, region: str) -> str:
    """The number in E.164, or "" where it is no possible number."""
    if len(value) > 40:
        return ""
    try:
        number = phonenumbers.parse(value, region.upper())
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def limit(kind: str) -> int:
    return LIMITS.get(kind, OTHER_LIMIT)


class Hasher:
    """Keyed hashes: what of an identifier may stand in the lake, and the ids of profiles made from one."""

    def __init__(self, master_key: bytes) -> None:
        self._key = hashlib.blake2b(b"identifier", key=master_key, digest_size=32).digest()

    def hash(self, identifier: Identifier) -> uuid.UUID:
        text = f"{identifier.kind}\x00{identifier.value}".encode("utf-8", "surrogatepass")
        return uuid.UUID(bytes=hashlib.blake2b(text, key=self._key, digest_size=16).digest())

    def profile_id(self, first: uuid.UUID, generation: int = 0) -> uuid.UUID:
        """The id of the profile made for an identifier's hash.

        Being derived, it is the same whoever makes the profile first: the engine, a second engine, or a
        decision that answers before the event is carried. `generation` counts the profiles of this
        identifier that were erased before.
        """
        seed = first.bytes + generation.to_bytes(4, "big")
        return uuid.UUID(
            bytes=hashlib.blake2b(seed, key=self._key, digest_size=16, person=b"profile").digest()
        )


def hashed(identifiers: list[Identifier], hasher: Hasher) -> Iterator[tuple[Identifier, uuid.UUID]]:
    for each in identifiers:
        yield each, hasher.hash(each)
