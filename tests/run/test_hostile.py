"""A hundred thousand payloads nobody should send harm neither Heed nor what stands beside them."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from heed.profiles import api as profiles
from tests.hostile import Call, Hostile
from tests.serving import Server, serving

PAYLOADS = int(os.environ.get("HEED_TEST_HOSTILE", "100000"))
A_BATCH, GOOD, SINGLES = 200, 4, 0.03
SENDERS = 3
PEOPLE = 40
MOST_GROWTH, MOST_LATER_GROWTH = 300 * 1024 * 1024, 80 * 1024 * 1024
"""Of a process's memory: in all, and while the second half is sent, when all that is kept for speed is full."""


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    yield from serving(tmp_path / "data")


class Sender(threading.Thread):
    """Sends its share over one connection, a batch with good neighbours and then hostile requests, in turn."""

    def __init__(self, server: Server, keys: dict[str, str], number: int, share: int) -> None:
        super().__init__(daemon=True)
        self.server, self.keys, self.number, self.share = server, keys, number, share
        self.hostile = Hostile(seed=1_000 + number)
        self.statuses: Counter[int] = Counter()
        self.sent = self.hung_up = 0
        self.answered: list[str] = []
        self.failures: list[str] = []
        self.connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)

    def run(self) -> None:
        batch = 0
        while self.sent < self.share:
            batch += 1
            self._batch(batch)
            for _ in range(round(A_BATCH * SINGLES)):
                self._send(self.hostile.request())
                self.sent += 1

    def _batch(self, batch: int) -> None:
        events = [self.hostile.event() for _ in range(A_BATCH)]
        good = [f"good-{self.number}-{batch}-{place}" for place in range(GOOD)]
        for place, message_id in enumerate(good):
            who = f"g{(batch + place) % PEOPLE}"
            call = {"type": "track", "event": "Product Viewed", "userId": who, "messageId": message_id}
            events.insert(self.hostile.chance.randrange(len(events)), json.dumps(call))
        body = ('{"batch":[' + ",".join(events) + "]}").encode("utf-8", "surrogatepass")
        status = self._send(Call("POST", "/v1/batch", body))
        self.sent += A_BATCH
        if status == 200:
            self.answered += good
        else:
            self.failures.append(f"a batch of well-formed JSON was answered {status}")

    def _send(self, call: Call) -> int:
        headers = dict(call.headers)
        if call.key in self.keys:
            headers["Authorization"] = (
                "Basic " + base64.b64encode(f"{self.keys[call.key]}:".encode()).decode()
            )
        for _ in range(2):
            try:
                self.connection.request(call.method, call.path, call.body, headers)
                answer = self.connection.getresponse()
                if answer.headers.get_content_type() == "text/event-stream":
                    self.failures.append("a stranger may watch")
                told = answer.read()
                break
            except (http.client.HTTPException, ConnectionError):
                self.hung_up += 1
                self.connection.close()
                self.connection = self._connect()
        else:
            self.failures.append(f"no answer to {call.method} {call.path[:80]} {call.body[:300]!r}")
            return 0
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.failures.append(
                f"{answer.status} {told[:200]!r} to {call.method} {call.path[:80]} {call.body[:2000]!r}"
            )
        return answer.status


def _memory(server: Server) -> dict[str, int]:
    """Of the largest process of each role."""
    return {role: max(each.memory_info().rss for each in server.children(role)) for role in ("web", "engine")}


def _pids(server: Server) -> dict[str, list[int]]:
    return {
        role: [each.pid for each in server.children(role)] for role in ("web", "engine", "worker", "postgres")
    }


def test_no_payload_breaks_anything_or_costs_a_neighbour(own_server: Server) -> None:
    server = own_server
    keys = {
        "good": server.heed("keys", "create", "h", "--scope", "write").stdout.strip(),
        "website": server.heed("keys", "create", "w", "--scope", "write", "--kind", "website").stdout.strip(),
        "unknown": "heed_write_unknown",
    }
    processes, before = _pids(server), _memory(server)
    senders = [Sender(server, keys, number, PAYLOADS // SENDERS) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    most = halfway = dict(before)
    while any(sender.is_alive() for sender in senders):
        senders[0].join(0.5)
        with contextlib.suppress(OSError):
            most = {role: max(most[role], size) for role, size in _memory(server).items()}
        if sum(sender.sent for sender in senders) < PAYLOADS / 2:
            halfway = most
    failures = [failure for sender in senders for failure in sender.failures]
    assert not failures, "\n".join(failures[:20])
    assert sum(sender.sent for sender in senders) >= PAYLOADS - A_BATCH
    server.await_carried(90)
    most = {role: max(most[role], size) for role, size in _memory(server).items()}
    assert _pids(server) == processes, "a process died"
    told = server.log.read_text()
    for word in ("failed", "poisoned", "Traceback"):
        assert word not in told, told[told.index(word) - 1_500 :][:3_000]

    answered = [each for sender in senders for each in sender.answered]
    rows = server.lake(
        "select message_id, count(*) as n from events where message_id like 'good-%' group by 1"
    )
    assert {row["message_id"] for row in rows} == set(answered)
    assert all(row["n"] == 1 for row in rows)
    assert _folded(server) == len(answered)
    for role in before:
        assert most[role] - before[role] < MOST_GROWTH, (role, before, most)
        assert most[role] - halfway[role] < MOST_LATER_GROWTH, (role, halfway, most)
    statuses = sum((sender.statuses for sender in senders), Counter())
    print(
        {"statuses": statuses, "hung up": sum(s.hung_up for s in senders), "good": len(answered)},
        before,
        halfway,
        most,
    )


def _folded(server: Server) -> int:
    """What the profiles of the good people counted."""
    with server.connect() as connection:
        states = connection.execute(
            "select state from profile where user_id = any(%s)", [[f"g{number}" for number in range(PEOPLE)]]
        ).fetchall()
    return sum(profiles.fold.decode(bytes(data)).activity.names["Product Viewed"] for (data,) in states)
