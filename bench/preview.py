"""How many a rule means and who, as the builder of segments asks while somebody types, of a real `heed serve`."""

from __future__ import annotations

import subprocess
import time

import httpx

from bench.common import Line, percentiles
from bench.server import HEED, Server, serving

_KNOWN = 'order.count >= 1 and trait.plan = "gold" or order.revenue > 40'
_FLOOR = "1 s"


def run(customers: int = 100_000) -> list[Line]:
    """Rules of what every profile knows, and of what nobody has counted yet, so that the lake is asked."""
    with serving(customers) as server:
        server.know()
        with _asking(server) as ask:
            first = _took(ask, [_KNOWN])
            known = _took(ask, [f"{_KNOWN} and order.revenue < {100 + n}" for n in range(100)])
            counted = _took(
                ask,
                [
                    f'did "Order Completed" at least 1 times within {300 + n} days where value > {n}'
                    for n in range(60)
                ],
            )
    about = f"{customers:,} customers"
    return [
        Line(f"preview of a rule, the first of a while, {about}", f"{first[0] * 1000:.0f} ms", _FLOOR,
             f"{first[0]:.2f}", _FLOOR),
        Line(f"preview of a rule of what profiles know, {about}", f"p50/95/99 {percentiles(known)}", _FLOOR,
             f"slowest {max(known):.2f}", _FLOOR),
        Line(f"preview of a rule nobody has counted yet, {about}", f"p50/95/99 {percentiles(counted)}", _FLOOR,
             f"slowest {max(counted):.2f}", _FLOOR),
    ]  # fmt: skip


def _asking(server: Server) -> httpx.Client:
    key = subprocess.run(
        [HEED, "keys", "create", "preview", "--scope", "manage"],
        env=server.environment, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def _took(ask: httpx.Client, rules: list[str]) -> list[float]:
    took = []
    for rule in rules:
        started = time.perf_counter()
        answer = ask.post("/api/v1/segments/preview", json={"rule": rule})
        took.append(time.perf_counter() - started)
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} for {rule}: {answer.text[:200]}")
    return took
