"""`heed doctor` and `heed serve` on a database that is not whole, or not Heed's to write: both say so in words."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from heed.engines.postgres.server import EmbeddedServer
from heed.run.database import RESTORING, server_of
from heed.run.lock import FolderLock
from heed.settings import Settings
from tests.run.test_commands import heed, said
from tests.run.test_doctor import found, healthy
from tests.serving import HEED, eventually, free_port

__all__ = ["healthy"]


def serve(settings: Settings, **environment: str) -> str:
    """What a `heed serve` that does not start says."""
    if not settings.embedded:
        environment["HEED_DATABASE_URL"] = settings.external_database_url
    done = heed(
        settings.data.parent,
        *("serve", "--data", str(settings.data), "--port", str(settings.port)),
        **environment,
    )
    assert done.returncode == 1, said(done)
    return said(done)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with everything in it that Heed makes at its start."""
    data = tmp_path_factory.mktemp("whole") / "data"
    heed(data.parent, "keys", "create", "shop", "--scope", "write", "--data", str(data))
    return data


@pytest.fixture
def whole(pattern: Path, tmp_path: Path) -> Settings:
    """An installation of its own with an embedded database."""
    shutil.copytree(pattern, tmp_path / "data", symlinks=True)
    return Settings(data=tmp_path / "data", port=free_port())


@pytest.fixture
def up(whole: Settings) -> Iterator[EmbeddedServer]:
    server = server_of(whole)
    server.start()
    yield server
    server.stop()


def ask(server: EmbeddedServer, statement: str, database: str = "postgres") -> object:
    with psycopg.connect(server.dsn.replace("/postgres?", f"/{database}?"), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_a_restore_that_was_broken_off(whole: Settings, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    heed(tmp_path, "backup", str(file), "--data", str(whole.data))
    target = replace(whole, data=tmp_path / "new")
    restoring = subprocess.Popen(
        [HEED, "restore", str(file), "--data", str(target.data)], stderr=subprocess.DEVNULL
    )
    eventually((target.data / "postgres" / "PG_VERSION").exists)
    assert "being restored" in found(target, "being restored").text
    restoring.send_signal(signal.SIGKILL)
    restoring.wait()
    server_of(target)._stop_leftover()
    finding = found(target, "A restore into")
    assert (finding.level, "run `heed restore FILE` again" in finding.mend) == ("bad", True)
    assert "was broken off" in serve(target)
    again = heed(tmp_path, "restore", str(file), "--data", str(target.data))
    assert (again.returncode, "was broken off" in said(again)) == (1, True)
    shutil.rmtree(target.data)
    assert heed(tmp_path, "restore", str(file), "--data", str(target.data)).returncode == 0
    assert not (target.data / RESTORING).exists()


def test_a_database_that_was_dropped_beside_its_lake(whole: Settings, up: EmbeddedServer) -> None:
    ask(up, "drop database heed with (force)")
    lock = FolderLock(whole.data)
    assert found(whole, "The database heed is missing").level == "bad"
    lock.release()
    up.stop()
    finding = found(whole, "The database heed is missing")
    assert (finding.level, "heed restore" in finding.mend) == ("bad", True)
    assert "The database heed is missing" in serve(whole)


@pytest.mark.parametrize("table", ["pg_class", "source"])
def test_a_damaged_table(whole: Settings, up: EmbeddedServer, table: str) -> None:
    path = up.folder / str(ask(up, f"select pg_relation_filepath('{table}')", "heed"))
    up.stop()
    with path.open("r+b") as opened:
        opened.write(b"\xa5" * 8192)
    finding = found(whole, "The database is damaged")
    assert (finding.level, "heed restore" in finding.mend) == ("bad", True)
    if table == "pg_class":
        assert "The database is damaged" in serve(whole)
