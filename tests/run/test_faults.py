"""Kill each process at the worst moment: what was answered 200 is in the lake and folded exactly once."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import httpx
import pytest

from heed.profiles import api as profiles
from tests.serving import Server, eventually, serving

KILLS = 10
_PEOPLE = 50


class Sender(threading.Thread):
    """Sends batches until told to stop, again where it got no 200, as real clients do."""

    def __init__(self, url: str, key: str, name: str) -> None:
        super().__init__(daemon=True)
        self.url, self.key, self.label = url, key, name
        self.stopping = threading.Event()
        self.answered: set[str] = set()

    def run(self) -> None:
        number = 0
        with httpx.Client(auth=(self.key, ""), timeout=10) as client:
            while not self.stopping.is_set():
                batch = []
                for _ in range(20):
                    number += 1
                    batch.append(
                        {"type": "track", "event": "Product Viewed", "messageId": f"{self.label}-{number}",
                         "userId": f"u{number % _PEOPLE}", "properties": {"product_id": str(number)}}
                    )  # fmt: skip
                self._until_answered(client, batch)
                self.stopping.wait(0.2)

    def _until_answered(self, client: httpx.Client, batch: list[dict[str, object]]) -> None:
        while True:
            try:
                answer = client.post(f"{self.url}/v1/batch", json={"batch": batch})
                if answer.status_code == 200:
                    self.answered.update(str(each["messageId"]) for each in batch)
                    return
                assert answer.status_code in {429, 503}, answer.text
            except httpx.TransportError:
                pass
            if self.stopping.wait(0.1):
                return


@pytest.fixture
def own_server(tmp_path: Path):  # type: ignore[no-untyped-def]
    yield from serving(tmp_path / "data")


@pytest.mark.parametrize("role", ["engine", "web", "postgres"])
def test_a_killed_process_loses_and_doubles_nothing(own_server: Server, role: str) -> None:
    kills = KILLS if role == "engine" else 4
    key = own_server.heed("keys", "create", "load", "--scope", "write").stdout.strip()
    senders = [Sender(own_server.url, key, f"s{number}") for number in range(2)]
    for sender in senders:
        sender.start()
    chance = random.Random(5)
    for _ in range(kills):
        eventually(lambda: bool(own_server.children(role)), 40)
        own_server.await_ready()
        threading.Event().wait(chance.uniform(0.3, 1.2))
        own_server.kill(role)
    threading.Event().wait(1.0)
    for sender in senders:
        sender.stopping.set()
    for sender in senders:
        sender.join(120)
    own_server.await_ready()
    own_server.await_carried(180)
    answered = set().union(*(sender.answered for sender in senders))
    assert len(answered) > 300
    rows = own_server.lake("select message_id, count(*) as n from events group by 1")
    assert {row["message_id"] for row in rows if row["n"] > 1} == set()
    in_lake = {row["message_id"] for row in rows}
    assert answered - in_lake == set()
    with own_server.connect() as connection:
        states = connection.execute("select state from profile").fetchall()
    folded = sum(profiles.fold.decode(bytes(data)).identity.events for (data,) in states)
    assert folded == len(in_lake)


def test_it_stops_cleanly_and_a_second_one_is_told_to_wait(own_server: Server) -> None:
    second = own_server.heed("serve", check=False)
    assert second.returncode == 1
    assert "in use by another Heed" in " ".join(second.stderr.split())
    postgres = own_server.children("postgres")
    assert postgres
    assert own_server.stop() == 0
    assert not any(each.is_running() for each in postgres)
