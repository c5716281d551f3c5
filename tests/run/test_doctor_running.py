"""`heed doctor` on a Heed that runs and does not do all it should."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import psycopg
import pytest

from heed.run.doctor import examine
from heed.run.lock import FolderLock, up_for
from heed.settings import Settings
from tests.run.test_doctor import found, healthy, run
from tests.serving import Server

__all__ = ["healthy"]


@pytest.fixture
def lock(healthy: Settings) -> Iterator[FolderLock]:
    """The folder is held as by a Heed that runs."""
    lock = FolderLock(healthy.data)
    yield lock
    lock.release()


def since(lock: FolderLock, seconds: float) -> None:
    os.utime(lock.path, (time.time() - seconds,) * 2)


def test_a_heed_that_runs_and_does_not_answer(healthy: Settings, lock: FolderLock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lock.serves(f"http://127.0.0.1:{silent.getsockname()[1]}")
        finding = found(healthy, "does not answer at http://127.0.0.1")
    assert (finding.level, "start it again" in finding.mend) == ("bad", True)


def test_a_heed_whose_web_process_does_not_come_up(healthy: Settings, lock: FolderLock) -> None:
    lock.begins()
    assert not [each for each in examine(healthy) if "web process" in each.text], "it is just coming up"
    since(lock, 20)
    finding = found(healthy, "its web process has not come up for 20 seconds")
    assert (finding.level, "start it again" in finding.mend) == ("bad", True)


def test_a_command_that_holds_the_folder_serves_nobody(healthy: Settings, lock: FolderLock) -> None:
    since(lock, 3_600)
    assert [each.text for each in examine(healthy) if each.level == "bad"] == []


def test_a_heed_that_serves_says_since_when(server: Server) -> None:
    assert up_for(server.data) > 0


def test_a_worker_that_is_frozen(healthy: Settings, lock: FolderLock) -> None:
    lock.begins()
    since(lock, 400)
    run(healthy, "insert into procrastinate_workers (last_heartbeat) values (now() - interval '5 minutes')")
    finding = found(healthy, "The worker has given no sign of life for 5 minutes")
    assert (finding.level, "half a minute" in finding.mend) == ("bad", True)
    run(healthy, "insert into procrastinate_workers (last_heartbeat) values (now())")
    assert not [each for each in examine(healthy) if "worker" in each.text]


def test_jobs_that_are_overdue(healthy: Settings, lock: FolderLock) -> None:
    lock.begins()
    since(lock, 400)
    run(healthy, "insert into procrastinate_workers (last_heartbeat) values (now())")
    job = "insert into procrastinate_jobs (queue_name, task_name, lock, status, scheduled_at) values ('default', 'x', 'l', "
    run(healthy, f"{job} 'todo', now() + interval '1 hour')")
    assert not [each for each in examine(healthy) if "late" in each.text]
    run(healthy, f"{job} 'todo', now() - interval '10 minutes')")
    finding = found(healthy, "The worker is late with 1 job, up to 10 minutes")
    assert (finding.level, "start it again" in finding.mend) == ("warn", True)
    run(healthy, f"{job} 'doing', null)")
    assert not [each for each in examine(healthy) if "late" in each.text], "it waits for the one before it"


def test_a_job_that_nobody_gave_a_time_is_due_when_it_was_made(healthy: Settings, lock: FolderLock) -> None:
    lock.begins()
    since(lock, 400)
    run(healthy, "insert into procrastinate_workers (last_heartbeat) values (now())")
    run(healthy, "insert into procrastinate_jobs (queue_name, task_name) values ('default', 'x')")
    assert not [each for each in examine(healthy) if "late" in each.text]
    run(healthy, "update procrastinate_events set at = now() - interval '10 minutes'")
    assert found(healthy, "The worker is late with 1 job").level == "warn"


def test_a_scheduled_file_that_was_not_made(healthy: Settings) -> None:
    with psycopg.connect(healthy.external_database_url, autocommit=True) as connection:
        connection.execute(
            "insert into segment_schedule (segment, kind, every, hour, due_at, failed, created_by)"
            " values ('regulars', 'csv', 'day', 4, now(), 'The file could not be written: No space left', '')"
        )
    finding = found(healthy, "'regulars' was not made. The file could not be written: No space left.")
    assert (finding.level, "Segments → regulars" in finding.mend) == ("warn", True)


def test_a_webhook_that_turned_deliveries_away(healthy: Settings) -> None:
    run(
        healthy,
        "insert into source (id, name, kind, key_hash, key_prefix, created_at, created_by)"
        " values ('s1', 'Shop', 'server', '', '', now(), '')",
    )
    run(
        healthy,
        "insert into hook_refusal (source, day, reason, count, last_at) values"
        " ('s1', current_date, 'wrong_signature', 3, now()), ('s1', current_date - 9, 'no_signature', 1, now() - interval '9 days')",
    )
    finding = found(healthy, "'Shop' turned 3 deliveries away lately")
    assert (finding.level, "Sources → Shop" in finding.mend) == ("warn", True)
