"""A real `heed serve` in processes of its own, for tests that need what a person would run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from heed import settings

HEED = str(Path(sys.executable).with_name("heed"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`heed serve` over one data folder; `heed(...)` runs other commands on the same folder."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HEED_")},
            "HEED_DATA": str(data),
            "HEED_PORT": str(self.port),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def heed(self, *arguments: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [HEED, *arguments], env=self.environment, input=text, capture_output=True, text=True,
            timeout=300, check=check,
        )  # fmt: skip

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [HEED, "serve"], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.await_ready()

    def await_ready(self, seconds: float = 150) -> None:
        def ready() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()[-3_000:]
            try:
                return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
            except httpx.TransportError:
                return False

        eventually(ready, seconds)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(60)
        self.process = None
        return code

    def children(self, role: str) -> list[psutil.Process]:
        """The supervisor's children of a role (web, engine, worker), or "postgres"."""
        assert self.process is not None
        found = []
        for child in psutil.Process(self.process.pid).children():
            try:
                if child.name() in {f"heed-{role}", role}:
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def kill(self, role: str) -> None:
        for child in self.children(role):
            child.send_signal(signal.SIGKILL)

    def connect(self) -> psycopg.Connection[Any]:
        address = settings.read(self.environment).database_url
        return psycopg.connect(address, autocommit=True, connect_timeout=5)

    def behind(self) -> int:
        """Events accepted and not carried, or on their way to the lake."""
        with self.connect() as connection:
            row = connection.execute(
                "select (select sum(seq) from ledger_head) - (select coalesce(sum(seq), 0) from carry_progress)"
                " + (select coalesce(sum(count), 0) from lake_outbox)"
            ).fetchone()
        return int(row[0]) if row else 0

    def await_carried(self, seconds: float = 150) -> None:
        def carried() -> bool:
            try:
                return self.behind() == 0
            except psycopg.OperationalError:
                return False

        eventually(carried, seconds)

    def lake(self, query: str) -> list[dict[str, Any]]:
        from heed.engines.deltalake.lake import DeltaLake

        rows: list[dict[str, Any]] = DeltaLake(self.data / "lake").sql(query).to_pylist()
        return rows

    def destroy(self) -> None:
        if self.process is not None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.process.kill()


def eventually(happens: Any, seconds: float = 120) -> None:
    """Wait until `happens()` is true; what is waited for is another process, so there is no clock to set.

    A busy machine may keep that process waiting: how long it takes is for `bench/`.
    """
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, f"{happens} did not come true in {seconds} s"
        time.sleep(0.05)


def serving(data: Path, **environment: str) -> Iterator[Server]:
    server = Server(data, **environment)
    try:
        server.start()
        yield server
    finally:
        server.destroy()
