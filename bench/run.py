"""Run the benchmarks and write bench/RESULTS.md.

python bench/run.py [carry|served|segments|preview|mood|text|value|identity]
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import carry, identity, mood, preview, segments, served, text, value
from bench.common import Line, middle, pace

HERE = Path(__file__).parent
EVERYTHING = ["carry", "served", "segments", "preview", "mood", "text", "value", "identity"]
PAGE = HERE / "RESULTS.md"
_HEAD = f"""# Measured

Each figure stands beside a limit or a peer; limits are measured in the same run, peers were measured elsewhere on a
machine of this size. Timings on shared machines are noisy: the ratio says more than the figure. `make bench` makes
this page anew, `make bench ARGS=carry` only the lines about carrying; the load generator runs on the same cores as
Heed. Machine: {os.cpu_count()} cores, Python {platform.python_version()}; the last column has the day, the load before
the run and how long a fixed loop and a walk through memory take at both its ends, in the middle: the loop took 0.6 ms on the
fastest machine there was and 3.7 ms on one that others used; the walk tells of memory, on which carrying depends more. The
floors are asked of 50,000 customers.

| question | result | limit or peer | ratio | first floor | when |
|---|---|---|---|---|---|
"""


def _apart(run: Callable[..., list[Line]], *given: int) -> list[Line]:
    """In a process of its own: Django is bound to the first database it meets."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(run, *given).result()


def main() -> None:
    wanted = sys.argv[1:] or EVERYTHING
    before, paces = os.getloadavg()[0], [pace()]
    lines: list[Line] = []
    if "carry" in wanted:
        lines += _apart(carry.run)
        lines += _apart(carry.run, 500_000, 20_000)
    if "served" in wanted:
        lines += served.run()
        lines += served.run(10 * served.CUSTOMERS)
    if "segments" in wanted:
        lines += _apart(segments.live)
        lines += _apart(segments.backfill, *(int(each) for each in wanted if each.isdigit()))
    if "preview" in wanted:
        lines += preview.run()
        lines += preview.run(10_000)
    if "mood" in wanted:
        lines += _apart(mood.run)
    if "text" in wanted:
        lines += _apart(text.run)
    if "value" in wanted:
        lines += _apart(value.run)
        lines += _apart(value.lake, *(int(each) for each in wanted if each.isdigit()))
    if "identity" in wanted and identity.DATA.is_dir():
        lines += _apart(identity.run)
    paces.append(pace())
    loop, walk = (middle([each for found in kind for each in found]) for kind in zip(*paces, strict=True))
    when = f"{datetime.now(UTC):%d %B %Y}, load {before:.2f}, loop {loop:.1f} ms, walk {walk:.1f} ms"
    rows = {} if wanted == EVERYTHING else _rows_of(PAGE.read_text())
    for each in lines:
        rows[each.question] = (
            f"| {each.question} | {each.result} | {each.limit} | {each.ratio} | {each.floor} | {when} |"
        )
        print(f"{each.question}: {each.result}  [{each.limit}: {each.ratio}; floor {each.floor}]")
    PAGE.write_text(_HEAD + "\n".join(rows.values()) + "\n")


def _rows_of(page: str) -> dict[str, str]:
    """The table's rows by their question."""
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| question")]
    return {row.split(" | ")[0].removeprefix("| "): row for row in rows}


if __name__ == "__main__":
    main()
