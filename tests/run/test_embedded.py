"""The embedded PostgreSQL starts on what an earlier one left, and leaves what is not its own alone."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from heed.engines.postgres.owner import Refused, claim_sockets
from heed.engines.postgres.server import EmbeddedServer, ServerError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "postgres", tmp_path / "run", tmp_path / "postgres.log", fsync=False)
    server.start()
    yield server
    server.destroy()


def test_a_number_left_behind_may_be_another_process_by_now(server: EmbeddedServer) -> None:
    signals: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: signals.append(number))
    try:
        pid_file = server.folder / "postmaster.pid"
        _, rest = pid_file.read_text().split("\n", 1)
        server.stop()
        pid_file.write_text(f"{os.getpid()}\n{rest}")
        server.start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert server.alive()
    assert not signals


@pytest.mark.skipif(os.geteuid() != 0, reason="only root owns what others cannot use")
def test_what_root_copied_into_place_is_started(server: EmbeddedServer) -> None:
    server.stop()
    for path in (server.folder, *server.folder.rglob("*")):
        os.chown(path, 0, 0)
    server.start()
    assert server.alive()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could give away what others made it follow")
@pytest.mark.parametrize("name", ["postgres", "run"])
def test_root_gives_away_nothing_a_link_leads_to(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).symlink_to(outside)
    data = tmp_path / "data"
    with pytest.raises(ServerError, match="is a link to another place"):
        EmbeddedServer(data / "postgres", data / "run", data / "postgres.log").start()
    assert (outside.stat().st_uid, (outside / "secret").stat().st_uid) == (0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link")
def test_a_link_in_the_folder_is_given_and_not_what_it_leads_to(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    server.stop()
    (tmp_path / "mine").touch()
    (server.folder / "link").symlink_to(tmp_path / "mine")
    server.start()
    assert (tmp_path / "mine").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take a folder from its user")
def test_root_takes_nothing_from_a_service_that_runs_as_nobody(server: EmbeddedServer) -> None:
    server.stop()
    nobody = pwd.getpwnam("nobody").pw_uid
    for path in (server.folder.parent, server.folder):
        os.chown(path, nobody, -1)
    with pytest.raises(ServerError, match="belongs to nobody"):
        server.start()


def test_nobody_else_enters_the_folder_of_the_socket(tmp_path: Path) -> None:
    sockets = tmp_path / "sockets"
    sockets.mkdir(mode=0o777)
    sockets.chmod(0o777)
    claim_sockets(sockets)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_a_folder_of_the_socket_that_somebody_else_made_first_is_refused(tmp_path: Path) -> None:
    sockets = tmp_path / "sockets"
    sockets.mkdir()
    os.chown(sockets, 12345, 12345)
    with pytest.raises(Refused, match="belongs to user 12345"):
        claim_sockets(sockets)


def test_a_server_left_behind_at_work_is_stopped_and_taken_over(server: EmbeddedServer) -> None:
    stopping = threading.Event()

    def work() -> None:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            while not stopping.is_set():
                connection.execute("create temp table t as select generate_series(1, 2000) as n")
                connection.execute("drop table t")

    def until_cut_off() -> None:
        with contextlib.suppress(psycopg.Error):
            work()

    busy = [threading.Thread(target=until_cut_off) for _ in range(3)]
    for each in busy:
        each.start()
    other = EmbeddedServer(server.folder, server.socket_folder, server.log, fsync=False)
    try:
        other.start()
        assert other.alive()
    finally:
        stopping.set()
        for each in busy:
            each.join()
        other.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take a folder from its user")
def test_root_takes_no_folder_from_its_user(server: EmbeddedServer) -> None:
    server.stop()
    os.chown(server.folder, 12345, 12345)
    with pytest.raises(ServerError, match="belongs to user 12345"):
        server.start()
    assert server.folder.stat().st_uid == 12345
