"""What people do with sources, live events and dead letters."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.signing import TimestampSigner
from django.test import Client
from django.utils import timezone

from heed.collect import actions as collecting
from heed.collect import reading
from heed.collect.domain.keys import key_hash
from heed.collect.models import DeadLetter, Source
from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import AuditEntry, User
from heed.ports import current
from heed.ports.ledger import LedgerUnavailable

pytestmark = pytest.mark.django_db


class Kept:
    """A ledger that remembers what it was given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.gone = False

    def append(self, lane: int, events: list[Event]) -> None:
        if self.gone:
            raise LedgerUnavailable("disk full")
        self.events.extend(events)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept()
    monkeypatch.setattr(current, "ledger", lambda: kept)
    reading.open_letters.forget()
    return kept


def signed_in(role: str = "engineer") -> Client:
    actions.create_user(f"{role}@example.org", role, None)
    client = Client()
    client.force_login(User.objects.get(role=role))
    return client


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.status_code
    return str(answer.content.decode())


def bury(reason: str = "no_identity", payload: Any = None, source: str = "src_1") -> DeadLetter:
    body = (
        payload
        if isinstance(payload, bytes)
        else json.dumps(payload or {"type": "track", "event": "X"}).encode()
    )
    return DeadLetter.objects.create(
        received_at=timezone.now(), source=source, reason=reason, detail="neither", payload=body
    )


def test_without_sources_the_page_says_how_to_begin() -> None:
    page = text(signed_in().get("/sources/"))
    assert "Nothing sends events yet" in page
    assert 'href="/sources/new/"' in page


def test_a_new_source_shows_its_key_once_inside_ready_snippets() -> None:
    client = signed_in()
    page = text(client.post("/sources/new/", {"name": "  Web   shop ", "kind": "web"}))
    [key] = set(re.findall(r"heed_write_[\w-]{20,}", page))
    source = Source.objects.get()
    assert source.name == "Web shop"
    assert bytes(source.key_hash) == key_hash(key)
    for pane in ("code-web", "code-python", "code-node", "code-curl"):
        [code] = re.findall(rf'<pre id="{pane}">(.*?)</pre>', page, re.S)
        assert key in code
    later = text(client.get(f"/sources/{source.pk}/"))
    assert key not in later
    assert "YOUR_WRITE_KEY" in later
    assert AuditEntry.objects.get(what="source.created").who_text == "engineer@example.org"
    assert key not in str(AuditEntry.objects.values_list("detail", flat=True))


def test_a_source_needs_a_name_and_a_kind_people_may_choose() -> None:
    client = signed_in()
    for form in (
        {"name": " ", "kind": "web"},
        {"name": "x", "kind": "heed"},
        {"name": "x" * 101, "kind": "web"},
    ):
        text(client.post("/sources/new/", form), 422)
    assert not Source.objects.exists()


def test_a_source_is_disabled_enabled_and_gets_a_new_key() -> None:
    source, key = collecting.create_source("Till", "server")
    client = signed_in()
    assert "turned away" in text(client.post(f"/sources/{source.pk}/disable/", follow=True))
    assert Source.objects.get().disabled_at is not None
    assert "may send again" in text(client.post(f"/sources/{source.pk}/enable/", follow=True))
    page = text(client.post(f"/sources/{source.pk}/key/"))
    [fresh] = set(re.findall(r"heed_write_[\w-]{20,}", page))
    assert fresh != key
    assert bytes(Source.objects.get().key_hash) == key_hash(fresh)
    assert text(client.post("/sources/nothing/disable/"), 404)


@pytest.mark.parametrize(("role", "status"), [("analyst", 403), ("engineer", 200)])
def test_only_who_connects_systems_makes_keys(role: str, status: int) -> None:
    client = signed_in(role)
    text(client.post("/sources/new/", {"name": "x", "kind": "web"}), status)
    assert Source.objects.exists() == (status == 200)


def test_the_live_page_carries_a_token_the_front_accepts() -> None:
    page = text(signed_in().get("/events/"))
    found = re.search(r'data-address="/live/events\?token=([^"]+)"', page)
    assert found
    from urllib.parse import unquote

    user = User.objects.get()
    assert TimestampSigner(salt="heed.live").unsign(unquote(found[1]), max_age=60) == str(user.pk)


def test_dead_letters_are_counted_by_reason_and_filtered(ledger: Kept) -> None:
    for _ in range(3):
        bury("no_identity")
    bury("unknown_type", source="src_2")
    client = signed_in()
    page = text(client.get("/dead-letters/"))
    assert re.findall(r'<span class="big">(\d+)</span>', page) == ["3", "1"]
    assert 'Dead letters<span class="count">4</span>' in page
    only = text(client.get("/dead-letters/?reason=unknown_type"))
    assert len(re.findall(r'<li class="moment"', only)) == 1
    assert len(re.findall(r'<li class="moment"', text(client.get("/dead-letters/?source=src_1")))) == 3
    assert text(client.get("/dead-letters/?reason=%00&before=x"))


def test_many_dead_letters_are_paged_without_gaps(ledger: Kept) -> None:
    DeadLetter.objects.bulk_create(
        DeadLetter(
            received_at=timezone.now(), source="s", reason="bad_row", detail=f"row {i:03}", payload=b"{}"
        )
        for i in range(120)
    )
    client, address, found = signed_in(), "/dead-letters/", []
    for _ in range(5):
        page = text(client.get(address))
        found += re.findall(r">row (\d{3})<", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if not older:
            break
        address = "/dead-letters/" + older[1].replace("&amp;", "&")
    assert found == [f"{i:03}" for i in reversed(range(120))]


@pytest.mark.parametrize(
    "payload", [b"\xff\xfe\x00", b'{"a": "<script>alert(1)</script>"}', b"x" * 300_000, b""]
)
def test_any_payload_is_shown_as_text(ledger: Kept, payload: bytes) -> None:
    letter = bury(payload=payload or b" ")
    page = text(signed_in().get(f"/dead-letters/{letter.pk}/"))
    assert "<script>alert" not in page
    assert len(page) < 700_000


def test_a_letter_whose_cause_is_mended_is_sent_again(ledger: Kept) -> None:
    letter = bury(payload={"type": "track", "event": "Order Completed", "userId": "u1"})
    page = text(signed_in().post(f"/dead-letters/{letter.pk}/change/", {"do": "again"}, follow=True))
    assert "1 sent again and accepted" in page
    assert [(e.name, e.user_id) for e in ledger.events] == [("Order Completed", "u1")]
    letter.refresh_from_db()
    assert letter.resubmitted_at is not None
    assert "sent again" in page


def test_a_letter_still_bad_stays_and_says_so(ledger: Kept) -> None:
    letter = bury(payload={"type": "track", "event": "X"})
    page = text(signed_in().post(f"/dead-letters/{letter.pk}/change/", {"do": "again"}, follow=True))
    assert "0 passed, 1 still cannot become an event" in page
    letter.refresh_from_db()
    assert letter.resubmitted_at is None
    assert ledger.events == []


def test_when_the_ledger_is_gone_nothing_is_marked_as_sent(ledger: Kept) -> None:
    ledger.gone = True
    letter = bury(payload={"type": "track", "event": "X", "userId": "u"})
    page = text(signed_in().post(f"/dead-letters/{letter.pk}/change/", {"do": "again"}, follow=True))
    assert "Nothing was sent" in page
    letter.refresh_from_db()
    assert letter.resubmitted_at is None


def test_all_of_one_reason_are_discarded_and_no_others(ledger: Kept) -> None:
    for _ in range(3):
        bury("no_identity")
    other = bury("unknown_type")
    client = signed_in()
    page = text(client.post("/dead-letters/all/", {"reason": "no_identity", "do": "discard"}, follow=True))
    assert "3 discarded" in page
    assert list(DeadLetter.objects.filter(discarded_at=None)) == [other]
    assert AuditEntry.objects.get(what="letters.discarded").detail == {"count": 3}


def test_discarding_asks_first(ledger: Kept) -> None:
    bury()
    page = text(signed_in().get("/dead-letters/"))
    assert re.search(r'<form[^>]*data-ask="Discard 1 dead letter\?"', page)


def test_the_menu_counts_no_further_than_it_looked(ledger: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        bury()
    reading.open_letters.forget()
    client = signed_in()
    assert '<span class="count">3</span>' in text(client.get("/account/"))
    from heed.kit.shares import at_most

    assert at_most(1_000, reading.MANY) == "1,000+"
    assert at_most(1_861, 0) == "1,861"
