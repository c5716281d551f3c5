"""Killing processes at random moments under load, and counting what became of every event answered 200."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

import httpx

from heed.profiles import api as profiles
from tests.serving import Server, eventually

PEOPLE = 50
ROLES = ("engine", "web", "postgres", "worker")


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
                    who = {"userId": f"u{number % PEOPLE}"}
                    if number % 3:
                        who = {"anonymousId": f"a{number % PEOPLE}"}
                    if number % 7 == 0:
                        who = {"userId": f"u{number % PEOPLE}", "anonymousId": f"a{number % PEOPLE}"}
                    batch.append(
                        {"type": "track", "event": "Product Viewed", "messageId": f"{self.label}-{number}",
                         "properties": {"product_id": str(number)}, **who}
                    )  # fmt: skip
                self._until_answered(client, batch)
                self.stopping.wait(0.1)

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


@dataclass
class Outcome:
    """`lost` were answered 200 and are not in the lake, `doubled` are there more than once; `folded` is what
    the profiles counted, `in_lake` what the lake holds."""

    kills: int
    answered: int
    lost: int
    doubled: int
    in_lake: int
    folded: int
    seconds: float


def kill_at_random(server: Server, kills: int, seed: int) -> Outcome:
    """Two senders, and every second or so a process of a random kind is killed with SIGKILL."""
    began = time.monotonic()
    key = server.heed("keys", "create", "load", "--scope", "write").stdout.strip()
    senders = [Sender(server.url, key, f"s{number}") for number in range(2)]
    for sender in senders:
        sender.start()
    chance = random.Random(seed)
    for _ in range(kills):
        role = chance.choice(ROLES)
        eventually(lambda role=role: bool(server.children(role)))  # type: ignore[misc]
        threading.Event().wait(chance.uniform(0.05, 1.5))
        server.kill(role)
        if role in {"web", "postgres"}:
            server.await_ready()
    threading.Event().wait(1.0)
    for sender in senders:
        sender.stopping.set()
    for sender in senders:
        sender.join(120)
    server.await_ready()
    server.await_carried(240)
    answered = set().union(*(sender.answered for sender in senders))
    rows = server.lake("select message_id, count(*) as n from events group by 1")
    in_lake = {row["message_id"] for row in rows}
    with server.connect() as connection:
        states = connection.execute("select state from profile").fetchall()
    folded = sum(profiles.fold.decode(bytes(data)).identity.events for (data,) in states)
    doubled = sum(row["n"] > 1 for row in rows)
    lost = len(answered - in_lake)
    return Outcome(kills, len(answered), lost, doubled, len(in_lake), folded, time.monotonic() - began)
