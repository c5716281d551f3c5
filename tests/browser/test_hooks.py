"""An engineer makes a webhook by clicking, and what is pushed to it shows at the customer."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx
from playwright.sync_api import Page, expect

from tests.serving import Server, eventually

BOOKED = {
    "id": "b-1",
    "type": "Appointment Booked",
    "customer": {"email": "hilde@example.org"},
    "price": {"cents": 3500},
}


def _sign_in(server: Server, page: Page) -> None:
    server.heed(
        "user",
        "create",
        "hooks@example.org",
        "--role",
        "owner",
        "--password-stdin",
        text="a long enough password\n",
    )
    page.goto(f"{server.url}/sign-in/?next=/sources/new/")
    page.get_by_label("E-mail").fill("hooks@example.org")
    page.get_by_label("Password", exact=True).fill("a long enough password")
    page.get_by_role("button", name="Sign in").click()


def test_a_webhook_is_made_tried_switched_on_and_heard(server: Server, page: Page) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    _sign_in(server, page)
    page.get_by_label("Name").fill("Booking desk")
    page.get_by_label("Kind").select_option(label="Webhook: Any system that sends JSON")
    page.get_by_role("button", name="Add it").click()
    address = page.locator("#hook-address").inner_text()
    page.get_by_role("button", name="Make one").click()
    secret = page.locator("#hook-secret").inner_text()

    page.get_by_label("Name of the event").fill("{type}")
    page.get_by_label("E-mail").fill("{customer.email}")
    page.get_by_label("What tells it apart").fill("{id}")
    page.get_by_label("Name, row 1").fill("value")
    page.get_by_label("Where it stands, row 1").fill("{price.cents} * 0.01")
    page.get_by_label("As what, row 1").select_option("money")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Try a sample below")).to_be_visible()

    page.get_by_label("What is sent").fill(json.dumps(BOOKED))
    page.get_by_role("button", name="What would this become?").click()
    expect(page.get_by_role("heading", name="Appointment Booked")).to_be_visible()
    expect(page.locator("#try pre").first).to_contain_text('"value": 35.0')

    body = json.dumps(BOOKED).encode()
    headers = {"X-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}
    assert httpx.post(address, content=body, headers=headers).status_code == 404
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Switched on")).to_be_visible()
    eventually(lambda: httpx.post(address, content=body, headers=headers).status_code == 200)
    assert httpx.post(address, content=body + b" ", headers=headers).status_code == 401
    assert httpx.get(address).status_code == 405
    server.await_carried()

    page.reload()
    expect(page.get_by_text("1 event", exact=True)).to_be_visible()
    page.goto(f"{server.url}/customers/?q=hilde@example.org")
    page.get_by_role("link", name="hilde@example.org").first.click()
    expect(page.get_by_text("Appointment Booked").first).to_be_visible()
    assert not complaints
