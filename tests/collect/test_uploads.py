"""Somebody imports a file by hand: sends it, looks it over, lets it be looked through, starts and stops it."""

from __future__ import annotations

import gzip
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from heed.collect import import_actions, jobs, uploads
from heed.collect.domain.assistant import Column
from heed.collect.importer import CHUNK
from heed.collect.models import DeadLetter, Upload, UploadPart
from heed.govern.models import AuditEntry
from heed.profiles import api as profiles
from heed.profiles.models import Profile
from tests.carrying import Carry, carry
from tests.collect import exports
from tests.collect.test_views import signed_in, text
from tests.collect.uploading import deferred, form_of, imported, many, send, work

__all__ = ["carry", "deferred"]


def person(email: str) -> Any:
    return profiles.fold.decode(bytes(Profile.objects.get(email=email).state))


def test_german_orders_are_looked_through_and_imported(carry: Carry, deferred: list[tuple[str, str]]) -> None:
    client = signed_in()
    upload = send(client, "Bestellungen März.csv", exports.GERMAN)
    page = text(client.get(f"/imports/{upload.pk}/"))
    assert "Kundennummer" in page
    assert "1234.56" in page, "the first row as it would become"
    assert '<option value="cp1252" selected>' in page
    assert '<option value="," selected>1.234,56' in page
    assert "Download the mapping" in page
    text(client.post(f"/imports/{upload.pk}/", form_of(upload), follow=True))
    assert [name for name, _ in deferred] == ["count_upload"]
    work(deferred)
    page = text(client.get(f"/imports/{upload.pk}/"))
    assert "Import 2 events" in page
    assert "the time &#x27;gestern&#x27;" in page
    assert "line 4" in page
    assert not Profile.objects.exists()
    assert not DeadLetter.objects.exists(), "looking through keeps nothing"
    client.post(f"/imports/{upload.pk}/change/", {"do": "start"})
    work(deferred)
    carry([])
    upload.refresh_from_db()
    assert (upload.state, upload.counts["imported"], upload.counts["dropped"]) == ("done", 2, 3)
    assert person("ada@example.org").orders.recent["B-7"].value == 12_345_600
    assert DeadLetter.objects.count() == 3
    assert not UploadPart.objects.exists(), "its bytes are gone"
    assert "2" in text(client.get("/imports/"))
    assert set(AuditEntry.objects.values_list("what", flat=True)) >= {"upload.sent", "upload.imported"}


@pytest.mark.parametrize(
    ("name", "content", "email", "granted"),
    [
        ("hubspot.csv", exports.HUBSPOT, "bob@example.org", False),
        ("unsubscribed_members_export.csv", exports.UNSUBSCRIBED, "dora@example.org", False),
        ("subscribed_members_export.csv", exports.SUBSCRIBED, "ada@example.org", True),
        ("klaviyo.csv", exports.KLAVIYO, "bob@example.org", False),
        ("klaviyo.csv", exports.KLAVIYO_DATED, "ada@example.org", True),
        ("klaviyo.csv", exports.KLAVIYO_DATED, "hal@example.org", False),
    ],
)
def test_who_unsubscribed_there_is_unsubscribed_here(
    carry: Carry, deferred: list[tuple[str, str]], name: str, content: str, email: str, granted: bool
) -> None:
    client = signed_in()
    upload = imported(client, send(client, name, content), deferred, carry)
    assert upload.state == "done", upload.problem
    told = person(email).consent.purposes
    assert {key: each.granted for key, each in told.items()} == {"marketing": granted, "email": granted}
    proofs = {"hubspot.csv": "", "klaviyo.csv": "Klaviyo profile export"}
    assert told["marketing"].proof == proofs.get(name, "Mailchimp audience export")


def test_a_permission_of_long_ago_does_not_undo_a_refusal_since(
    carry: Carry, deferred: list[tuple[str, str]]
) -> None:
    from tests.browser.shop import event

    traits = {"email": "ada@example.org"}
    carry([event("Unsubscribed", "u1", 1_000, context={"traits": traits})])
    client = signed_in()
    imported(client, send(client, "subscribed.csv", exports.SUBSCRIBED), deferred, carry)
    assert person("ada@example.org").consent.purposes["marketing"].granted is False


def test_segments_events_come_as_they_were_and_once(carry: Carry, deferred: list[tuple[str, str]]) -> None:
    client = signed_in()
    first, second = (
        imported(client, send(client, name, exports.SEGMENT), deferred, carry)
        for name in ("a.jsonl", "b.json")
    )
    assert (first.state, second.state) == ("done", "failed")
    assert "imported in this way before" in second.problem
    assert person("ada@example.org").orders.recent["A1"].value == 125_000
    assert person("ada@example.org").activity.names["Order Completed"] == 1


def test_packed_files_and_parquet_are_read_too(carry: Carry, deferred: list[tuple[str, str]]) -> None:
    client = signed_in()
    table = io.BytesIO()
    pq.write_table(pa.table({"email": ["p@example.org"], "plan": ["gold"], "visits": [3]}), table)
    for name, content in (
        ("a.csv.gz", gzip.compress(b"email,plan\ng@example.org,gold\n", mtime=0)),
        ("b.parquet", table.getvalue()),
        ("c.txt", b"email\tplan\nt@example.org\tgold\n"),
        ("d.csv", "email;plan\nu@example.org;gold\n".encode("utf-16")),
    ):
        upload = imported(client, send(client, name, content), deferred, carry)
        assert (name, upload.state, upload.problem) == (name, "done", "")
    assert set(Profile.objects.values_list("email", flat=True)) == {f"{c}@example.org" for c in "gptu"}
    assert person("p@example.org").traits.values["plan"].value == "gold"


def test_rows_of_nobody_are_told(carry: Carry, deferred: list[tuple[str, str]]) -> None:
    client = signed_in()
    upload = send(client, "x.csv", "email,plan\nno address,gold\na@example.org,gold\n,gold\n")
    client.post(f"/imports/{upload.pk}/", form_of(upload))
    work(deferred)
    upload.refresh_from_db()
    assert (upload.counts["events"], upload.counts["nobody"]) == (2, 1)
    assert [(each["reason"], each["n"], each["line"]) for each in upload.counts["refused"]] == [
        ("no_identity", 1, 4)
    ]


def test_an_import_is_stopped_and_goes_on_and_nothing_counts_twice(
    carry: Carry, deferred: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_LOOK_EVERY", 0.0)
    client = signed_in()
    upload = send(client, "many.csv", many(3 * CHUNK))
    client.post(f"/imports/{upload.pk}/", form_of(upload))
    work(deferred)
    client.post(f"/imports/{upload.pk}/change/", {"do": "start"})
    real = uploads.Watch.__call__

    def stop_after_the_first(self: uploads.Watch, share: float, **told: Any) -> None:
        real(self, share, **told)
        client.post(f"/imports/{upload.pk}/change/", {"do": "stop"})

    monkeypatch.setattr(uploads.Watch, "__call__", stop_after_the_first)
    work(deferred)
    upload.refresh_from_db()
    assert (upload.state, upload.counts["imported"]) == ("stopped", CHUNK)
    assert "Go on" in text(client.get(f"/imports/{upload.pk}/"))
    monkeypatch.setattr(uploads.Watch, "__call__", real)
    client.post(f"/imports/{upload.pk}/change/", {"do": "start"})
    work(deferred)
    carry([])
    upload.refresh_from_db()
    assert (upload.state, upload.counts["imported"]) == ("done", 3 * CHUNK)
    assert Profile.objects.count() == 3 * CHUNK


def test_work_that_was_cut_off_is_taken_up_by_one_job(
    carry: Carry, deferred: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_LOOK_EVERY", 0.0)
    client = signed_in()
    upload = send(client, "many.csv", many(3 * CHUNK))
    client.post(f"/imports/{upload.pk}/", form_of(upload))
    work(deferred)
    client.post(f"/imports/{upload.pk}/change/", {"do": "start"})
    deferred.clear()
    real = uploads.Watch.__call__

    def killed(self: uploads.Watch, share: float, **told: Any) -> None:
        real(self, share, **told)
        raise KeyboardInterrupt

    monkeypatch.setattr(uploads.Watch, "__call__", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.import_upload(upload.pk)
    monkeypatch.setattr(uploads.Watch, "__call__", real)
    jobs.go_on_with_uploads(0)
    assert deferred == [], "it may still be at work"
    jobs.import_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.counts["imported"]) == ("importing", CHUNK), "one job at a time"
    Upload.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
    assert "takes it up again" in text(client.get(f"/imports/{upload.pk}/"))
    jobs.go_on_with_uploads(0)
    assert deferred == [("import_upload", upload.pk)]
    work(deferred)
    carry([])
    upload.refresh_from_db()
    assert (upload.state, upload.counts["imported"]) == ("done", 3 * CHUNK)
    assert Profile.objects.count() == 3 * CHUNK


@pytest.mark.django_db
def test_work_that_nobody_does_is_stopped_at_once(deferred: list[tuple[str, str]]) -> None:
    client = signed_in()
    upload = send(client, "x.csv", many(3))
    Upload.objects.update(state="importing", touched_at=timezone.now() - timedelta(minutes=2))
    client.post(f"/imports/{upload.pk}/change/", {"do": "stop"})
    upload.refresh_from_db()
    assert upload.state == "stopped"


@pytest.mark.django_db
def test_nothing_is_imported_before_it_was_looked_through(deferred: list[tuple[str, str]]) -> None:
    client = signed_in()
    upload = send(client, "x.csv", many(3))
    client.post(f"/imports/{upload.pk}/change/", {"do": "start"})
    assert deferred == []
    Upload.objects.filter(pk=upload.pk).update(state="failed")
    assert "Look through it first" in text(
        client.post(f"/imports/{upload.pk}/change/", {"do": "start"}, follow=True)
    )
    assert deferred == []


@pytest.mark.django_db
def test_choices_that_make_no_sense_are_not_kept(deferred: list[tuple[str, str]]) -> None:
    client = signed_in()
    upload = send(client, "x.csv", many(3))
    for changes, words in (
        ({"role-0": "skip"}, "who it is"),
        ({"timezone": "Europe/Nowhere"}, "no such time zone"),
        ({"timezone": "../../etc/passwd"}, "no such time zone"),
        ({"says": "granted"}, "when it was given"),
        ({"encoding": "rot13"}, "Select a valid choice"),
        ({"rows": "events", "event": ""}, "called"),
    ):
        assert words in text(client.post(f"/imports/{upload.pk}/", form_of(upload, **changes)), 422)
    assert deferred == []
    assert uploads.choices_of(Upload.objects.get()).columns[0] == Column("email", "email")
    text(
        client.post(f"/imports/{upload.pk}/", form_of(upload, **{"role-0": "nonsense", "role-1": "email"})),
        302,
    )


@pytest.mark.django_db
def test_the_mapping_is_the_one_heed_import_takes(tmp_path: Path) -> None:
    from heed.collect.domain.mapping import read_mapping

    client = signed_in()
    upload = send(client, "b.csv", exports.GERMAN)
    answer = client.get(f"/imports/{upload.pk}/mapping/")
    assert answer["Content-Disposition"] == 'attachment; filename="mapping.toml"'
    mapper = read_mapping(answer.content.decode())
    assert (mapper.mapping.decimal, mapper.mapping.delimiter, mapper.mapping.encoding) == (",", ";", "cp1252")


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("analyst", 403), ("marketer", 403), ("engineer", 200)])
def test_only_who_connects_systems_imports(role: str, status: int) -> None:
    upload = uploads.keep("x.csv", [many(3)], "somebody")
    client = signed_in(role)
    for address in (
        "/imports/",
        f"/imports/{upload.pk}/",
        f"/imports/{upload.pk}/state/",
        f"/imports/{upload.pk}/mapping/",
    ):
        assert client.get(address).status_code == status, address
    if status == 403:
        for address in ("/imports/", f"/imports/{upload.pk}/", f"/imports/{upload.pk}/change/"):
            assert client.post(address, {"do": "delete"}).status_code == 403
    else:
        assert client.get("/imports/nothing/").status_code == 404
        assert "is deleted" in text(
            client.post(f"/imports/{upload.pk}/change/", {"do": "delete"}, follow=True)
        )
    assert Upload.objects.exists() == (status == 403)


@pytest.mark.django_db
def test_files_nobody_imports_are_forgotten() -> None:
    old, new = (uploads.keep("x.csv", [many(3)], "") for _ in range(2))
    Upload.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    jobs.forget_uploads(0)
    assert list(Upload.objects.all()) == [new]
    assert set(UploadPart.objects.values_list("upload_id", flat=True)) == {new.pk}


@pytest.mark.django_db
def test_hostile_columns_and_cells_are_shown_as_text(deferred: list[tuple[str, str]]) -> None:
    name = "<script>alert(1)</script>"
    client = signed_in()
    upload = send(
        client, f"{name.replace('/', '')}.csv", f"email,{name},=cmd|x\na@example.org,{name},{name}\n"
    )
    page = text(client.get(f"/imports/{upload.pk}/"))
    assert "<script>alert" not in page
    assert import_actions.stale(upload) is False
