"""What reading a text costs: one alone, as a decision waits for it, and some hundred together, as the engine reads."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench.common import Line
from heed.sense.api import understand, understand_many

_SENTENCE = "My parcel {n} is five days late and nobody answers my emails, please help."
_MANY = 300


def run() -> list[Line]:
    texts = [_SENTENCE.format(n=n) for n in range(_MANY)]
    alone = _median(lambda: understand(texts[7]), 200)
    together = _median(lambda: understand_many(texts), 20) / _MANY
    return [
        Line(question, f"{took * 1e6:,.0f} µs a text", "1 ms a sentence", f"{took * 1e3:.2f}", "1 ms")
        for question, took in (
            ("reading one text alone", alone),
            (f"reading {_MANY} texts together", together),
        )
    ]


def _median(do: Callable[[], object], times: int) -> float:
    do()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        do()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)
