"""`heed doctor` and `heed serve` on a database that is not whole, or not Heed's to write: both say so in words."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from heed.engines.postgres.server import EmbeddedServer
from heed.run.database import RESTORING, server_of, unusable
from heed.run.doctor import examine
from heed.run.lock import FolderLock
from heed.settings import Settings
from tests.run.test_commands import heed, said
from tests.run.test_doctor import found, healthy, run
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


@pytest.fixture
def reader(healthy: Settings, postgres: EmbeddedServer) -> Iterator[str]:
    """A user of the database who has no rights yet."""
    name = f"r_{secrets.token_hex(4)}"
    run(healthy, f"create role {name} login")
    yield name
    run(healthy, f"drop owned by {name}; drop role {name}")


def seen_by(settings: Settings, user: str) -> Settings:
    return replace(
        settings, external_database_url=settings.external_database_url.replace("postgres@", f"{user}@")
    )


def test_a_user_who_may_only_read(healthy: Settings, reader: str) -> None:
    run(healthy, f"grant select on all tables in schema public to {reader}")
    theirs = seen_by(healthy, reader)
    finding = found(theirs, f"The user {reader} may make no tables")
    assert (finding.level, f"grant create on schema public to {reader}" in finding.mend) == ("bad", True)
    assert f"The user {reader} may make no tables" in serve(theirs)
    run(healthy, f"grant create on schema public to {reader}")
    finding = found(theirs, f"The user {reader} may not change the table")
    assert (finding.level, "the owner of all" in finding.mend) == ("bad", True)
    assert "it belongs to postgres" in serve(theirs)


def test_a_database_that_is_read_only(healthy: Settings, reader: str) -> None:
    run(healthy, f"grant postgres to {reader}; alter role {reader} set default_transaction_read_only = on")
    theirs = seen_by(healthy, reader)
    finding = found(theirs, "it is read-only")
    assert (finding.level, "default_transaction_read_only" in finding.mend) == ("bad", True)
    assert "it is read-only" in serve(theirs)


def test_a_user_who_owns_the_database_is_enough(
    healthy: Settings, reader: str, empty_database: str, tmp_path: Path
) -> None:
    """A managed database gives nobody its superuser."""
    theirs = seen_by(replace(healthy, data=tmp_path / "new", external_database_url=empty_database), reader)
    run(
        replace(healthy, external_database_url=empty_database),
        f"alter database {empty_database.split('/')[3].split('?')[0]} owner to {reader}",
    )
    done = heed(
        tmp_path,
        *("keys", "create", "shop", "--scope", "write", "--data", str(theirs.data)),
        HEED_DATABASE_URL=theirs.external_database_url,
    )
    assert done.returncode == 0, said(done)
    assert [each.text for each in examine(theirs) if each.level == "bad"] == []


def test_a_newer_database_is_not_served(healthy: Settings) -> None:
    run(
        healthy, "insert into django_migrations (app, name, applied) values ('segments', '0999_later', now())"
    )
    assert "prepared by a newer version" in found(healthy, "newer version of Heed").text
    assert "prepared by a newer version of Heed (segments.0999_later). Install that version again" in serve(
        healthy
    )


@pytest.mark.parametrize("holds_lake", [True, False])
def test_another_programs_database(healthy: Settings, empty_database: str, holds_lake: bool) -> None:
    theirs = replace(healthy, external_database_url=empty_database)
    run(theirs, "create table shop_order (id int); create table profile (id int)")
    run(theirs, "create table django_migrations (app text, name text)")
    run(theirs, "insert into django_migrations values ('shop', '0001_initial')")
    if not holds_lake:
        shutil.rmtree(healthy.lake_folder)
    finding = found(theirs, "belongs to another program")
    assert (finding.level, "a database of Heed's own" in finding.mend) == ("bad", True)
    assert "it has a table shop_order, and none of Heed's" in serve(theirs)


def test_tables_of_others_beside_heeds_are_left_alone(healthy: Settings) -> None:
    run(healthy, "create table shop_order (id int)")
    assert [each.text for each in examine(healthy) if each.level == "bad"] == []


def test_a_database_that_has_lost_its_migrations(healthy: Settings) -> None:
    run(healthy, "delete from django_migrations")
    finding = found(healthy, "The database is not whole")
    assert (finding.level, "Restore" in finding.mend) == ("bad", True)
    assert "The database is not whole" in serve(healthy)


def test_a_server_with_no_connection_left_is_not_damaged(whole: Settings, up: EmbeddedServer) -> None:
    ask(up, "alter database heed connection limit 0")
    ask(up, "create role somebody login")
    address = whole.database_url.replace("postgres@", "somebody@")
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(address)
    told = unusable(whole, raised.value)
    assert "damaged" not in told
    assert "postgres.log" in told
