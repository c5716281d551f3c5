"""Files of a segment's members on a schedule: made when due, whole or not at all, kept for a while, for those who may."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from heed.govern.actions import create_key
from heed.govern.api import create_user
from heed.profiles import api as profiles
from heed.profiles.models import Profile
from heed.segments import actions, exports, files
from heed.segments.models import ExportFile, Schedule, Segment

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "folder", lambda: tmp_path / "exports")


@pytest.fixture
def gold() -> Segment:
    Profile.objects.create(
        id=uuid.uuid4(), state=profiles.fold.encode(profiles.fold.new()), display_name="Ada", segments=["gold"],
        email="ada@example.org", last_seen=timezone.now(),
    )  # fmt: skip
    return Segment.objects.create(
        key="gold", name="Gold", rule="seen.days_ago < 3", created_at=NOW, changed_at=NOW, filled_at=NOW
    )


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(
        create_user(f"{role}-{uuid.uuid4().hex[:6]}@example.org", role, "a quiet harbour 7"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


@pytest.mark.parametrize(
    ("every", "hour", "due"),
    [
        ("day", 4, datetime(2026, 11, 25, 4, tzinfo=UTC)),
        ("day", 13, datetime(2026, 11, 24, 13, tzinfo=UTC)),
        ("week", 4, datetime(2026, 11, 30, 4, tzinfo=UTC)),
        ("month", 0, datetime(2026, 12, 1, 0, tzinfo=UTC)),
    ],
)
def test_a_schedule_is_due_at_its_hour(every: str, hour: int, due: datetime) -> None:
    assert exports.next_after(Schedule(every=every, hour=hour), NOW) == due
    assert exports.next_after(Schedule(every=every, hour=hour), due) > due


def test_a_file_is_made_when_it_is_due_and_only_then(gold: Segment) -> None:
    exports.save("gold", "csv", "day", 4, by=None, now=NOW)
    assert exports.run_due(NOW) == 0
    due = datetime(2026, 11, 25, 4, 5, tzinfo=UTC)
    assert exports.run_due(due) == 1
    assert exports.run_due(due) == 0
    (found,) = ExportFile.objects.all()
    content = (exports.folder() / found.name).read_bytes()
    assert b"ada@example.org" in content
    assert found.size == len(content)
    assert (exports.folder() / found.name).stat().st_mode & 0o077 == 0


def test_only_the_newest_files_are_kept_and_none_for_long(gold: Segment) -> None:
    exports.save("gold", "parquet", "day", 4, by=None, now=NOW)
    for day in range(1, 13):
        exports.run_due(NOW + timedelta(days=day))
    assert ExportFile.objects.count() == exports.MOST_FILES
    assert len(list(exports.folder().iterdir())) == exports.MOST_FILES
    Schedule.objects.update(due_at=NOW + timedelta(days=900))
    exports.run_due(NOW + timedelta(days=60))
    assert not list(exports.folder().iterdir())


def test_a_disk_that_is_full_leaves_no_half_file_and_says_so(
    gold: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = exports.save("gold", "csv", "day", 4, by=None, now=NOW)

    def full(key: str) -> Any:
        yield b"id\n"
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(files, "csv_lines", full)
        assert exports.run_due(NOW + timedelta(days=1)) == 0
    made.refresh_from_db()
    assert "No space left" in made.failed
    assert not list(exports.folder().iterdir())
    assert exports.run_due(NOW + timedelta(days=1)) == 1
    made.refresh_from_db()
    assert made.failed == ""


def test_a_segment_that_is_being_filled_waits(gold: Segment) -> None:
    exports.save("gold", "csv", "day", 4, by=None, now=NOW)
    Segment.objects.update(filled_at=None)
    assert exports.run_due(NOW + timedelta(days=1)) == 0
    Segment.objects.update(filled_at=NOW)
    assert exports.run_due(NOW + timedelta(days=1)) == 1


def test_files_go_with_their_schedule_and_with_their_segment(gold: Segment) -> None:
    first = exports.save("gold", "csv", "day", 4, by=None, now=NOW)
    exports.save("gold", "parquet", "day", 4, by=None, now=NOW)
    with pytest.raises(ValidationError):
        exports.save("gold", "csv", "day", 4, by=None, now=NOW)
    exports.run_due(NOW + timedelta(days=1))
    exports.stop("gold", first.pk, by=None)
    assert len(list(exports.folder().iterdir())) == 1
    actions.delete_segment("gold")
    assert not list(exports.folder().iterdir())
    assert not Schedule.objects.exists()


def test_people_make_and_fetch_them_who_may_export(gold: Segment) -> None:
    asked = {"kind": "csv", "every": "day", "hour": "4"}
    assert signed_in("agent").post("/segments/gold/schedule/", asked).status_code == 403
    client = signed_in("owner")
    for wrong in ({"hour": "24"}, {"kind": "exe"}, {"every": "never"}):
        client.post("/segments/gold/schedule/", asked | wrong)
    assert not Schedule.objects.exists()
    assert client.post("/segments/gold/schedule/", asked).status_code == 302
    exports.run_due(timezone.now() + timedelta(days=1))
    found = ExportFile.objects.get()
    page = client.get("/segments/gold/").content.decode()
    assert f"/segments/gold/files/{found.pk}/" in page
    assert b"ada@example.org" in b"".join(client.get(f"/segments/gold/files/{found.pk}/").streaming_content)  # type: ignore[attr-defined]
    assert signed_in("agent").get(f"/segments/gold/files/{found.pk}/").status_code == 403
    assert Client().get(f"/segments/gold/files/{found.pk}/").status_code == 302
    assert client.get(f"/segments/other/files/{found.pk}/").status_code == 404
    head = {"authorization": f"Bearer {create_key('robot', 'manage')}"}
    (listed,) = client.get("/api/v1/segments/gold/files", headers=head).json()
    assert listed["id"] == found.pk
    fetched = Client().get(f"/api/v1{listed['path']}", headers=head)
    assert b"ada@example.org" in b"".join(fetched.streaming_content)  # type: ignore[attr-defined]
    assert Client().get(f"/api/v1{listed['path']}").status_code == 401
    (exports.folder() / found.name).unlink()
    assert client.get(f"/segments/gold/files/{found.pk}/").status_code == 404
