"""Backup, ruin, restore: the same customers, the same lake, the same logins."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import httpx
import pytest

from heed.profiles import api as profiles
from heed.run import backup
from heed.run.lock import FolderLock
from heed.settings import Settings
from tests.killing import Sender
from tests.run.test_commands import heed, said
from tests.serving import Server, serving

_LAKE = "select count(*) as n, count(distinct message_id) as ids, sum(value) as value from events"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    yield from serving(tmp_path / "data")


def _states(server: Server) -> dict[str, bytes]:
    with server.connect() as connection:
        return dict(connection.execute("select id::text, state from profile").fetchall())


def _signs_in(server: Server, email: str, password: str) -> bool:
    with httpx.Client(base_url=server.url, follow_redirects=True) as browser:
        token = browser.get("/sign-in/").text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        page = browser.post(
            "/sign-in/", data={"csrfmiddlewaretoken": token, "login": email, "password": password}
        )
    return page.url.path == "/"


def _flip_a_bit_of_each_file(file: Path, server: Server) -> None:
    """In a copy; every kind of file is noticed, and nothing is restored."""
    with tarfile.open(file) as tar:
        members = [each for each in tar.getmembers() if each.size]
    changed = file.with_name("changed.tar")
    for member in {PurePosixPath(each.name).suffix: each for each in members}.values():
        whole = bytearray(file.read_bytes())
        whole[member.offset_data + member.size // 2] ^= 4
        changed.write_bytes(whole)
        done = server.heed("restore", str(changed), check=False)
        assert done.returncode == 1, member.name
        assert "damaged" in done.stderr
        assert not list(server.data.iterdir())


def test_what_was_ruined_comes_back_as_it_was(own_server: Server, tmp_path: Path) -> None:
    key = own_server.heed("keys", "create", "shop", "--scope", "write").stdout.strip()
    own_server.heed(
        "user", "create", "mara@example.org", "--role", "owner", "--password-stdin", text="a quiet harbour 7"
    )
    batch = [
        {"type": "track", "event": "Order Completed", "userId": f"u{n % 20}", "messageId": f"m{n}",
         "properties": {"order_id": str(n), "value": 1.25, "currency": "EUR"}}
        for n in range(200)
    ]  # fmt: skip
    assert httpx.post(f"{own_server.url}/v1/batch", auth=(key, ""), json={"batch": batch}).status_code == 200
    own_server.await_carried()
    states, lake = _states(own_server), own_server.lake(_LAKE)
    file = tmp_path / "backup.tar"
    own_server.heed("backup", str(file))
    assert file.stat().st_mode & 0o077 == 0
    own_server.stop()
    shutil.rmtree(own_server.data)

    _flip_a_bit_of_each_file(file, own_server)
    own_server.heed("restore", str(file))
    own_server.start()
    assert _states(own_server) == states
    assert own_server.lake(_LAKE) == lake
    assert _signs_in(own_server, "mara@example.org", "a quiet harbour 7")
    assert not _signs_in(own_server, "mara@example.org", "another harbour 7")
    again = httpx.post(f"{own_server.url}/v1/batch", auth=(key, ""), json={"batch": batch[:1]})
    assert again.status_code == 200, "write keys are as they were too"
    own_server.await_carried()
    assert own_server.lake(_LAKE) == lake, "and what was sent before is still known"


def test_a_backup_made_under_load_is_of_one_moment(own_server: Server, tmp_path: Path) -> None:
    key = own_server.heed("keys", "create", "load", "--scope", "write").stdout.strip()
    sender = Sender(own_server.url, key, "s")
    sender.start()
    for number in range(3):
        own_server.heed("backup", str(tmp_path / f"{number}.tar"))
    sender.stopping.set()
    sender.join(30)
    own_server.stop()
    for number in range(3):
        for server in serving_restored(tmp_path / f"{number}.tar", tmp_path / f"restored-{number}"):
            server.await_carried()
            with server.connect() as connection:
                (folded,) = connection.execute("select sum(count) from carry_hour where outcome = 'carried'")
            (row,) = server.lake(_LAKE)
            assert row["n"] == row["ids"] == folded[0] > 0


def serving_restored(file: Path, data: Path) -> Iterator[Server]:
    server = Server(data)
    server.heed("restore", str(file))
    try:
        server.start()
        yield server
    finally:
        server.destroy()


@pytest.mark.parametrize("name", ["lake/../../outside", "lake/link"])
def test_what_a_backup_holds_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    about = json.dumps({"master_key": profiles.fingerprint(bytes(32)).hex()})
    held_files = {"heed.json": about, "master.key": "00" * 32, "database.dump": "", name: "{}"}
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        sums = [f"{hashlib.sha256(text.encode()).hexdigest()}  {each}\n" for each, text in held_files.items()]
        held = tarfile.TarInfo("SHA256SUMS")
        held.size = len("".join(sums))
        tar.addfile(held, io.BytesIO("".join(sums).encode()))
        for each, text in held_files.items():
            entry = tarfile.TarInfo(each)
            entry.size = len(text)
            if each == "lake/link":
                entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, str(tmp_path), 0
            tar.addfile(entry, io.BytesIO(text.encode()))
    done = heed(tmp_path, "restore", "bad.tar", "--data", "data")
    assert done.returncode == 1
    assert "The backup is damaged" in said(done)
    assert not list((tmp_path / "data").iterdir())
    assert not (tmp_path / "outside").exists()


def test_a_key_kept_elsewhere_is_missed_before_anything_is_restored(tmp_path: Path) -> None:
    key = {"HEED_MASTER_KEY": "5a" * 32}
    assert heed(tmp_path, "keys", "create", "shop", "--scope", "write", **key).returncode == 0
    done = heed(tmp_path, "backup", "kept.tar", **key)
    assert "Except the master key" in said(done)
    done = heed(tmp_path, "restore", "kept.tar", "--data", "new")
    assert done.returncode == 1
    assert "holds no master key" in said(done)
    done = heed(tmp_path, "restore", "kept.tar", "--data", "new", **key)
    assert done.returncode == 0, said(done)
    assert "✗" not in said(heed(tmp_path, "doctor", "--data", "new", **key))
    for other in ("ab" * 32, "nonsense"):
        done = heed(tmp_path, "restore", "kept.tar", "--data", "other", HEED_MASTER_KEY=other)
        assert done.returncode > 0
        assert not list(tmp_path.glob("other/*"))


def test_what_comes_into_the_folder_meanwhile_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"

    class Slow(FolderLock):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            (folder / "master.key").write_text("another's")

    monkeypatch.setattr(backup, "FolderLock", Slow)
    with pytest.raises(backup.BackupFailed, match="something in"):
        backup.restore(Settings(data=data), tmp_path / "kept.tar", print)
    assert (data / "master.key").read_text() == "another's"


def test_restoring_never_overwrites_and_says_what_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("mine")
    (tmp_path / "no.tar").write_bytes(b"nothing of the kind")
    done = heed(tmp_path, "restore", "no.tar", "--data", "full")
    assert done.returncode == 1
    assert "There is something in" in said(done)
    assert (tmp_path / "full" / "precious").read_text() == "mine"
    done = heed(tmp_path, "restore", "no.tar", "--data", "empty")
    assert done.returncode == 1
    assert "no backup of Heed" in said(done)
    assert list((tmp_path / "empty").iterdir()) == [], "so that the right file can be tried next"
    done = heed(tmp_path, "backup", "new.tar", "--data", "nowhere")
    assert done.returncode == 2
