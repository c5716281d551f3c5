"""Whoever takes back their consent is out of every use that rests on it, at every door, at once."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.scenarios.test_late_parcel import Shop
from tests.serving import Server

_SET_UP = """
from heed import wiring
wiring.prepare()
from heed.decisions.api import save_action
from heed.segments.api import save_segment
look = [{"placement": "consent_banner", "title": "15% off"}]
save_action("consent-offer", {"name": "Offer", "kind": "promotion", "value": 20.0, "active": True,
                              "purpose": "marketing"}, look)
save_action("consent-news", {"name": "News", "kind": "info", "value": 10.0, "active": True,
                             "eligible": 'segment "readers"'}, look)
save_segment("", name="Readers", rule="trait.reads = true", purpose="marketing")
save_segment("", name="Fans", rule='segment "readers" and consent "marketing"')
from django.test import Client
from heed.govern.api import create_user
user = create_user("consent@example.org", "owner", "a quiet harbour 7")
client = Client()
client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
print("cookie", client.cookies["heed_session"].value)
"""
USER = "consent-ada"


Doors = dict[str, Callable[..., bool]]


@pytest.fixture
def shop(server: Server) -> Shop:
    found = Shop(server)
    found.who = {"userId": USER}
    return found


@pytest.fixture
def doors(server: Server, shop: Shop) -> Doors:
    """Every door a customer's data leaves by, each saying whether this customer is used there for marketing."""
    made = subprocess.run(
        [sys.executable, "-c", _SET_UP], env=server.environment, check=True, capture_output=True, text=True
    )
    cookie = made.stdout.split("cookie")[-1].strip()
    time.sleep(2.5)  # definitions are gone by within two seconds, and that is what is promised
    pages = httpx.Client(base_url=server.url, cookies={"heed_session": cookie}, timeout=20)

    def listed(key: str) -> bool:
        found = shop.reader.get(f"/api/v1/segments/{key}/members").json()["items"]
        return any(each["email"] == f"{USER}@example.org" for each in found)

    def exported(key: str) -> bool:
        answer = pages.get(f"/segments/{key}/export/", params={"as": "csv"})
        assert answer.status_code == 200, answer.text
        return any(row["user_id"] == USER for row in csv.DictReader(io.StringIO(answer.text)))

    def decided(*events: dict[str, Any]) -> bool:
        answer = shop.client.post(
            "/v1/decide", json={**shop.who, "placement": "consent_banner", "events": list(events)}
        )
        return answer.json()["action"] is not None

    found: Doors = {"the decision": decided}
    for key in ("readers", "fans"):
        found[f"the API's members of {key}"] = lambda key=key: listed(key)
        found[f"the file of {key}"] = lambda key=key: exported(key)
        found[f"the customers' page filtered by {key}"] = lambda key=key: (
            f"{USER}@example.org" in pages.get("/customers/", params={"segment": key}).text
        )
    return found


def test_withdrawn_consent_closes_every_door(doors: Doors, shop: Shop, server: Server) -> None:
    shop.send({"type": "identify", "traits": {"email": f"{USER}@example.org", "reads": True}})
    server.await_carried()
    assert {name for name, open_ in doors.items() if open_()} == set()
    for granted in (True, False, True):
        shop.track("Consent Changed", purpose="marketing", granted=granted)
        server.await_carried()
        assert {name for name, open_ in doors.items() if open_()} == (set(doors) if granted else set())
    withdrawal = {
        "type": "track",
        "event": "Consent Changed",
        "properties": {"purpose": "marketing", "granted": False},
    }
    assert not doors["the decision"](withdrawal), "also where it comes in the very request that asks"
    server.await_carried()
    assert {name for name, open_ in doors.items() if open_()} == set()
