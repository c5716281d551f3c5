"""Ends waits that take too long, with one timer for all of them.

A timer for each wait costs as much as reading a small request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

Found = TypeVar("Found")
EVERY = 0.5
"""Seconds between two looks: by so much a wait may last too long."""


class Overdue:
    """The waits of one process; each belongs to a task, which waits for one thing at a time."""

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[Any], float] = {}
        self._looking: asyncio.AbstractEventLoop | None = None

    async def wait(self, awaitable: Awaitable[Found], until: float) -> Found:
        """What it gives. Raises `TimeoutError` some time after `until` (`time.monotonic`)."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  whatever awaits is a task
        self._until[task], cancelled = until, task.cancelling()
        self._look_later(task.get_loop())
        try:
            return await awaitable
        except asyncio.CancelledError:
            if task in self._until or task.uncancel() > cancelled:
                raise
            raise TimeoutError from None
        finally:
            self._until.pop(task, None)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._looking is not loop:
            self._looking = loop
            loop.call_later(EVERY, self._look)

    def _look(self) -> None:
        now, loop, self._looking = time.monotonic(), self._looking, None
        for task in [task for task, until in self._until.items() if until < now]:
            del self._until[task]
            task.cancel()
        if self._until and loop is not None:
            self._look_later(loop)


overdue = Overdue()
