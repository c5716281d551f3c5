"""A process told to stop stops, however often and whenever it is told."""

from __future__ import annotations

import subprocess
import sys

TOLD_OFTEN = """
import os, subprocess, sys
from heed.run.stopping import Stopping

stopping = Stopping()
tell = f"import os; [os.kill({os.getpid()}, 15) for _ in range(1_000_000)]"
teller = subprocess.Popen([sys.executable, "-c", tell])
while teller.poll() is None:
    stopping.wait(0)
print(stopping.wait(60) and stopping.is_set())
"""


def test_signals_that_meet_do_not_hold_each_other_up() -> None:
    done = subprocess.run([sys.executable, "-c", TOLD_OFTEN], capture_output=True, text=True, timeout=120)
    assert done.stdout == "True\n", done.stderr


TOLD_AT_ONCE = """
import time
from heed.run import processes
from heed.run.stopping import Stopping

processes._ROLES["sleeper"] = lambda: time.sleep(600)
stopping = Stopping()
for _ in range(15):
    process = processes.begin("sleeper")
    process.terminate()
    process.join(60)
    assert process.exitcode == -15, process.exitcode
print(stopping.is_set())
"""


def test_a_process_told_to_stop_before_it_is_itself_stops_and_nobody_else_does() -> None:
    done = subprocess.run([sys.executable, "-c", TOLD_AT_ONCE], capture_output=True, text=True, timeout=300)
    assert done.stdout == "False\n", done.stderr
