"""What somebody who imports a file is asked to look at twice."""

from __future__ import annotations

import re

import pytest

from heed.collect import uploads
from heed.collect.domain.assistant import Choices, Column
from heed.collect.domain.doubts import doubts
from heed.profiles.models import Profile
from tests.carrying import Carry, carry
from tests.collect import exports
from tests.collect.test_views import signed_in, text
from tests.collect.uploading import deferred, form_of, imported, many, send, work

__all__ = ["carry", "deferred"]


@pytest.mark.django_db
def test_subscribers_that_would_count_as_never_asked_are_told_on_the_page() -> None:
    client = signed_in()
    page = text(client.get(f"/imports/{send(client, 'klaviyo.csv', exports.KLAVIYO).pk}/"))
    assert "Look twice" in page
    assert "In 1 of the first 4 rows" in page
    assert "count as never asked" in page
    page = text(client.get(f"/imports/{send(client, 'hubspot.csv', exports.HUBSPOT).pk}/"))
    assert "1 of the first 3 rows will count as never asked" in page


def test_addresses_and_numbers_that_are_none_are_told_and_identify_nobody(
    carry: Carry, deferred: list[tuple[str, str]]
) -> None:
    client = signed_in()
    rows = ["c1,ada@example.org,+46701740605", "c2,bad@@mail,12", "c3,worse@,+46701740606", "c4,,"]
    upload = send(client, "x.csv", "\n".join(["Customer ID,Mail,Phone", *rows]) + "\n")
    page = re.sub(r"</?bdi>", "", text(client.get(f"/imports/{upload.pk}/")))
    assert "“Mail” has 2 values among the first 4 rows that are no e-mail addresses" in page
    assert "“Phone” has 1 value among the first 4 rows that is no phone number" in page
    assert "see line 3" in page
    imported(client, upload, deferred, carry)
    assert dict(Profile.objects.values_list("user_id", "email")) == {
        "c1": "ada@example.org", "c2": "", "c3": "", "c4": "",
    }  # fmt: skip
    assert set(Profile.objects.values_list("phone", flat=True)) == {"", "+46701740605", "+46701740606"}


def test_the_whole_file_is_looked_through_for_addresses_that_are_none(
    deferred: list[tuple[str, str]], transactional_db: None
) -> None:
    client = signed_in()
    upload = send(client, "x.csv", many(400) + b"bad@@mail,gold\nno,gold\n")
    assert "are no e-mail" not in text(client.get(f"/imports/{upload.pk}/"))
    client.post(f"/imports/{upload.pk}/", form_of(upload))
    work(deferred)
    page = text(client.get(f"/imports/{upload.pk}/"))
    assert "has 2 values that are no e-mail addresses" in page
    assert "see line 402" in page


def test_amounts_that_come_in_as_text_or_without_a_currency_are_told(
    deferred: list[tuple[str, str]], transactional_db: None
) -> None:
    client = signed_in()
    lines = ["order,mail,total,zip", "1,a@example.org,€12.50,22100", "2,b@example.org,€7.00,22101"]
    upload = send(client, "orders.csv", "\n".join(lines) + "\n")
    columns = [c.name for c in uploads.choices_of(upload).columns]
    place = columns.index("total")
    changes = {
        "rows": "events",
        "event": "Order Completed",
        f"role-{place}": "property",
        f"target-{place}": "value",
    }
    client.post(f"/imports/{upload.pk}/", form_of(upload, **changes, **{f"kind-{place}": "text"}))
    page = re.sub(r"</?bdi>", "", text(client.get(f"/imports/{upload.pk}/")))
    assert "“total” looks like amounts and would come in as text" in page
    assert "Nothing says which currency “total” is in" in page
    assert "“zip”" not in page


@pytest.mark.parametrize(
    ("kind", "target", "cell", "told"),
    [
        ("text", "value", "12", 2),
        ("text", "note", "1.234,50", 1),
        ("text", "note", "12 kr", 1),
        ("text", "note", "22100", 0),
        ("text", "note", "v1.2 beta", 0),
        ("text", "note", "1.234,50 €", 1),
        ("money", "value", "12,50", 1),
        ("number", "quantity", "3", 0),
        ("text", "note", "", 0),
    ],
)
def test_only_amounts_are_doubted(kind: str, target: str, cell: str, told: int) -> None:
    choices = Choices([Column("A", "property", target, kind)], rows="events", event="Order Completed")
    assert len(doubts(choices, [{"A": cell}])) == told
    choices.columns.append(Column("B", "property", "currency"))
    assert len(doubts(choices, [{"A": cell, "B": "EUR"}])) == (told if target == "note" else max(0, told - 1))


def test_amounts_in_more_than_one_currency_are_doubted() -> None:
    choices = Choices(
        [Column("A", "property", "value", "money"), Column("B", "property", "currency")], "events", "X"
    )
    assert doubts(choices, [{"A": "€5"}, {"A": "€6"}]) == []
    (told,) = doubts(choices, [{"A": "€5"}, {"A": "6 USD"}, {"A": "7"}])
    assert "more than one currency (EUR, USD)" in told


@pytest.mark.parametrize(
    ("columns", "row", "told"),
    [
        ({"M": "permits"}, {"M": "SUBSCRIBED"}, "no column says since when"),
        ({"M": "permits", "At": "permitted_at"}, {"M": "yes", "At": ""}, "and not since when"),
        ({"M": "permits", "At": "permitted_at"}, {"M": "yes", "At": "2024-01-01"}, ""),
        ({"M": "permits"}, {"M": "NEVER_SUBSCRIBED"}, ""),
        ({"M": "trait"}, {"M": "Subscribed"}, "seems to say who permits marketing"),
        ({"Accepts Marketing": "trait"}, {"Accepts Marketing": "yes"}, "seems to say who permits marketing"),
        ({"M": "trait"}, {"M": "yes"}, ""),
        ({"Gone": "unsubscribed"}, {"Gone": "false"}, "is no permission"),
        ({"Gone": "unsubscribed"}, {"Gone": "true"}, ""),
    ],
)
def test_whoever_will_count_as_never_asked_is_told(
    columns: dict[str, str], row: dict[str, str], told: str
) -> None:
    choices = Choices([Column("E", "email"), *(Column(name, role) for name, role in columns.items())])
    found = " ".join(doubts(choices, [{"E": "a@example.org", **row}]))
    assert told in found
    assert ("never asked" in found) == bool(told)
