"""The raw front: slow senders, wrong methods, and who may read the figures."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from heed.kit import front
from heed.kit.front import Request, TooSlow
from tests.serving import Server


def _request(receive: Any) -> Request:
    return Request({"method": "POST", "path": "/v1/track", "headers": []}, receive)


def _run(coroutine: Any) -> Any:
    """On a thread of its own: a browser test before may have left a loop running on this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def test_who_stops_in_the_middle_of_a_request_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "NEXT_PART", 0.01)
    sent = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> dict[str, Any]:
        for each in sent:
            return each
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(TooSlow):
        _run(_request(receive).body(1_000))


def test_who_sends_a_byte_at_a_time_is_let_go_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "WHOLE_BODY", 0.05)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(TooSlow):
        _run(_request(receive).body(1_000))


def test_a_known_address_asked_in_the_wrong_way_says_which_is_right(server: Server) -> None:
    found = httpx.get(f"{server.url}/v1/decide")
    assert (found.status_code, found.headers["allow"]) == (405, "POST")
    assert "POST" in found.json()["message"]
    assert httpx.get(f"{server.url}/v1/nothing").status_code == 404


def test_the_head_of_the_tag_is_that_of_the_tag(server: Server) -> None:
    whole, head = httpx.get(f"{server.url}/t.js"), httpx.head(f"{server.url}/t.js")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["etag"] == whole.headers["etag"]


def test_figures_are_for_this_machine_and_for_manage_keys(server: Server) -> None:
    address = f"{server.url}/metrics"
    assert b"heed_events_accepted" in httpx.get(address).content
    proxied = {"x-forwarded-for": "203.0.113.9"}
    assert httpx.get(address, headers=proxied).status_code == 403
    for scope, status in (("write", 403), ("manage", 200)):
        key = server.heed("keys", "create", f"figures {scope}", "--scope", scope).stdout.strip()
        headers = {**proxied, "authorization": f"Bearer {key}"}
        assert httpx.get(address, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("peer", "passed", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "10.0.0.1", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed_about_who_asks(peer: str, passed: str, expected: str) -> None:
    scope = {
        "method": "GET",
        "path": "/",
        "headers": [(b"x-forwarded-for", passed.encode())],
        "client": (peer, 1),
    }

    async def receive() -> dict[str, Any]:
        raise AssertionError

    assert Request(scope, receive, frozenset({"10.0.0.1", "10.0.0.2"})).address == expected
