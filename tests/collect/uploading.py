"""Sending a file and having it imported, as somebody does by hand."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from heed.collect import jobs, uploads
from heed.collect.models import Upload
from tests.carrying import Carry


@pytest.fixture
def deferred(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the worker was asked to do, done when a test says so."""
    asked: list[tuple[str, str]] = []
    for name in ("count_upload", "import_upload"):
        monkeypatch.setattr(
            getattr(jobs, name), "defer", lambda upload_id, name=name: asked.append((name, upload_id))
        )
    return asked


def work(deferred: list[tuple[str, str]]) -> None:
    while deferred:
        name, upload_id = deferred.pop(0)
        getattr(jobs, name)(upload_id)


def send(client: Client, name: str, content: bytes | str) -> Upload:
    body = content.encode() if isinstance(content, str) else content
    answer = client.post("/imports/", {"file": SimpleUploadedFile(name, body)})
    assert answer.status_code == 302, re.findall(
        r'class="error"[^>]*>(.*?)</div>\s*</div>', answer.content.decode(), re.S
    )
    return Upload.objects.latest("created_at")


def form_of(upload: Upload, **changes: str) -> dict[str, str]:
    """The form as the page shows it, with changes."""
    choices = uploads.choices_of(upload)
    data = {name: getattr(choices, name) for name in
            ("rows", "event", "says", "source", "decimal", "timezone", "time_format", "delimiter", "encoding")}  # fmt: skip
    for place, each in enumerate(choices.columns):
        data |= {f"role-{place}": each.role, f"target-{place}": each.target, f"kind-{place}": each.kind}
    return {**data, **changes}


def imported(
    client: Client, upload: Upload, deferred: list[tuple[str, str]], carry: Carry, **changes: str
) -> Upload:
    assert client.post(f"/imports/{upload.pk}/", form_of(upload, **changes)).status_code == 302
    work(deferred)
    assert client.post(f"/imports/{upload.pk}/change/", {"do": "start"}).status_code == 302
    work(deferred)
    carry([])
    upload.refresh_from_db()
    return upload


def many(n: int) -> bytes:
    return b"email,plan\n" + b"".join(b"p%d@example.org,gold\n" % i for i in range(n))
