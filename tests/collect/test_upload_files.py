"""What files somebody may send, and how they lie where they are kept."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from heed.collect import uploads
from heed.collect.importer import ImportProblem
from heed.collect.models import Upload, UploadPart
from heed.govern import uploads as guarded
from tests.collect.test_views import signed_in, text
from tests.collect.uploading import many, send


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.zip", b"PK\x03\x04", "Unpack it first"),
        ("x.XLSX", b"PK\x03\x04", "save it as CSV in your spreadsheet program"),
        ("x.ods", b"PK\x03\x04", "save it as CSV in your spreadsheet program"),
        ("noending", b"a,b\n1,2\n", "Heed reads CSV"),
        ("x.csv", b"email,plan\n", "no rows"),
        ("x.json", b'[{"a": 1}]', "one object on each line"),
        ("x.parquet", b"nonsense", "no Parquet file"),
        ("x.csv.gz", b"nonsense", "cannot be"),
        ("x.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "cannot be unpacked"),
        (
            "x.csv",
            (",".join(f"c{i}" for i in range(400)) + "\n" + ",".join("1" * 400) + "\n").encode(),
            "at most 300",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_is_not_kept(name: str, content: bytes, words: str) -> None:
    page = text(signed_in().post("/imports/", {"file": SimpleUploadedFile(name, content)}), 422)
    assert words in page
    assert not Upload.objects.exists()
    assert not UploadPart.objects.exists()


@pytest.mark.django_db
def test_a_file_that_is_too_large_is_pointed_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "MOST_BYTES", 100_000)
    page = text(signed_in().post("/imports/", {"file": SimpleUploadedFile("x.csv", many(10_000))}), 422)
    assert "larger than 100 MB" in page
    assert "heed import FILE --map MAP.toml" in page
    assert not Upload.objects.exists()


@pytest.mark.django_db
def test_a_strangers_file_is_not_even_kept_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []
    real = guarded.Guarded.receive_data_chunk

    def noted(self: Any, raw_data: bytes, start: int) -> None:
        kept.append(raw_data)
        real(self, raw_data, start)

    monkeypatch.setattr(guarded.Guarded, "receive_data_chunk", noted)
    stranger = Client(enforce_csrf_checks=True)
    for address in ("/imports/", "/sign-in/"):
        answer = stranger.post(address, {"file": SimpleUploadedFile("x.csv", many(1_000))})
        assert answer.status_code in {302, 403}
    assert kept == []
    send(signed_in(), "x.csv", many(10))
    assert kept


@pytest.mark.django_db
def test_a_small_file_that_unpacks_to_much_stops_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from heed.collect.domain.mapping import mapper_of
    from heed.collect.importer import rows_of

    bomb = tmp_path / "x.jsonl.gz"
    bomb.write_bytes(gzip.compress(b"0" * 30_000_000, mtime=0))
    mapper = mapper_of({"event": {}})
    pieces: list[int] = []

    def read() -> None:
        for _, row, _ in rows_of(bomb, mapper, 10_000_000):
            pieces.append(len(str(row)))

    with pytest.raises(ImportProblem, match="unpacks to more"):
        read()
    assert len(pieces) <= 12, "a line without an end comes in pieces"
    assert max(pieces) < 2_000


@pytest.mark.django_db
def test_a_file_lies_sealed_where_it_is_kept() -> None:
    upload = send(signed_in(), "x.csv", many(10))
    sealed = b"".join(bytes(part.sealed) for part in UploadPart.objects.all())
    assert b"example.org" not in sealed
    with uploads.opened(upload) as file:
        assert file.read_bytes() == many(10)
        folder = file.parent
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
