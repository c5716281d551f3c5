"""What each process of Heed does: web, front, pages, engine, worker, and preparing the database.

A process ends when its supervisor does, and on SIGTERM once what it has in hand is safe.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from typing import cast

from heed import settings as heed_settings
from heed import wiring
from heed.run import logs
from heed.run.stopping import Stopping

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Be the process named by the first argument."""
    role = sys.argv[1]
    settings = heed_settings.load()
    logs.configure(settings.log_level, role)
    if parent := os.environ.get("HEED_SUPERVISOR_PID"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):
            return
    {
        "web": lambda: serve_web(with_pages=True),
        "front": lambda: serve_web(with_pages=False),
        "pages": serve_pages,
        "engine": run_engine,
        "worker": run_worker,
        "prepare": wiring.prepare,
        "prepare-demo": prepare_demo,
        "demo": run_demo,
    }[role]()


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

    asyncio.run(serve())


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


def prepare_demo() -> None:
    wiring.prepare()
    from heed.demo.setup import prepare_demo as prepare

    prepare(heed_settings.load().data)


def run_demo() -> None:
    from heed.demo.driver import Driver

    settings = heed_settings.load()
    kept = json.loads((settings.data / "demo.json").read_text())
    stopping = Stopping()
    Driver(f"http://127.0.0.1:{settings.port}", kept, settings.data).run(stopping)


def run_worker() -> None:
    wiring.set_up_django()
    wiring.engines()
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    async def work() -> None:
        connector = cast(DjangoConnector, app.connector)
        own = app.with_connector(connector.get_worker_connector())
        async with own.open_async():
            await own.run_worker_async(
                concurrency=2,
                install_signal_handlers=True,
                delete_jobs="successful",
                fetch_job_polling_interval=5,
            )

    asyncio.run(work())
