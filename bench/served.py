"""Accept, freshness, decide and memory, asked of a real `heed serve` over HTTP that knows so many customers."""

from __future__ import annotations

import json
import random
import time

import psutil

from bench import accept, fresh
from bench.common import Line, call, p99, percentiles
from bench.hammer import paced
from bench.server import Server, serving

CUSTOMERS = 50_000


def run(customers: int = CUSTOMERS, seconds: float = 6.0) -> list[Line]:
    """Event → segment is asked of the smaller number only: what a hundred segments take to fill grows with it."""
    found: list[Line] = []
    if customers == CUSTOMERS:
        with serving(0, HEED_ENGINES="1") as server:
            found += _idle_memory(server, "nobody known, one engine")
    with serving(customers) as server:
        if customers == CUSTOMERS:
            found += _idle_memory(server, "nobody known")
        server.know()
        found += _idle_memory(server, f"{customers:,} customers just imported", floor="")
        found += _decide(server, seconds)
        found += fresh.profiles(server, seconds)
        if customers == CUSTOMERS:
            found += fresh.segments(server, seconds)
        found += accept.lines(server, seconds)
    if customers != CUSTOMERS:
        for line in found:
            line.floor = ""
    return found


def _idle_memory(server: Server, when: str, floor: str = "600 MB") -> list[Line]:
    """Of all processes together; before anything else of this installation runs, as what that shares would flatter."""
    time.sleep(5)
    top = psutil.Process(server.process.pid)
    total = 0
    for each in [top, *top.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:
            continue
    return [
        Line(f"memory idle, all processes, {when}", f"{total / 1e6:.0f} MB (PSS)", "Parcelvoy 465 MB",
             f"{total / 465e6:.2f}", floor),
    ]  # fmt: skip


def _decide(server: Server, seconds: float) -> list[Line]:
    """At 200 requests a second, waiting counted."""
    chance = random.Random(2)

    def who(number: int) -> dict[str, str]:
        return {"userId": f"customer-{number * 7919 % server.customers}", "placement": "home_banner"}

    def plain(_: int, number: int) -> bytes:
        return json.dumps(who(number)).encode()

    def inline(_: int, number: int) -> bytes:
        event = call(chance, number, 10)
        del event["userId"]
        return json.dumps({**who(number), "events": [event]}).encode()

    address = f"{server.url}/v1/decide"
    with accept.bare() as bare:
        asked, told, nothing = (
            paced(each, server.key, body, 200, seconds)
            for each, body in ((address, plain), (address, inline), (bare, plain))
        )
    known = f"{server.customers:,} customers"
    return [
        Line(f"decide at 200 requests/s, {known}", f"p50/95/99 {percentiles(asked)}",
             f"bare ASGI answer {percentiles(nothing)}", f"p99 {p99(asked) / p99(nothing):.1f}", "p99 15 ms"),
        Line(f"decide at 200 requests/s, an event in each, {known}", f"p50/95/99 {percentiles(told)}", "the same",
             f"p99 {p99(told) / p99(nothing):.1f}", "p99 15 ms"),
    ]  # fmt: skip
