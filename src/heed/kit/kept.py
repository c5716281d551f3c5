"""Answers of costly questions, kept for a while and asked for by one thread at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Kept(Generic[Found]):
    """The answer of a costly question, kept `seconds`, or twenty times as long as asking took if longer.

    While one thread asks again the others get the answer there is, so that many open pages cost one query.
    """

    def __init__(self, ask: Callable[[], Found], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._answer: tuple[Found] | None = None
        self._until = 0.0

    def get(self) -> Found:
        answer = self._answer
        if answer and time.monotonic() < self._until:
            return answer[0]
        if not self._lock.acquire(blocking=answer is None):
            assert answer is not None  # noqa: S101  a lock that was not waited for means there was one
            return answer[0]
        try:
            if self._answer and time.monotonic() < self._until:
                return self._answer[0]
            start = time.monotonic()
            found = self._ask()
            now = time.monotonic()
            self._answer, self._until = (found,), now + max(self._seconds, 20 * (now - start))
            return found
        finally:
            self._lock.release()

    def forget(self) -> None:
        self._answer = None
