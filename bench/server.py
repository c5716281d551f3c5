"""A real `heed serve` that knows many customers, for the benchmarks that ask it over HTTP."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from bench.common import folder

HEED = str(Path(sys.executable).with_name("heed"))
ORDERS = 200_000
"""How many are imported while something else is measured."""
_MAPPING = """
source = "Bench"
time = "{at}"
[event]
type = "track"
event = "Order Completed"
userId = "{who}"
[event.properties]
order_id = "{order}"
value = { money = "{value}" }
currency = "EUR"
"""


@dataclass
class Server:
    """A running Heed; `customers` are those it knows, `customer-0` and so on."""

    url: str
    key: str
    dsn: str
    path: Path
    environment: dict[str, str]
    customers: int
    process: subprocess.Popen[bytes]

    def behind(self) -> int:
        """How many events are accepted and not carried."""
        with psycopg.connect(self.dsn) as database:
            row = database.execute(
                "select sum(head.seq - coalesce(done.seq, 0)) from ledger_head as head"
                " left join carry_progress as done using (lane)"
            ).fetchone()
        return int(row[0]) if row else 0

    def know(self) -> None:
        """Make the customers known, by an order of each."""
        self._import(range(self.customers), [f"customer-{n}" for n in range(self.customers)]).wait(600)
        until(lambda: not self.behind())

    @contextlib.contextmanager
    def importing(self, first: int) -> Iterator[None]:
        """While `heed import` reads a file of `ORDERS` orders, numbered from `first` on, as fast as it can, and
        they are carried; all of them are when it ends."""
        chance = random.Random(9)
        orders = range(first, first + ORDERS)
        importing = self._import(orders, [f"customer-{chance.randrange(self.customers)}" for _ in orders])
        until(lambda: self.behind() > 2_000)
        yield
        if not self.behind():
            raise RuntimeError("the import was over before the measurement")
        importing.wait(300)
        until(lambda: not self.behind())

    def _import(self, orders: range, people: list[str]) -> subprocess.Popen[bytes]:
        file, mapping = self.path / f"orders-{orders.start}-{len(orders)}.csv", self.path / "map.toml"
        rows = (
            f"{who},o{n},{n * 7919 % 9000 / 100:.2f},2026-01-05T10:00:00\n"
            for n, who in zip(orders, people, strict=True)
        )
        file.write_text("who,order,value,at\n" + "".join(rows))
        mapping.write_text(_MAPPING)
        return subprocess.Popen(
            [HEED, "import", str(file), "--map", str(mapping)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def serving(customers: int, **settings: str) -> Iterator[Server]:
    """Heed with a data folder of its own, as it starts by itself but for the `settings`; nobody is known yet."""
    with folder() as path, (path / "log").open("wb") as log:
        url = f"http://127.0.0.1:{free_port()}"
        environment = {
            **os.environ,
            "HEED_PORT": url.rsplit(":", 1)[1],
            "HEED_LOG_LEVEL": "error",
            "PYTHONWARNINGS": "ignore",
            **settings,
        }
        process = subprocess.Popen([HEED, "serve"], env=environment, stdout=log, stderr=log)
        try:
            until(lambda: answers(f"{url}/readyz"))
            key = subprocess.run(
                [HEED, "keys", "create", "bench", "--scope", "write"],
                env=environment, capture_output=True, text=True, check=True,
            ).stdout.strip()  # fmt: skip
            dsn = f"postgresql://postgres@/heed?host={path / 'data' / 'run'}"
            yield Server(url, key, dsn, path, environment, customers, process)
        finally:
            process.terminate()
            process.wait(60)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=1).status_code == 200
    except httpx.TransportError:
        return False


def until(holds: Callable[[], bool]) -> None:
    """Wait till it holds; raises RuntimeError after ten minutes."""
    for _ in range(6_000):
        if holds():
            return
        time.sleep(0.1)
    raise RuntimeError("it never came")
