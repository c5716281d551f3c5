"""`/healthz`, `/readyz` and `/metrics` on the raw front."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg_pool import AsyncConnectionPool

from heed.govern.api import verify_key
from heed.kit.front import Request, Response, answer, problem, register_hot
from heed.kit.rate import WAIT, tries
from heed.ports.lag import LAG_QUERY


class Health:
    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool = pool
        self._strangers = tries()

    def register(self) -> None:
        register_hot("GET", "/healthz", self.alive)
        register_hot("GET", "/readyz", self.ready)
        register_hot("GET", "/metrics", self.metrics)

    async def alive(self, request: Request) -> Response:
        """The process answers; says nothing about what it needs."""
        return answer({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        try:
            async with self.pool.connection(timeout=2) as connection:
                await connection.execute("select 1 from carry_position limit 1")
        except Exception as error:
            return problem(503, "not_ready", "The database does not answer.", type(error).__name__, 2)
        return answer({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Prometheus text: how much is accepted, carried and waiting, by lane; nobody's data.

        For whoever asks on the machine itself, and for a manage key.
        """
        if not _on_this_machine(request) and not await _manages(request):
            if not self._strangers.take(request.address, time.monotonic()):
                return problem(
                    429, "too_many_tries", "Too many tries without a manage key from here.", "", WAIT
                )
            return problem(
                403,
                "not_allowed",
                "Ask on the machine itself, or with a key of scope manage as Bearer token.",
            )
        async with self.pool.connection(timeout=2) as connection:
            rows = await (await connection.execute(LAG_QUERY)).fetchall()
            letters = await (
                await connection.execute(
                    "select reason, count(*) from dead_letter"
                    " where resubmitted_at is null and discarded_at is null group by 1 order by 1"
                )
            ).fetchall()
        accepted = CounterMetricFamily(
            "heed_events_accepted", "Events accepted into the ledger.", labels=["lane"]
        )
        carried = CounterMetricFamily("heed_events_carried", "Events carried by the engine.", labels=["lane"])
        lag = GaugeMetricFamily("heed_lag_events", "Events accepted and not carried yet.", labels=["lane"])
        for row in rows:
            lane = [_LANES.get(row[0], str(row[0]))]
            accepted.add_metric(lane, row[1])
            carried.add_metric(lane, row[2])
            lag.add_metric(lane, row[1] - row[2])
        outbox = GaugeMetricFamily("heed_lake_outbox_rows", "Rows carried and not in the lake yet.")
        outbox.add_metric([], rows[0][3] if rows else 0)
        buried = GaugeMetricFamily(
            "heed_dead_letters", "Dead letters waiting for somebody.", labels=["reason"]
        )
        for reason, count in letters:
            buried.add_metric([reason], count)
        return Response(200, _exposed([accepted, carried, lag, outbox, buried]), _CONTENT_TYPE, ())


def _on_this_machine(request: Request) -> bool:
    """Not, where a proxy on this machine passes on what somebody else asks."""
    near = request.address == "::1" or request.address.startswith("127.")
    return near and not request.header(b"x-forwarded-for") and not request.header(b"forwarded")


async def _manages(request: Request) -> bool:
    scheme, secret = request.credentials()
    if scheme != "bearer" or not secret or len(secret) > 200:
        return False
    # Django's own connection, on a thread: it may not be waited for here.
    key = await asyncio.get_running_loop().run_in_executor(None, verify_key, secret)
    return key is not None and key.scope == "manage"


class _Fixed(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        return self.families


def _exposed(families: list[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Fixed(families))
    return generate_latest(registry)


_CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_LANES = {0: "live", 1: "bulk"}
