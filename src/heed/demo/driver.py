"""Makes the simulated shop live: its history first, then what happens from now on, through the tracking API.

Like any other sender it speaks HTTP to the front; it also asks for decisions when somebody comes to the home
page, and lets the customer react.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import structlog

from heed.contracts import vocabulary as v
from heed.demo.world import World
from heed.kit.clock import DAY, system_clock

SEED = 7
HISTORY_DAYS = 150
"""Enough to learn what customers will do in the next 30 days: that takes 120, and a few more to learn from."""
CUSTOMERS = 1_200
LIVE_PACE = 200.0
"""With so many customers somebody comes every few seconds."""
_BATCH = 400
_PLACEMENT = "home_banner"
log = structlog.get_logger()


class Driver:
    def __init__(self, url: str, kept: dict[str, str], folder: Path, customers: int = CUSTOMERS) -> None:
        self.client = httpx.Client(
            base_url=url, auth=(kept["key"], ""), timeout=30, headers={"content-type": "application/json"}
        )
        self.live_since = int(kept["live_since"])
        self.progress = folder / "demo-progress"
        self.customers = customers

    def run(self, stopping: threading.Event) -> None:
        world = World(SEED, self.live_since - HISTORY_DAYS * DAY, self.customers)
        loaded = int(self.progress.read_text()) if self.progress.exists() else 0
        batch: list[dict[str, Any]] = []
        sent = 0
        for call in world.until(self.live_since):
            batch.append(call)
            if len(batch) >= _BATCH:
                sent += 1
                if sent > loaded:
                    self._send("/v1/import", batch, stopping)
                    self.progress.write_text(str(sent))
                batch = []
                if stopping.is_set():
                    return
        if batch and sent + 1 > loaded:
            self._send("/v1/import", batch, stopping)
            self.progress.write_text(str(sent + 1))
        self._live(world, stopping)

    def _live(self, world: World, stopping: threading.Event) -> None:
        by_anonymous = {each.anonymous_id: each for each in world.customers}
        world.run = f"-{system_clock()}"
        for _ in world.until(system_clock()):
            pass  # what happened while nobody was looking stays unsaid
        world.quicken(LIVE_PACE)
        while not stopping.wait(1.0):
            calls = list(world.until(system_clock()))
            if not calls:
                continue
            self._send("/v1/batch", calls, stopping)
            for call in calls:
                if call["type"] == "page" and call.get("name") == "Home":
                    self._decide(world, by_anonymous[call["anonymousId"]], call)

    def _decide(self, world: World, customer: Any, call: dict[str, Any]) -> None:
        about = {"anonymousId": customer.anonymous_id}
        if customer.known:
            about["userId"] = customer.user_id
        answered = self.client.post(
            "/v1/decide", json={**about, "placement": _PLACEMENT, "context": call.get("context", {})}
        )
        if answered.status_code != 200:
            return
        found = answered.json()
        if not found["action"]:
            return
        kind = next(
            (each["kind"] for each in found["considered"] if each["action"] == found["action"]), "info"
        )
        outcome = world.react(customer, kind)
        if outcome == "accepted":
            world.soothe(customer, kind)
        if outcome:
            name = v.ACTION_ACCEPTED if outcome == "accepted" else v.ACTION_DISMISSED
            properties = {
                "action": found["action"], "placement": _PLACEMENT, "decision_id": found["decisionId"],
            }  # fmt: skip
            self.client.post(
                "/v1/track", json={"type": "track", "event": name, "properties": properties, **about}
            )

    def _send(self, path: str, batch: list[dict[str, Any]], stopping: threading.Event) -> None:
        """Until it is accepted: a busy or restarting server is waited for."""
        body = gzip.compress(json.dumps({"batch": batch}).encode(), 1)
        pause = 0.5
        while not stopping.is_set():
            try:
                answered = self.client.post(path, content=body, headers={"content-encoding": "gzip"})
                if answered.status_code == 200:
                    return
                if answered.status_code not in {429, 503}:
                    log.error("demo.refused", status=answered.status_code, body=answered.text[:300])
                    return
            except httpx.TransportError as error:
                log.info("demo.waiting", error=type(error).__name__)
            time.sleep(pause)
            pause = min(pause * 2, 10)
