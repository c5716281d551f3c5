"""What is wrong with the data folder: whose it is, what is on it, and which database is in it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from heed.engines.postgres.server import EmbeddedServer
from heed.run.rights import READ_ONLY, cannot_use
from heed.run.said import refused
from heed.settings import Settings
from tests.run.test_doctor import KEY, found, healthy
from tests.run.test_doctor_database import pattern, serve, up, whole

__all__ = ["healthy", "pattern", "up", "whole"]
_NOBODY = 65534

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")


@pytest.fixture
def data() -> Iterator[Path]:
    """Not under pytest's own folder, which others may not enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        data.mkdir(mode=0o755)
        os.chown(data, _NOBODY, _NOBODY)
        yield data


def as_nobody(data: Path, *words: str) -> str:
    """What a command says to somebody else than root."""
    # Loaded as root: the interpreter may lie in root's home.
    ask = (
        "import os, sys, rich.traceback; from heed import cli; from heed.run import demo, doctor, logs, supervisor;"
        " list(doctor._models()); os.setgid(65534); os.setuid(65534); cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask, *words, "--data", str(data)],
        env={**{k: v for k, v in os.environ.items() if not k.startswith("HEED_")}, "COLUMNS": "300"},
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return " ".join((done.stderr + done.stdout).split())


@only_root
@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_a_master_key_that_is_roots(data: Path, command: str) -> None:
    (data / "master.key").write_text(KEY)
    (data / "master.key").chmod(0o600)
    told = as_nobody(data, command)
    assert "it belongs to root" in told
    assert f"chown nobody {data / 'master.key'}" in told
    assert "Choose" not in told


@only_root
@pytest.mark.parametrize("command", ["doctor", "serve", "demo"])
def test_a_folder_that_is_roots(data: Path, command: str) -> None:
    os.chown(data, 0, 0)
    told = as_nobody(data, command)
    assert f"You may not use {data}: it belongs to root" in told
    assert f"chown -R nobody {data}" in told


@only_root
@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_a_folder_of_ones_own_that_is_closed(data: Path, command: str) -> None:
    data.chmod(0o000)
    assert f"chmod 700 {data}" in as_nobody(data, command)


def test_a_file_system_that_is_read_only(tmp_path: Path) -> None:
    told = cannot_use(OSError(30, "Read-only file system", str(tmp_path / "heed.lock")), tmp_path)
    assert told == READ_ONLY.format(tmp_path / "heed.lock")
    assert "Mount it" in refused(told).mend


def test_another_master_key_in_the_environment_than_in_the_folder(healthy: Settings) -> None:
    theirs = replace(healthy, master_key_text="ef" * 32)
    assert "Unset HEED_MASTER_KEY" in found(theirs, "master key is not the one").mend
    assert "Unset HEED_MASTER_KEY" in serve(healthy, HEED_MASTER_KEY="ef" * 32)


def test_a_database_of_an_earlier_postgresql(whole: Settings) -> None:
    (whole.postgres_folder / "PG_VERSION").write_text("15\n")
    finding = found(whole, "was made by PostgreSQL 15")
    assert (finding.level, "heed backup" in finding.mend) == ("bad", True)
    assert "Install the Heed you had before" in serve(whole)


def test_a_database_that_does_not_start_says_why_and_not_how_to_empty_it(
    whole: Settings, up: EmbeddedServer
) -> None:
    up.stop()
    for path in (up.folder / "pg_wal").iterdir():
        if path.is_file():
            path.unlink()
    finding = found(whole, "The embedded database does not start")
    assert "could not locate a valid checkpoint record" in finding.text
    assert "heed restore" in finding.mend
    told = serve(whole)
    assert "could not locate a valid checkpoint record" in told
    assert "HINT" not in told
    (up.folder / "global" / "pg_control").write_bytes(b"nothing")
    assert "initdb" not in serve(whole)
