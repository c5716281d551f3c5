"""What the logs promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_a_log_line_says_when_where_and_what() -> None:
    done = subprocess.run([sys.executable, "-c", WRITES], capture_output=True, text=True, check=True)
    first, *_ = done.stderr.splitlines()
    assert all(
        part in first for part in ('"event": "disk.full"', '"process": "web"', '"timestamp"', '"free": 0')
    )
