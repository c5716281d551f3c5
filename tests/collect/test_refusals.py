"""Why rows of a file are refused, as somebody who imports it by hand is told."""

from __future__ import annotations

import re

from heed.collect.domain.mapping import BadRow
from heed.collect.domain.refusals import Counts
from heed.collect.models import DeadLetter
from tests.carrying import Carry, carry
from tests.collect import exports
from tests.collect.test_views import signed_in, text
from tests.collect.uploading import deferred, form_of, imported, send, work

__all__ = ["carry", "deferred"]


def test_each_cause_is_told_with_its_count_and_first_line(
    deferred: list[tuple[str, str]], transactional_db: None
) -> None:
    client = signed_in()
    rows = [
        "K-5;x@example.org;;B-12;1,00;1;EUR",
        "K-6;x@example.org;morgen;B-13;1,00;1;EUR",
        "K-7;x@example.org;01.03.2024 10:00;B-14;1,00;zwei;EUR",
        "K-8;x@example.org",
    ]
    upload = send(client, "b.csv", exports.GERMAN + "".join(f"{row}\r\n" for row in rows).encode("cp1252"))
    client.post(f"/imports/{upload.pk}/", form_of(upload))
    work(deferred)
    upload.refresh_from_db()
    assert [(each["reason"], each["n"], each["line"]) for each in upload.counts["refused"]] == [
        ("bad_time", 2, 4), ("bad_number", 1, 5), ("no_identity", 1, 6), ("no_time", 1, 7), ("bad_number", 1, 9),
        ("not_a_row", 1, 10),
    ]  # fmt: skip
    page = re.sub(r"</?(bdi|strong|small)>", "", text(client.get(f"/imports/{upload.pk}/")))
    assert "2 A time is in another form than “Form of times” says. First in line 4" in page
    assert "No column says whose row this is" in page
    assert "in the column “Betrag” is not a number" in page
    assert "in the column “Menge” is not a number" in page
    assert "1 for other causes" in page, "five are told one by one"
    assert not re.search("userId|anonymousId|time_format says", page)


def test_dead_letters_of_a_file_say_why_in_the_same_words(
    carry: Carry, deferred: list[tuple[str, str]]
) -> None:
    client = signed_in()
    imported(client, send(client, "b.csv", exports.GERMAN), deferred, carry)
    details = list(DeadLetter.objects.order_by("id").values_list("detail", flat=True))
    assert (
        details[0]
        == "A time is in another form than “Form of times” says: the time 'gestern' cannot be read."
    )
    assert details[2].startswith("No column says whose row this is")


def test_a_file_with_a_cause_of_its_own_in_each_row_fills_no_memory() -> None:
    counts = Counts()
    for line in range(1_000):
        counts.refuse(BadRow("x", cause="bad_number", column=f"c{line}"), line)
    told = counts.told()["refused"]
    assert len(told) == 51
    assert (told[-1]["reason"], told[-1]["n"]) == ("other", 950)
    assert sum(each["n"] for each in told) == 1_000
