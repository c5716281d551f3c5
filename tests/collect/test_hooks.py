"""What arrives at a webhook's address: signed or not, once or again, in any order, and from strangers."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heed import settings as heed_settings
from heed import wiring
from heed.collect import actions, hook_actions
from heed.collect.domain.hooks.kinds import Options
from heed.collect.domain.protocol import Limits
from heed.collect.hooks import HOOK_BYTES, Hooks
from heed.collect.hot import Collector
from heed.collect.models import DeadLetter, Hook, HookDelivery, HookRefusal
from heed.kit import front
from heed.kit.clock import system_clock
from heed.kit.front import Front, register_hot
from heed.profiles import api as profiles
from heed.profiles.models import Profile
from tests.carrying import Carry, carry
from tests.collect import payloads as p
from tests.collect.test_hook_mapping import MAPPING

__all__ = ["carry"]
SECRET = "hush hush hush"
Post = Callable[..., tuple[int, dict[str, Any]]]


class Door:
    """The raw front with webhooks, on an event loop of its own; posts as somebody from an address."""

    def __init__(self) -> None:
        here = heed_settings.load()
        ledger, _ = wiring.engines()
        self.thread = ThreadPoolExecutor(1)
        self.loop = asyncio.new_event_loop()
        self.collector = Collector(
            here.database_url, ledger, system_clock, Limits(), here.batch_max_bytes, 2_000_000, here.url
        )
        self.hooks = Hooks(self.collector, here.master_key)
        register_hot("POST", "/hooks/*", self.hooks.take)
        self.front = Front(None, ("/hooks/",))
        self._run(self.collector.pool.open())

    def _run(self, coroutine: Any) -> Any:
        return self.thread.submit(self.loop.run_until_complete, coroutine).result()

    def post(
        self, address: str, body: bytes, headers: dict[str, str] | None = None, of: str = "203.0.113.5"
    ) -> tuple[int, dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": f"/hooks/{address}", "client": (of, 1),
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        }  # fmt: skip
        self._run(self.front(scope, receive, send))
        told = json.loads(sent[1]["body"])
        return sent[0]["status"], told

    def settle(self) -> None:
        """What was counted in memory is written down."""
        self._run(self.hooks._count())

    def forget(self) -> None:
        """As if more than two seconds had passed since a webhook was looked up."""
        self.hooks._known.clear()

    def close(self) -> None:
        self._run(self.hooks.stop())
        self._run(self.collector.pool.close())
        self.thread.shutdown()
        self.loop.close()


@pytest.fixture
def door(carry: Carry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(front, "_prefixes", [])
    made = Door()
    yield made
    made.close()


def hook(kind: str, on: bool = True, **options: Any) -> Hook:
    made = hook_actions.create_hook(kind, kind)
    hook_actions.set_secret(made, SECRET)
    if options:
        hook_actions.save_options(made, Options(**options))
    if on:
        hook_actions.switch_on(made)
    return made


def signed(kind: str, body: bytes, at: int | None = None, **headers: str) -> dict[str, str]:
    def digest(text: bytes) -> bytes:
        return hmac.new(SECRET.encode(), text, hashlib.sha256).digest()

    if kind == "shopify":
        return {"X-Shopify-Hmac-Sha256": base64.b64encode(digest(body)).decode(), **headers}
    if kind == "stripe":
        now = system_clock() // 1000 if at is None else at
        return {"Stripe-Signature": f"t={now},v1={digest(f'{now}.'.encode() + body).hex()}"}
    return {"X-Signature": "sha256=" + digest(body).hex(), **headers}


def shopify(door: Door, made: Hook, topic: str, payload: Any, delivery: str) -> int:
    body = json.dumps(payload).encode()
    headers = signed("shopify", body) | {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": delivery}
    return door.post(made.public_id, body, headers)[0]


def stripe(door: Door, made: Hook, event: dict[str, Any]) -> int:
    body = json.dumps(event).encode()
    return door.post(made.public_id, body, signed("stripe", body))[0]


def state() -> Any:
    (profile,) = Profile.objects.all()
    return profiles.fold.decode(bytes(profile.state))


def test_orders_of_shopify_come_to_one_customer_in_any_order_and_once(door: Door, carry: Carry) -> None:
    made = hook("shopify")
    assert shopify(door, made, "refunds/create", p.REFUND, "w4") == 200
    carry([])
    for _ in range(3):
        assert shopify(door, made, "orders/paid", p.ORDER, "w2") == 200
        assert shopify(door, made, "orders/create", p.ORDER, "w1") == 200
        assert shopify(door, made, "customers/create", p.CUSTOMER, "w3") == 200
        assert shopify(door, made, "checkouts/create", p.CHECKOUT, "w0") == 200
    carry([])
    found = state()
    order = found.orders.recent["450789469"]
    assert (order.value, order.refunded, order.lines) == (4_099_400, 2_090_000, 1)
    assert found.identity.identifiers["email"] == ["bob.norman@example.org"]
    assert found.consent.purposes["marketing"].granted is True
    assert found.consent.purposes["sms"].granted is False
    assert found.activity.names["Order Completed"] == 1
    assert HookDelivery.objects.get(topic="orders/create").times == 3


def test_a_delivery_is_recognised_after_its_message_id_is_forgotten(door: Door, carry: Carry) -> None:
    made = hook("stripe", payments_are_orders=True)
    event = p.stripe_event("charge.succeeded", p.CHARGE)
    assert stripe(door, made, event) == 200
    carry([])
    with connection.cursor() as cursor:
        cursor.execute("truncate carry_seen")
    assert stripe(door, made, event) == 200
    carry([])
    assert state().orders.recent[p.INTENT["id"]].value == 10_995_000
    assert state().activity.names["Order Completed"] == 1


def test_payments_of_stripe_fail_are_disputed_and_given_back_to_one_customer(
    door: Door, carry: Carry
) -> None:
    made = hook("stripe")
    for event in (
        p.stripe_event("charge.dispute.created", p.DISPUTE, 1790000900),
        p.stripe_event("charge.failed", p.failed_charge(), 1790000100),
        p.stripe_event("payment_intent.payment_failed", p.failed_intent(), 1790000101),
        p.stripe_event("customer.created", p.STRIPE_CUSTOMER, 1790000000),
        p.stripe_event("customer.subscription.created", p.SUBSCRIPTION, 1790000200),
    ):
        assert stripe(door, made, event) == 200
    carry([])
    found = state()
    assert found.orders.payment_failures == 1
    assert found.activity.names["Payment Failed"] == 1
    assert found.activity.names["Payment Disputed"] == 1
    assert found.orders.renewal_at == 1792592000_000
    assert found.traits.values["name"].value == "Jenny Rosén"


def test_any_json_becomes_an_event_and_can_be_read_again_once_its_mapping_is_mended(
    door: Door, carry: Carry
) -> None:
    wrong = {**MAPPING, "event": {**MAPPING["event"], "userId": "{nobody}", "context": {}}}
    made = hook("json", mapping=wrong)
    body = json.dumps(
        {"id": 1, "at": 1789990000, "what": "Order Completed", "who": {"number": 9}, "cents": 1999}
    )
    assert door.post(made.public_id, body.encode(), signed("json", body.encode()))[0] == 200
    letter = DeadLetter.objects.get()
    assert (letter.reason, bytes(letter.payload)) == ("no_identity", body.encode())
    assert actions.resubmit([letter.pk], Limits(), system_clock()) == (0, 1)
    hook_actions.save_options(made, Options(mapping=MAPPING))
    assert actions.resubmit([letter.pk], Limits(), system_clock()) == (1, 0)
    door.forget()
    assert door.post(made.public_id, body.encode(), signed("json", body.encode()))[0] == 200
    carry([])
    assert state().activity.names["Order Completed"] == 1
    assert state().orders.last_placed == 1789990000_000


def test_a_stranger_does_not_get_in(door: Door, carry: Carry) -> None:
    made, other = hook("stripe"), hook("shopify")
    body = json.dumps(p.stripe_event("charge.succeeded", p.CHARGE)).encode()
    now = system_clock() // 1000
    tries: list[tuple[str, bytes, dict[str, str], int, str]] = [
        (made.public_id, body, {}, 401, "no_signature"),
        (made.public_id, body, {"Stripe-Signature": f"t={now},v1={'0' * 64}"}, 401, "wrong_signature"),
        (made.public_id, body + b" ", signed("stripe", body), 401, "wrong_signature"),
        (made.public_id, body, signed("stripe", body, at=now - 400), 401, "stale_signature"),
        (made.public_id, body, signed("shopify", body), 401, "no_signature"),
        (made.public_id.lower(), body, signed("stripe", body), 404, "unknown_hook"),
        (made.public_id + "/", body, signed("stripe", body), 404, "unknown_hook"),
        ("", body, signed("stripe", body), 404, "unknown_hook"),
        ("x' or '1'='1", body, signed("stripe", body), 404, "unknown_hook"),
        ("\x00\ud7ff", body, signed("stripe", body), 404, "unknown_hook"),
        (made.pk, body, signed("stripe", body), 404, "unknown_hook"),
        (other.public_id, body, {"X-Shopify-Hmac-Sha256": ""}, 401, "no_signature"),
    ]
    for address, sent, headers, status, code in tries:
        answered, told = door.post(address, sent, headers)
        assert (answered, told["code"]) == (status, code), (address, headers)
    assert SECRET not in str(told)
    door.settle()
    counted = {(each.source, each.reason): each.count for each in HookRefusal.objects.all()}
    assert counted == {
        (made.pk, "no_signature"): 2,
        (made.pk, "wrong_signature"): 2,
        (made.pk, "stale_signature"): 1,
        (other.pk, "no_signature"): 1,
    }
    carry([])
    assert not Profile.objects.exists()
    assert not DeadLetter.objects.exists()


def test_who_tries_signatures_is_slowed_down_and_who_signs_rightly_is_not(door: Door) -> None:
    made = hook("json", mapping=MAPPING)
    body = json.dumps({"id": 1, "what": "Seen", "who": {"number": 9}, "at": 1789990000}).encode()
    statuses = [door.post(made.public_id, body, {"X-Signature": "0" * 64})[0] for _ in range(40)]
    assert statuses[:19] == [401] * 19, "one try went into looking the address up"
    assert 429 in statuses[19:]
    assert door.post(made.public_id, body, signed("json", body))[0] == 200
    assert {door.post(f"nobody-{i}", body, of="203.0.113.6")[0] for i in range(40)} == {404, 429}
    assert door.post(made.public_id, body, {}, of="203.0.113.7")[0] == 401
    door.settle()
    assert HookRefusal.objects.get(reason="wrong_signature").count == 40


def test_what_is_too_large_or_a_bomb_is_refused(door: Door) -> None:
    made = hook("json", mapping=MAPPING)
    for body in (b"x" * (HOOK_BYTES + 1), gzip.compress(b" " * 60_000_000)):
        assert door.post(made.public_id, body, signed("json", body))[0] == 413
    cut = gzip.compress(b"{}")[:-4]
    assert door.post(made.public_id, cut, signed("json", cut))[0] == 400
    nested = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    assert door.post(made.public_id, nested, signed("json", nested))[0] == 200
    deep = json.dumps({"id": 1, "at": 1789990000, "what": "Seen", "who": {"number": 1}}).encode()[:-1]
    deep += b',"lines":[{"sku":' + b"[" * 100 + b"]" * 100 + b"}]}"
    assert door.post(made.public_id, deep, signed("json", deep))[0] == 200
    assert sorted(DeadLetter.objects.values_list("reason", flat=True)) == ["bad_hook", "too_deep"]


def test_an_id_that_no_store_keeps_is_kept_without_it(door: Door, carry: Carry) -> None:
    made = hook("json", mapping=MAPPING)
    for body in (
        b'{"id":"\\u0000a","who":{}}',
        b'{"id":"\\u0000b","at":1789990000,"what":"Seen","who":{"number":1}}',
    ):
        assert door.post(made.public_id, body, signed("json", body))[0] == 200
    assert DeadLetter.objects.get().hook == {"delivery": "a", "topic": ""}
    carry([])
    assert state().activity.names["Seen"] == 1


def test_a_webhook_that_is_off_or_without_a_secret_takes_nothing(door: Door) -> None:
    off = hook("json", on=False, mapping=MAPPING)
    body = b'{"what": "Seen", "who": {"number": 1}}'
    assert door.post(off.public_id, body, signed("json", body))[0] == 404
    bare = hook_actions.create_hook("bare", "json")
    with pytest.raises(hook_actions.NotReady, match="secret"):
        hook_actions.switch_on(bare)
    assert door.post(bare.public_id, body, signed("json", body))[0] == 503
    hook_actions.set_secret(bare, SECRET)
    with pytest.raises(hook_actions.NotReady, match="JSON"):
        hook_actions.switch_on(bare)


def test_a_secret_is_not_readable_where_it_is_kept(door: Door) -> None:
    made = hook("json", mapping=MAPPING)
    other = hook("json", mapping=MAPPING)
    kept = bytes(Hook.objects.get(pk=made.pk).secret)
    assert SECRET.encode() not in kept
    Hook.objects.filter(pk=other.pk).update(secret=kept)
    body = b'{"id": 1}'
    assert door.post(other.public_id, body, signed("json", body))[0] == 503


def test_when_nothing_can_be_kept_nothing_is_promised(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    from heed.ports.ledger import LedgerUnavailable

    made = hook("stripe")
    event = p.stripe_event("charge.succeeded", p.CHARGE)

    async def gone(lane: int, events: Any) -> None:
        raise LedgerUnavailable("disk full")

    monkeypatch.setattr(door.collector.ledger, "append_soon", gone)
    assert stripe(door, made, event) == 503
    assert not HookDelivery.objects.exists()
    monkeypatch.undo()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(["shopify", "stripe", "json"]),
    body=st.one_of(
        st.binary(max_size=200),
        _JSON.map(lambda value: json.dumps(value).encode()),
        st.dictionaries(st.sampled_from([*p.ORDER, *p.CHARGE]), _JSON, max_size=6).map(
            lambda change: json.dumps({**p.ORDER, **change}).encode()
        ),
    ),
    topic=st.sampled_from(["orders/create", "refunds/create", "customers/update", "", "x" * 500]),
    delivery=st.text(st.characters(codec="ascii", min_codepoint=32), max_size=300),
)
def test_nothing_that_is_sent_is_answered_with_a_failure(
    door: Door, kind: str, body: bytes, topic: str, delivery: str
) -> None:
    made = Hook.objects.filter(kind=kind).first() or hook(
        kind, **({"mapping": MAPPING} if kind == "json" else {})
    )
    headers = signed(kind, body) | {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": delivery}
    status, told = door.post(made.public_id, body, headers)
    assert status in {200, 400, 401, 413}, told
    assert door.post(made.public_id, body, {"Stripe-Signature": topic, "X-Signature": topic})[0] in {
        400,
        401,
        413,
        429,
    }
