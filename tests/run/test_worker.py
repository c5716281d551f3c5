"""Work that a killed worker had in hand is taken up, and its lock holds up nobody."""

from __future__ import annotations

import psutil

from tests.serving import Server, eventually


def test_what_a_killed_worker_had_in_hand_is_taken_up_after_it_is_started_again(server: Server) -> None:
    with server.connect() as connection:
        row = connection.execute(
            "insert into procrastinate_jobs (task_name, queue_name, status, lock, args)"
            " values ('heed.segments.jobs.count', 'default', 'doing', 'segments.count', '{\"timestamp\": 1}')"
            " returning id"
        ).fetchone()
        assert row is not None
        server.kill("worker")

        def done() -> bool:
            found = connection.execute(
                "select status from procrastinate_jobs where id = %s", [row[0]]
            ).fetchone()
            return found is None

        eventually(done)


def test_the_worker_stands_back_behind_whoever_answers_somebody(server: Server) -> None:
    assert server.process is not None
    top = psutil.Process(server.process.pid)
    behind = {each.name().removeprefix("heed-"): each.nice() - top.nice() for each in top.children()}
    assert (behind["web"], behind["engine"], behind["worker"]) == (0, 0, 10)
