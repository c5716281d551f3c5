"""What the benchmarks share: an installation of their own, made-up but realistic events, and tables of results."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVENTS = (
    "Product Viewed",
    "Product Viewed",
    "Product Added",
    "Order Completed",
    "Order Shipped",
    "Message Received",
)
OPENINGS = ("Hello, ", "Good morning. ", "Dear team, ", "", "Hi there, order {order} again: ", "{order}: ")
MATTERS = (
    "where is my parcel? It was promised for Tuesday",
    "thank you so much, it is beautiful",
    "can I change the delivery address",
    "this is the third time I ask, I am really angry",
    "wo bleibt mein Paket, ich warte seit zwei Wochen",
    "merci beaucoup, le colis est arrivé hier",
    "the lid of jar {order} is broken and nobody answers the phone",
)
CLOSINGS = (".", "!", "?", ". Please call me on Monday.", ". Kind regards, Anna", "!!", ". Danke.")


@dataclass
class Line:
    """One result beside its limit or peer, measured in the same run."""

    question: str
    result: str
    limit: str
    ratio: str
    floor: str


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)]
    return " / ".join(f"{each * 1000:.1f}" for each in at) + " ms"


def p99(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A data folder on the disk, gone afterwards; HEED_ environment points at it."""
    path = Path(tempfile.mkdtemp(prefix="heed-bench-", dir=os.environ.get("BENCH_DIR")))
    os.environ["HEED_DATA"] = str(path / "data")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def call(chance: random.Random, number: int, customers: int) -> dict[str, Any]:
    """A tracking call such as a shop's server sends."""
    name = chance.choice(EVENTS)
    properties: dict[str, Any] = {"order_id": f"o{number}", "product_id": str(chance.randrange(500))}
    if name == "Message Received":
        said = chance.choice(OPENINGS) + chance.choice(MATTERS) + chance.choice(CLOSINGS)
        properties = {"text": said.format(order=f"o{number}"), "channel": "email"}
    elif name != "Order Shipped":
        properties |= {
            "price": 12.5,
            "value": round(chance.random() * 100, 2),
            "currency": "EUR",
            "name": "Mug",
        }
    return {
        "type": "track",
        "event": name,
        "messageId": f"bench-{number}-{chance.getrandbits(48):x}",
        "userId": f"customer-{chance.randrange(customers)}",
        "properties": properties,
        "context": {
            "ip": "203.0.113.9",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
            "timezone": "Europe/Stockholm",
            "page": {"url": "https://shop.example/p/42", "path": "/p/42", "title": "Mug"},
        },
    }


def middle(values: list[float]) -> float:
    return statistics.median(values)


def pace() -> tuple[list[float], list[float]]:
    """How long the machine takes just now for always the same: a loop, and a walk through memory, in ms.

    Shared machines halve the speed of either unseen.
    """
    chain = list(range(1_000_000))
    random.Random(1).shuffle(chain)
    loops, walks = [], []
    for _ in range(200):
        start, total = time.perf_counter(), 0
        for each in range(20_000):
            total += each * each % 7
        between = time.perf_counter()
        at = 0
        for _ in range(20_000):
            at = chain[at]
        loops.append(1_000 * (between - start))
        walks.append(1_000 * (time.perf_counter() - between))
        time.sleep(0.002)
    return loops, walks


def seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
