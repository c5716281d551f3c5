"""Ending on a signal."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import threading


class Stopping(threading.Event):
    """Set by SIGTERM or SIGINT; made in the main thread, never cleared.

    A signal's handler runs in the middle of whatever the main thread does, `wait` and another handler's `set`
    included, and there an Event would wait for its own lock for ever. A socket has none.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = False
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.set())

    def set(self) -> None:
        self._told = True
        with contextlib.suppress(BlockingIOError):
            self._writer.send(b".")

    def is_set(self) -> bool:
        return self._told

    def wait(self, timeout: float | None = None) -> bool:
        if not self._told:
            select.select([self._reader], [], [], timeout)
        return self._told
