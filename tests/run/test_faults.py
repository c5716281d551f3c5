"""Whatever breaks: what was answered 200 is in the lake and folded exactly once."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.killing import kill_at_random
from tests.serving import Server, eventually, serving

KILLS = int(os.environ.get("HEED_TEST_KILLS", "50"))


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    yield from serving(tmp_path / "data")


@pytest.mark.parametrize("engines", ["1", "2"])
def test_killed_processes_lose_and_double_nothing(tmp_path: Path, engines: str) -> None:
    for server in serving(tmp_path / "data", HEED_ENGINES=engines):
        outcome = kill_at_random(server, KILLS // 2, seed=5 + int(engines))
        assert outcome.answered > 300
        assert (outcome.lost, outcome.doubled) == (0, 0)
        assert outcome.folded == outcome.in_lake


def test_it_stops_cleanly_and_a_second_one_is_told_to_wait(own_server: Server) -> None:
    second = own_server.heed("serve", check=False)
    assert second.returncode == 1
    assert "in use by another Heed" in " ".join(second.stderr.split())
    postgres = own_server.children("postgres")
    assert postgres
    assert own_server.stop() == 0
    assert not any(each.is_running() for each in postgres)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with little room, for tests that fill it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=320m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("NO MOUNT: filling a disk needs a disk of its own, and root to make one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=False)


def test_a_full_disk_is_answered_503_and_nothing_is_lost_once_there_is_room(small_disk: Path) -> None:
    for server in serving(small_disk / "data"):
        key = server.heed("keys", "create", "full", "--scope", "write").stdout.strip()
        answered: list[str] = []

        def send(number: int, server: Server = server, key: str = key, answered: list[str] = answered) -> int:
            calls = [
                {"type": "track", "event": "A", "userId": f"u{number}", "messageId": f"m{number}-{n}",
                 "properties": {"filling": "x" * 4_000}}
                for n in range(50)
            ]  # fmt: skip
            try:
                found = httpx.post(
                    f"{server.url}/v1/batch", auth=(key, ""), json={"batch": calls}, timeout=30
                )
            except httpx.TransportError:
                return 0
            if found.status_code == 200:
                answered.extend(str(each["messageId"]) for each in calls)
            else:
                assert found.headers.get("retry-after")
            return found.status_code

        assert send(0) == 200
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(b"x" * 1_000_000)
                    file.flush()
            except OSError:
                pass
        assert shutil.disk_usage(small_disk).free < 2_000_000
        statuses = []
        for number in range(1, 60):
            statuses.append(send(number))
            if statuses.count(503) >= 3:
                break
            threading.Event().wait(0.1)
        assert 503 in statuses
        assert set(statuses) <= {0, 200, 503}
        ballast.unlink()
        eventually(lambda: send(1_000) == 200)
        server.await_ready()
        server.await_carried(120)
        rows = server.lake("select message_id, count(*) as n from events group by 1")
        assert set(answered) - {row["message_id"] for row in rows} == set()
        assert all(row["n"] == 1 for row in rows)
