"""What each process of Heed does: web, front, pages, engine, worker, and preparing the database.

On Linux they are forked from the supervisor, which has loaded what they have in common; elsewhere each loads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast

import structlog
import uvloop

from heed import settings as heed_settings
from heed import wiring
from heed.run import logs
from heed.run.database import prepare
from heed.run.stopping import Stopping

_STOPS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_M_ARENA_MAX = -8
_TAKE_UP_EVERY = 30.0
_ORPHAN_GRACE = 30.0
_WORKER_NICENESS = 10
_FORKS = sys.platform == "linux"
_processes: Any = multiprocessing.get_context("fork" if _FORKS else "spawn")


def _end_with(supervisor: int) -> None:
    """End although busy, some time after a supervisor that was killed: nobody else would."""
    while os.getppid() == supervisor:
        time.sleep(1)
    time.sleep(_ORPHAN_GRACE)
    os._exit(1)


def load_once() -> None:
    """Load, before the first process begins, what all of them need: forked ones share its memory.

    Nothing loaded here may start a thread or open a connection: neither outlives a fork.
    """
    # Two heaps, not one for each thread: what one thread frees another can use.
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    wiring.load()


def begin(role: str) -> BaseProcess:
    """A new process that is `role`. It ends when this one does, and on SIGTERM once what it has is safe."""
    process: BaseProcess = _processes.Process(target=_be, args=(role, os.getpid()), name=role)
    # A signal to the new one waits until it is itself: before, it would be told as one to this process.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return process


def _be(role: str, supervisor: int) -> None:
    # Inherited, it tells the supervisor.
    signal.set_wakeup_fd(-1)
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    os.setsid()
    if _FORKS:
        system = ctypes.CDLL(None)
        system.prctl(_PR_SET_NAME, f"heed-{role}".encode())
        system.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            return
        threading.Thread(target=_end_with, args=(supervisor,), name="parent", daemon=True).start()
    logs.configure(heed_settings.load().log_level, role)
    try:
        _ROLES[role]()
    except Exception as error:
        # Left to multiprocessing it would be printed with its text.
        logs.tell_of(error)
        sys.exit(1)


def serve_web(with_pages: bool) -> None:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    settings = heed_settings.load()
    application = wiring.front(with_pages)

    async def serve() -> None:
        server = Server(
            application,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            log_enabled=False,
            log_access=False,
            backlog=1024,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        await server.serve()

    uvloop.run(serve())


def serve_pages() -> None:
    """The pages alone, on granian's own WSGI threads."""
    from granian import Granian
    from granian.constants import Interfaces

    settings = heed_settings.load()
    Granian(
        "heed.wiring:pages",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        blocking_threads=settings.page_threads,
    ).serve()


def run_engine() -> None:
    wiring.set_up_django()
    from heed.pipeline.engine import run_forever
    from heed.pipeline.lake_writer import LakeWriter

    settings = heed_settings.load()
    _, lake = wiring.engines()
    stopping = Stopping()
    writer = LakeWriter(settings.database_url, lake, settings.lake_flush_ms)
    writer.start()
    run_forever(wiring.make_engine, stopping)
    writer.stop()


def _prepare_demo() -> None:
    prepare()
    from heed.demo.setup import prepare_demo

    prepare_demo(heed_settings.load().data)


def run_demo() -> None:
    from heed.demo.driver import Driver

    settings = heed_settings.load()
    kept = json.loads((settings.data / "demo.json").read_text())
    stopping = Stopping()
    Driver(f"http://127.0.0.1:{settings.port}", kept, settings.data).run(stopping)


async def _take_up_what_stalled(app: Any) -> None:
    """Begin again, soon after the start and every minute, what a worker that was killed had in hand: its lock would
    otherwise hold up every later job of its kind."""
    log = structlog.get_logger()
    while True:
        try:
            for job in await app.job_manager.get_stalled_jobs():
                await app.job_manager.retry_job(job)
                log.warning("worker.taken_up", task=job.task_name)
        except Exception as error:
            log.warning("worker.not_taken_up", error=type(error).__name__)
        await asyncio.sleep(_TAKE_UP_EVERY)


def _stand_back() -> None:
    """Leave the processors to whoever answers somebody."""
    os.nice(_WORKER_NICENESS)
    # Linux may weigh sessions before it weighs processes, and this is one of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_WORKER_NICENESS))


def run_worker() -> None:
    _stand_back()
    wiring.set_up_django()
    wiring.engines()
    wiring.follow()
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    async def work() -> None:
        connector = cast(DjangoConnector, app.connector)
        own = app.with_connector(connector.get_worker_connector())
        async with own.open_async():
            healing = asyncio.create_task(_take_up_what_stalled(own))
            await own.run_worker_async(
                concurrency=2,
                install_signal_handlers=True,
                delete_jobs="successful",
                fetch_job_polling_interval=5,
            )
            healing.cancel()

    asyncio.run(work())


_ROLES: dict[str, Callable[[], object]] = {
    "web": lambda: serve_web(with_pages=True),
    "front": lambda: serve_web(with_pages=False),
    "pages": serve_pages,
    "engine": run_engine,
    "worker": run_worker,
    "prepare": prepare,
    "prepare-demo": _prepare_demo,
    "demo": run_demo,
}
