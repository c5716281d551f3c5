"""The embedded PostgreSQL starts on what an earlier one left, and leaves what is not its own alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take a folder from its user")
def test_root_takes_no_folder_from_its_user(server: EmbeddedServer) -> None:
    server.stop()
    os.chown(server.folder, 12345, 12345)
    with pytest.raises(ServerError, match="belongs to user 12345"):
        server.start()
    assert server.folder.stat().st_uid == 12345
