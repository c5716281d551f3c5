"""Ending on a signal."""

from __future__ import annotations

import contextlib
import operator
import select
import signal
import socket
import threading


class Stopping(threading.Event):
    """Set by SIGTERM or SIGINT; made in the main thread, never cleared.

    A handler written in Python runs in the middle of whatever the main thread does. There an Event would wait for its
    own lock for ever, and any handler is interrupted by the next signal, until a thousand of them stand on one
    another. So the interpreter's own handler writes a byte to a socket, and what it calls afterwards, a function
    that does nothing with two arguments, runs no Python.
    """

    def __init__(self) -> None:
        super().__init__()
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, operator.is_)

    def set(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._writer.send(b".")

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> bool:
        return bool(select.select([self._reader], [], [], timeout)[0])
