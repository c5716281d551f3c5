"""`heed doctor`: what is wrong is named in words, with what to do about it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from heed.engines.deltalake.lake import DeltaLake
from heed.pipeline.lake_writer import WRITER
from heed.ports.lake import SCHEMA
from heed.profiles import api as profiles
from heed.run import findings
from heed.run.doctor import examine
from heed.run.lock import FolderLock
from heed.run.said import Finding
from heed.settings import Settings, SettingsError, read
from tests.lake import put
from tests.run.test_commands import heed, said
from tests.serving import free_port

KEY = "ab" * 32


@pytest.fixture
def healthy(database: str, tmp_path: Path) -> Settings:
    """An installation with nothing wrong but that it does not run and nobody may sign in yet."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "master.key").write_text(KEY)
    (data / "master.key").chmod(0o600)
    settings = Settings(data=data, port=free_port(), external_database_url=database)
    lake = DeltaLake(settings.lake_folder)
    lake.prepare()
    lake.append(SCHEMA.empty_table(), WRITER, 1)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("insert into lake_append (id, number) values (1, 1)")
        connection.execute("delete from master_key")
        profiles.remember_key(connection, bytes.fromhex(KEY))
    return settings


def found(settings: Settings, words: str) -> Finding:
    """The one finding that says so."""
    matching = [each for each in examine(settings) if words in each.text]
    assert len(matching) == 1, [each.text for each in examine(settings)]
    return matching[0]


def run(settings: Settings, statement: str) -> None:
    with psycopg.connect(settings.external_database_url, autocommit=True) as connection:
        connection.execute(statement)


def test_where_nothing_is_wrong_nothing_is_bad(healthy: Settings) -> None:
    assert [each.text for each in examine(healthy) if each.level == "bad"] == []
    assert found(healthy, "Heed is not running").mend


def test_a_taken_port(healthy: Settings) -> None:
    with socket.socket() as other:
        other.bind((healthy.host, healthy.port))
        other.listen()
        finding = found(healthy, f"Port {healthy.port}")
    assert finding.level == "bad"
    assert "--port" in finding.mend


def test_a_data_folder_that_is_a_file(healthy: Settings, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    finding = found(replace(healthy, data=file), "is a file, not a folder")
    assert (finding.level, "--data" in finding.mend) == ("bad", True)


def test_a_missing_master_key(healthy: Settings) -> None:
    (healthy.data / "master.key").unlink()
    finding = found(healthy, "is missing, but there is data encrypted with it")
    assert (finding.level, "backup" in finding.mend) == ("bad", True)


def test_a_damaged_master_key(healthy: Settings) -> None:
    (healthy.data / "master.key").write_text("not a key")
    assert found(healthy, "is damaged").level == "bad"


def test_a_master_key_of_another_installation(healthy: Settings) -> None:
    (healthy.data / "master.key").write_text("cd" * 32)
    finding = found(replace(healthy), "master key is not the one")
    assert (finding.level, "into " in finding.mend) == ("bad", True)
    (healthy.data / "master.key").unlink()
    finding = found(replace(healthy, master_key_text="ef" * 32), "master key is not the one")
    assert "set HEED_MASTER_KEY" in finding.mend


def test_a_key_that_is_to_be_looked_at_is_not_made(healthy: Settings) -> None:
    (healthy.data / "master.key").unlink()
    shutil.rmtree(healthy.lake_folder)
    assert found(healthy, "master key").level == "bad"
    assert not (healthy.data / "master.key").exists()


@pytest.mark.parametrize("kept", [b"\xff\xfe garbage", b""])
def test_a_damaged_key_for_sessions(healthy: Settings, kept: bytes) -> None:
    (healthy.data / "secret.key").write_bytes(kept)
    assert found(healthy, "secret.key is damaged").level == "bad"


def test_a_key_an_editor_saved_is_read(healthy: Settings) -> None:
    (healthy.data / "master.key").write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    assert not [each for each in examine(healthy) if "key" in each.text]


def test_a_database_that_is_gone_beside_its_lake(healthy: Settings) -> None:
    finding = found(replace(healthy, external_database_url=""), "is missing, but its lake is there")
    assert (finding.level, "backup" in finding.mend) == ("bad", True)


def test_a_lake_that_is_gone(healthy: Settings) -> None:
    shutil.rmtree(healthy.lake_folder)
    finding = found(healthy, "with it everybody's history")
    assert (finding.level, "backup" in finding.mend) == ("bad", True)


def test_a_lake_that_has_lost_what_the_database_put_there(healthy: Settings) -> None:
    run(healthy, "update lake_append set number = 7")
    assert found(healthy, "not of the same moment").level == "bad"


def test_a_database_that_has_lost_a_table_or_a_column(healthy: Settings) -> None:
    run(healthy, "alter table segment drop column former_rule")
    assert found(healthy, "lost its column former_rule of table segment").level == "bad"
    run(healthy, "drop table segment cascade")
    assert found(healthy, "lost its table segment").level == "bad"


def test_a_database_of_another_version(healthy: Settings) -> None:
    run(
        healthy, "insert into django_migrations (app, name, applied) values ('segments', '0999_later', now())"
    )
    assert "Install that version" in found(healthy, "prepared by a newer version").mend
    run(healthy, "delete from django_migrations where app = 'segments' and name > '0002'")
    assert found(healthy, "not been prepared for this version").level == "bad"


def test_models_that_are_not_there(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def understand(text: str) -> None:
        (tmp_path / "model.npz").read_bytes()

    monkeypatch.setattr("heed.sense.text.understand", understand)
    finding = found(healthy, "model.npz")
    assert (finding.level, "Install Heed again" in finding.mend) == ("bad", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_parts_of_the_data_folder_that_belong_to_somebody_else() -> None:
    # Not under pytest's own folder, which others may not enter.
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        (data / "lake").mkdir(parents=True)
        (data / "lake" / "events").mkdir(mode=0o700)
        Path(folder).chmod(0o755)
        ask = (
            "import os, sys; from pathlib import Path; from heed.run.about_folder import _closed; from heed.settings import Settings;"
            "os.setuid(65534); print([each.text for each in _closed(Settings(data=Path(sys.argv[1])))])"
        )
        done = subprocess.run(
            [sys.executable, "-c", ask, str(data)], capture_output=True, text=True, check=False
        )
    assert "it belongs to root" in done.stdout, done.stderr


def test_a_master_key_in_the_environment_that_is_none(healthy: Settings) -> None:
    assert (
        found(replace(healthy, master_key_text="zz"), "master key in the settings is damaged").level == "bad"
    )


def test_a_database_folder_that_lost_a_file(healthy: Settings) -> None:
    healthy.postgres_folder.mkdir()
    (healthy.postgres_folder / "base").mkdir()
    finding = found(replace(healthy, external_database_url=""), "PG_VERSION is missing")
    assert (finding.level, "backup" in finding.mend) == ("bad", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look at another user's folder")
def test_root_looking_at_a_services_folder_changes_nothing(healthy: Settings) -> None:
    healthy.postgres_folder.mkdir()
    (healthy.postgres_folder / "PG_VERSION").write_text("18")
    paths = [healthy.data, *healthy.data.rglob("*")]
    for path in paths:
        os.chown(path, 65534, 65534)
    finding = found(replace(healthy, external_database_url=""), "belongs to nobody")
    assert "as that user" in finding.mend
    FolderLock(healthy.data).release()
    assert {path.stat().st_uid for path in healthy.data.rglob("*")} == {65534}


def test_a_variable_that_is_no_setting(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEED_PROT", "8000")
    assert found(healthy, "HEED_PROT is no setting").level == "warn"


def test_an_address_for_people_that_is_refused_to_them(healthy: Settings) -> None:
    theirs = replace(healthy, public_url="https://heed.example.com:8443", allowed_hosts=["other.example.com"])
    finding = found(theirs, "heed.example.com, is not in HEED_ALLOWED_HOSTS")
    assert (finding.level, "Add heed.example.com" in finding.mend) == ("warn", True)
    for hosts in (["*"], [".example.com"], ["Heed.example.com"]):
        theirs = replace(healthy, public_url="https://heed.example.com", allowed_hosts=hosts)
        assert not [each for each in examine(theirs) if "HEED_ALLOWED_HOSTS" in each.text]


@pytest.mark.parametrize(
    "host", ["https://heed.example.com", "heed.example.com/", "heed.example.com:443", "[::1]:80"]
)
def test_a_host_that_is_an_address(host: str) -> None:
    with pytest.raises(SettingsError, match="write host names without https://"):
        read({"HEED_ALLOWED_HOSTS": f"localhost,{host}"})


@pytest.mark.parametrize("host", ["*", ".example.com", "10.0.0.1", "[::1]", "fe80::11:2"])
def test_hosts_that_are_taken(host: str) -> None:
    assert read({"HEED_ALLOWED_HOSTS": host}).allowed_hosts == [host]


@pytest.mark.parametrize("variable", [{"HEED_PORT": "99999"}, {"HEED_ENGINES": "0"}])
def test_a_number_that_cannot_be(variable: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="it can be 1 to"):
        read(variable)


@pytest.mark.parametrize("key", [None, "nothex"])
@pytest.mark.parametrize("command", [["serve"], ["demo"], ["keys", "create", "shop", "--scope", "write"]])
def test_heed_does_not_start_with_a_new_key_beside_old_data(
    tmp_path: Path, key: str | None, command: list[str]
) -> None:
    (tmp_path / "lake" / "events" / "_delta_log").mkdir(parents=True)
    if key:
        (tmp_path / "master.key").write_text(key)
    done = heed(tmp_path, *command, "--data", str(tmp_path))
    assert done.returncode == 1
    assert "Put" in said(done)
    assert "from your backup" in said(done)
    assert (tmp_path / "master.key").exists() is bool(key)


def test_a_master_key_others_can_read(healthy: Settings) -> None:
    (healthy.data / "master.key").chmod(0o644)
    finding = found(healthy, "Others can read")
    assert (finding.level, "chmod 600" in finding.mend) == ("warn", True)


def test_a_database_that_was_never_prepared(healthy: Settings, empty_database: str) -> None:
    shutil.rmtree(healthy.lake_folder)
    finding = found(replace(healthy, external_database_url=empty_database), "has not been prepared")
    assert (finding.level, "heed serve" in finding.mend) == ("bad", True)


def test_an_empty_database_beside_a_lake(healthy: Settings, empty_database: str) -> None:
    finding = found(replace(healthy, external_database_url=empty_database), "The database is empty")
    assert (finding.level, "names the right database" in finding.mend) == ("bad", True)


def test_a_lake_that_cannot_be_read(healthy: Settings) -> None:
    for path in (healthy.lake_folder / "events" / "_delta_log").glob("*.json"):
        path.write_text("{ nothing of the kind")
    finding = found(healthy, "cannot be read")
    assert (finding.level, "backup" in finding.mend) == ("bad", True)


def test_a_lake_that_is_newer_than_the_database(healthy: Settings) -> None:
    DeltaLake(healthy.lake_folder).append(SCHEMA.empty_table(), WRITER, 9)
    finding = found(healthy, "not of the same moment")
    assert (finding.level, "same backup" in finding.mend) == ("bad", True)
    done = _keys(healthy)
    assert done.returncode == 1
    assert "not of the same moment" in said(done)


def test_a_lake_that_is_lost_for_good_is_begun_anew_where_somebody_says_so(healthy: Settings) -> None:
    run(healthy, "update lake_append set number = 5")
    shutil.rmtree(healthy.lake_folder)
    assert _keys(healthy).returncode == 1
    healthy.lake_folder.mkdir()
    (healthy.lake_folder / "begin-anew").touch()
    assert _keys(healthy).returncode == 0
    assert not (healthy.lake_folder / "begin-anew").exists()
    assert DeltaLake(healthy.lake_folder).version(WRITER) == 5
    assert _keys(healthy).returncode == 0, "and from then on it is a lake as any other"


def _keys(settings: Settings) -> subprocess.CompletedProcess[str]:
    return heed(
        settings.data.parent,
        *("keys", "create", "shop", "--scope", "write", "--data", str(settings.data)),
        HEED_DATABASE_URL=settings.external_database_url,
    )


@pytest.mark.parametrize("lost", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-9])])
def test_a_file_of_the_lake_that_is_lost_or_cut_is_named(
    healthy: Settings, lost: Callable[[Path], object]
) -> None:
    put(DeltaLake(healthy.lake_folder), [{"name": "Seen", "occurred": datetime(2026, 1, 1, tzinfo=UTC)}])
    (file,) = (healthy.lake_folder / "events").glob("*/*.parquet")
    lost(file)
    finding = found(healthy, "The lake has lost its file")
    assert file.name in finding.text
    assert f"lake/events/{file.parent.name}/{file.name}" in finding.mend


def test_a_lake_that_has_lost_its_log_is_not_begun_anew(healthy: Settings) -> None:
    put(DeltaLake(healthy.lake_folder), [{"name": "Seen", "occurred": datetime(2026, 1, 1, tzinfo=UTC)}])
    shutil.rmtree(healthy.lake_folder / "events" / "_delta_log")
    finding = found(healthy, "has lost its log")
    assert "begin-anew" not in finding.mend
    assert "has lost its log" in said(_keys(healthy))


def test_an_engine_that_had_nothing_to_do_stands_not_still(healthy: Settings) -> None:
    run(healthy, "insert into ledger_head (lane, seq) values (0, 3) on conflict (lane) do update set seq = 3")
    run(healthy, "insert into ledger (lane, part, seq, count, body) values (0, 0, 3, 1, '')")
    run(
        healthy,
        "insert into carry_position (lane, part, seq, carried_at) values (0, 0, 2, now() - interval '1 hour')",
    )
    assert found(healthy, "1 event behind").level == "ok"


def test_an_engine_that_stands_still(healthy: Settings) -> None:
    run(healthy, "update ledger_head set seq = 7 where lane = 0")
    run(
        healthy,
        "insert into carry_position (lane, part, seq, carried_at) values (0, 0, 2, now() - interval '1 hour')",
    )
    finding = found(healthy, "has carried nothing for 60 minutes, with 5 events waiting")
    assert (finding.level, "engine" in finding.mend) == ("bad", True)


def test_an_engine_that_is_far_behind(healthy: Settings) -> None:
    run(healthy, "update ledger_head set seq = 50000 where lane = 0")
    run(healthy, "insert into carry_position (lane, part, seq, carried_at) values (0, 0, 2, now())")
    assert found(healthy, "49,998 events behind").level == "warn"


def test_nobody_can_sign_in_and_nothing_may_send(healthy: Settings) -> None:
    assert "heed user create" in found(healthy, "Nobody can sign in as owner").mend
    assert "heed keys create" in found(healthy, "No source may send events yet").mend


def test_a_disk_nearly_full(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12, 10**8))
    finding = found(healthy, "95 MB are free")
    assert (finding.level, "503" in finding.mend) == ("bad", True)
    assert found(healthy, "Nobody can sign in as owner"), "and what else is wrong is said too"


def test_clocks_that_differ(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = findings.system_clock
    monkeypatch.setattr(findings, "system_clock", lambda: clock() + 90_000)
    finding = found(healthy, "differ by 90 s")
    assert (finding.level, "time server" in finding.mend) == ("warn", True)


def test_a_setting_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "heed.toml").write_text("prot = 8000\n")
    done = heed(tmp_path, "doctor")
    assert done.returncode == 2
    assert "there is no setting 'prot'" in said(done)


def test_the_command_ends_with_1_where_something_is_bad(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    done = heed(tmp_path, "doctor", "--data", "data")
    assert done.returncode == 1
    assert "To do:" in said(done)
