"""What people do on a webhook's page."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.utils import timezone

from heed import settings as heed_settings
from heed.collect import hook_actions, reading
from heed.collect.domain.hooks.kinds import Options
from heed.collect.hooks import purpose_of
from heed.collect.jobs import forget_deliveries
from heed.collect.models import DeadLetter, Hook, HookDelivery, HookRefusal, Source
from heed.govern.models import AuditEntry
from heed.kit.sealing import unseal
from tests.collect import payloads as p
from tests.collect.test_hook_mapping import MAPPING
from tests.collect.test_views import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    reading.open_letters.forget()


def hook(kind: str, **options: Any) -> Hook:
    made = hook_actions.create_hook("Pushes", kind)
    if options:
        hook_actions.save_options(made, Options(**options))
    return made


def secret_of(made: Hook) -> str:
    sealed = bytes(Hook.objects.get(pk=made.pk).secret)
    return unseal(heed_settings.load().master_key, sealed, purpose_of(made.pk)).decode()


def form_of(rows: list[tuple[str, str, str, str]], **main: str) -> dict[str, str]:
    data = {
        "header": "X-Signature", "event": "{what}", "user_id": "{who.number}", "email": "{who.mail}",
        "time": "{at}", "message_id": "{id}", **main,
        "cell-TOTAL_FORMS": str(len(rows)), "cell-INITIAL_FORMS": "0",
    }  # fmt: skip
    for number, row in enumerate(rows):
        for field, value in zip(("name", "where", "kind", "place"), row, strict=True):
            data[f"cell-{number}-{field}"] = value
    return data


@pytest.mark.parametrize("kind", ["shopify", "stripe", "json"])
def test_a_new_webhook_is_off_and_shows_its_address(kind: str) -> None:
    client = signed_in()
    page = text(client.post("/sources/new/", {"name": "Pushes", "kind": kind}, follow=True))
    made = Hook.objects.get()
    assert f"/hooks/{made.public_id}" in page
    assert len(made.public_id) >= 24
    assert "Off." in page
    assert made.source.disabled_at is not None
    assert "heed_write_" not in page
    listed = text(client.get("/sources/"))
    assert "Webhook" in listed
    assert ">off<" in listed
    assert AuditEntry.objects.get(what="source.created").detail["kind"] == kind


def test_a_secret_is_kept_sealed_and_never_shown_again() -> None:
    made, client = hook("stripe"), signed_in()
    page = text(
        client.post(
            f"/sources/{made.pk}/secret/", {"secret": " whsec_abc123xyz ", "do": "paste"}, follow=True
        )
    )
    assert secret_of(made) == "whsec_abc123xyz"
    assert "whsec_abc123xyz" not in page
    assert b"whsec" not in bytes(Hook.objects.get().secret)
    assert "whsec" not in str(list(AuditEntry.objects.values()))
    for wrong in ("", "short", "with\nlines in it", "ünïcode-secret"):
        text(client.post(f"/sources/{made.pk}/secret/", {"secret": wrong, "do": "paste"}), 422)
    assert secret_of(made) == "whsec_abc123xyz"


def test_a_secret_made_here_is_shown_once() -> None:
    made, client = hook("json"), signed_in()
    page = text(client.post(f"/sources/{made.pk}/secret/", {"do": "make"}))
    [shown] = set(re.findall(r"heed_hook_[\w-]{30,}", page))
    assert secret_of(made) == shown
    assert shown not in text(client.get(f"/sources/{made.pk}/"))


def test_it_is_switched_on_only_once_it_has_what_it_takes() -> None:
    made, client = hook("json"), signed_in()
    where = f"/sources/{made.pk}/switch/"
    assert "no signing secret yet" in text(client.post(where, {"do": "on"}, follow=True))
    hook_actions.make_secret(made)
    assert "what stands where" in text(client.post(where, {"do": "on"}, follow=True))
    hook_actions.save_options(made, Options(mapping=MAPPING))
    assert "Switched on" in text(client.post(where, {"do": "on"}, follow=True))
    assert Source.objects.get().disabled_at is None
    assert "Switched off" in text(client.post(where, {"do": "off"}, follow=True))
    assert Source.objects.get().disabled_at is not None


def test_a_webhook_has_no_write_key_and_is_not_enabled_past_its_switch() -> None:
    made, client = hook("json"), signed_in()
    assert client.post(f"/sources/{made.pk}/key/").status_code == 404
    assert client.post(f"/sources/{made.pk}/enable/").status_code == 404
    assert Source.objects.get().disabled_at is not None


def test_where_things_stand_is_filled_in_and_comes_back() -> None:
    made, client = hook("json"), signed_in()
    rows = [
        ("value", "{cents} * 0.01", "money", "properties"),
        ("lines", "{lines}", "whole", "properties"),
        ("city", "{who.city}", "text", "traits"),
        ("", "", "text", "properties"),
    ]
    page = text(client.post(f"/sources/{made.pk}/options/", form_of(rows), follow=True))
    mapping = hook_actions.options_of(Hook.objects.get()).mapping
    assert mapping["event"] == {
        "type": "track", "event": "{what}", "userId": "{who.number}",
        "context": {"traits": {"email": "{who.mail}", "city": "{who.city}"}},
        "properties": {"value": {"money": "{cents} * 0.01"}, "lines": {"whole": "{lines}"}},
    }  # fmt: skip
    for value in ("{cents} * 0.01", "{who.city}", "{who.mail}", "{what}"):
        assert f'value="{value}"' in page
    assert '<option value="money" selected>' in page


def test_a_mapping_that_cannot_be_used_is_not_saved() -> None:
    made, client = hook("json"), signed_in()
    where = f"/sources/{made.pk}/options/"
    page = text(client.post(where, form_of([("value", "", "money", "properties")])), 422)
    assert "A row needs a name and where it stands" in page
    assert "letters, digits and -" in text(client.post(where, form_of([], header="X Bad:\n")), 422)
    text(client.post(where, {"header": "X-Signature"}), 422)
    assert Hook.objects.get().options == {}


def test_a_sample_shows_what_it_would_become_and_keeps_nothing() -> None:
    client = signed_in()
    made = hook("shopify")
    page = text(
        client.post(f"/sources/{made.pk}/try/", {"topic": "orders/create", "sample": json.dumps(p.ORDER)})
    )
    assert "<h3><bdi>Order Completed</bdi></h3>" in page
    assert "409.94" in page
    assert "bob.norman@example.org" in page
    told = hook("stripe")
    page = text(
        client.post(f"/sources/{told.pk}/try/", {"sample": json.dumps(p.stripe_event("price.created", {}))})
    )
    assert "Heed does nothing with “price.created”" in page
    other = hook("json", mapping=MAPPING)
    page = text(client.post(f"/sources/{other.pk}/try/", {"sample": '{"who": {"number": "<script>x"}}'}))
    assert "It could not be used" in page
    assert "{who.number}" in page
    assert "<script>x" not in page
    assert "it is no JSON object" in text(client.post(f"/sources/{other.pk}/try/", {"sample": "{"}))
    text(client.post(f"/sources/{made.pk}/try/", {"topic": "nonsense", "sample": "{}"}), 422)
    assert not DeadLetter.objects.exists()
    assert not HookDelivery.objects.exists()


@pytest.mark.parametrize("kind", ["shopify", "stripe", "json"])
def test_the_sample_that_is_offered_works(kind: str) -> None:
    made, client = hook(kind), signed_in()
    if kind == "json":
        rows = [("price", "{data.price}", "money", "properties")]
        main = {
            "event": "{type}",
            "user_id": "{customer.id}",
            "email": "{customer.email}",
            "time": "{created_at}",
        }
        text(client.post(f"/sources/{made.pk}/options/", form_of(rows, **main), follow=True))
    page = text(client.get(f"/sources/{made.pk}/"))
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert found
    import html

    page = text(
        client.post(f"/sources/{made.pk}/try/", {"topic": "orders/create", "sample": html.unescape(found[1])})
    )
    assert "ada@example.org" in page[page.index('role="status"') :]
    assert "It could not be used" not in page


def test_what_arrived_and_what_was_refused_is_shown() -> None:
    made = hook("shopify")
    now = timezone.now()
    HookDelivery.objects.create(
        source=made.pk, key=b"a", topic="orders/create", events=1, times=3, received_at=now
    )
    HookDelivery.objects.create(
        source=made.pk, key=b"b", topic="x/y", why="Heed does nothing with <it>", received_at=now
    )
    HookRefusal.objects.create(
        source=made.pk, day=now.date(), reason="wrong_signature", count=41, last_at=now
    )
    DeadLetter.objects.create(
        received_at=now, source=made.pk, reason="bad_hook", detail="no id", payload=b"{}"
    )
    page = text(signed_in().get(f"/sources/{made.pk}/"))
    assert "came 3 times, counted once" in page
    assert "Heed does nothing with &lt;it&gt;" in page
    assert "<strong>41</strong> in seven days: The signature does not belong" in page
    assert f"/dead-letters/?source={made.pk}" in page
    seen = text(signed_in("analyst").get(f"/sources/{made.pk}/"))
    assert "Keep its signing secret" not in seen
    assert "What would this become" not in seen


@pytest.mark.parametrize("step", ["secret", "options", "switch", "try"])
def test_only_who_connects_systems_changes_a_webhook(step: str) -> None:
    made = hook("json")
    assert signed_in("analyst").post(f"/sources/{made.pk}/{step}/", {"do": "make"}).status_code == 403
    assert signed_in("engineer").get(f"/sources/{made.pk}/{step}/").status_code == 405
    assert not Hook.objects.get().secret
    assert signed_in("owner").post(f"/sources/nobody/{step}/", {"do": "make"}).status_code == 404


def test_deliveries_are_forgotten_once_they_are_past_their_time() -> None:
    from datetime import timedelta

    now = timezone.now()
    for days in (36, 1):
        at = now - timedelta(days=days)
        HookDelivery.objects.create(source="s", key=bytes([days]), received_at=at)
    HookRefusal.objects.create(source="s", day=(now - timedelta(days=91)).date(), reason="x", last_at=now)
    HookRefusal.objects.create(source="s", day=now.date(), reason="x", last_at=now)
    forget_deliveries(0)
    assert HookDelivery.objects.count() == 1
    assert HookRefusal.objects.count() == 1
