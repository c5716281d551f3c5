"""Waits end when they are overdue, and only then."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from heed.kit import overdue as module
from heed.kit.overdue import Overdue


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)


def run(coroutine: Any) -> Any:
    """On a thread of its own: a browser test before may have left a loop running on this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def test_what_never_comes_is_waited_for_until_then() -> None:
    own = Overdue()

    async def two() -> list[Any]:
        patient = asyncio.create_task(own.wait(asyncio.sleep(0.05, "came"), time.monotonic() + 60))
        hasty = asyncio.create_task(own.wait(asyncio.Event().wait(), time.monotonic()))
        found = await asyncio.gather(hasty, patient, return_exceptions=True)
        return [type(found[0]), found[1], hasty.cancelling(), len(own._until)]

    assert run(two()) == [TimeoutError, "came", 0, 0]
    assert run(two()) == [TimeoutError, "came", 0, 0]


def test_whoever_is_cancelled_by_others_is_cancelled() -> None:
    own = Overdue()

    async def cancelled() -> bool:
        task = asyncio.create_task(own.wait(asyncio.Event().wait(), time.monotonic() + 60))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled() and not own._until

    assert run(cancelled())


def test_a_cancellation_is_heard_also_in_the_moment_the_wait_is_overdue() -> None:
    own = Overdue()

    async def both() -> bool:
        task = asyncio.create_task(own.wait(asyncio.Event().wait(), time.monotonic() - 1))
        await asyncio.sleep(0)
        own._look()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert run(both())
