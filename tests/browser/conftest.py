"""What browser tests share: events that are really carried, pages opened as the owner, the browser's complaints."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, expect

from heed.govern import actions
from tests.browser.shop import Carry
from tests.carrying import carry

__all__ = ["carry"]

# Playwright keeps an event loop in this thread; the database is only asked while no page is being driven.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# A busy machine may keep the browser waiting; how long a page takes is not what these tests ask.
expect.set_options(timeout=30_000)
PASSWORD = "a long enough password"


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complained about. The live stream is the front's, which these tests run without.

    htmx calls it an error, in two lines, when a request is given up for a newer one, as on a busy machine happens to
    whoever types on.
    """
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        if message.type not in {"error", "warning"} or "/live/events" in where or "/nothing/" in where:
            return
        if message.text.startswith("htmx:sendAbort"):
            given_up = f"{page.url}: htmx:afterRequest"
            said[:] = [each for each in said if not each.startswith(given_up)]
            return
        said.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    return said


@pytest.fixture
def open_page(page: Page, carry: Carry, live_server: Any) -> Callable[[str], Page]:
    """Opens an address as the signed-in owner."""
    user = actions.create_user("owner@example.org", "owner", PASSWORD)
    client = Client()
    client.force_login(user)
    cookie = client.cookies["heed_session"]
    page.context.add_cookies([{"name": "heed_session", "value": cookie.value, "url": live_server.url}])

    def opened(address: str) -> Page:
        page.goto(live_server.url + address)
        return page

    return opened
