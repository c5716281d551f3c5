"""What the logs promise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

WRITES = """
import structlog
from heed.run import logs

logs.configure("info", "web")
for _ in range(3):
    structlog.get_logger().warning("disk.full", free=0)
print("went on")
"""


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", WRITES], stdout=subprocess.PIPE, stderr=full, text=True, check=False
        )
    assert done.stdout == "went on\n"


REFUSES = """
import logging
from heed.run import logs

logs.configure("info", "web")
def save():
    try:
        {}["ada@example.org"]
    except KeyError as error:
        raise ValueError("Key (email)=(ada@example.org) already exists.") from error
try:
    save()
except ValueError:
    logging.getLogger("django.request").exception("Internal Server Error: /customers/")
"""


def test_an_error_is_told_with_its_kind_and_place_and_without_what_it_quotes() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSES], capture_output=True, text=True, check=True)
    assert all(part in done.stderr for part in ("Internal Server Error", "ValueError", "KeyError", "in save"))
    assert "ada@" not in done.stderr


DIES = """
import asyncio, gc, logging, sys, threading
from heed.run import logs, processes

def boom():
    raise ValueError("Key (email)=(ada@example.org) already exists.")

async def forget():
    async def task():
        boom()
    kept = asyncio.create_task(task())
    await asyncio.sleep(0.01)
    del kept
    gc.collect()

case = sys.argv[1]
if case == "process":
    processes._ROLES["engine"] = boom
    child = processes.begin("engine")
    child.join()
    sys.exit(child.exitcode)
logs.configure("info", "web")
if case == "thread":
    thread = threading.Thread(target=boom)
    thread.start()
    thread.join()
elif case == "task":
    asyncio.run(forget())
elif case == "circle":
    error = ValueError("ada@example.org")
    error.__cause__ = error
    logging.getLogger("x").error("x", exc_info=error)
else:
    boom()
"""


@pytest.mark.parametrize("case", ["process", "thread", "task", "circle", "command"])
def test_whatever_an_error_ends_its_text_stays_out_of_the_log(case: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES, case], capture_output=True, text=True, timeout=60, check=False
    )
    assert "ada@" not in done.stderr
    assert "exception was never retrieved" in done.stderr or "ValueError" in done.stderr
    assert done.returncode == (case in {"process", "command"})


FILLS_UP = """
import resource, signal
import structlog
from heed.run import logs

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
logs.configure("info", "web")
for number in range(40):
    if number == 10:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    if number == 30:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    structlog.get_logger().info("seen", number=number)
"""


TELLS_A_JOB = """
import logging
from heed.run import logs

logs.configure("info", "worker")
log = logging.getLogger("procrastinate.worker")
log.error("Job %s ended with status: Error", "fill_list[1](key='angry', by='ada@example.org (Ada)')", extra={"action": "x"})
"""


def test_a_job_is_told_without_what_it_was_given() -> None:
    done = subprocess.run([sys.executable, "-c", TELLS_A_JOB], capture_output=True, text=True, check=True)
    assert "Job fill_list[1] ended with status: Error" in done.stderr
    assert "ada@" not in done.stderr


def test_once_there_is_room_again_every_line_is_whole(tmp_path: Path) -> None:
    """A file that may not grow stands for the full disk."""
    with (tmp_path / "log").open("ab") as log:
        subprocess.run([sys.executable, "-c", FILLS_UP], stderr=log, check=True)
    lines = (tmp_path / "log").read_text().splitlines()
    whole = [json.loads(line)["number"] for line in lines if line.endswith("}")]
    assert whole[-10:] == list(range(30, 40))
    assert 0 < len(whole) < 40


def test_a_log_line_says_when_where_and_what() -> None:
    done = subprocess.run([sys.executable, "-c", WRITES], capture_output=True, text=True, check=True)
    first, *_ = done.stderr.splitlines()
    assert all(
        part in first for part in ('"event": "disk.full"', '"process": "web"', '"timestamp"', '"free": 0')
    )
