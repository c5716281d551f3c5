"""What happens to whoever tries keys and tokens at the doors of a running Heed, and to the others meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import httpx
import pytest

from tests.serving import Server, serving

_address = (f"203.0.113.{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def front_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a proxy, so that a test may come from any address."""
    yield from serving(tmp_path_factory.mktemp("door") / "data", HEED_TRUSTED_PROXIES="127.0.0.1")


@pytest.fixture(scope="module")
def keys(front_door: Server) -> dict[str, str]:
    scopes = ("write", "manage")
    return {each: front_door.heed("keys", "create", each, "--scope", each).stdout.strip() for each in scopes}


_client = httpx.Client()
DOORS = {
    "management API": ("/api/v1/profiles?userId=x", "manage", 401),
    "figures": ("/metrics", "manage", 403),
    "tracking": ("/v1/track", "write", 401),
    "live view": ("/live/events", "", 403),
}


def knock(server: Server, door: str, secret: str, address: str) -> httpx.Response:
    path, _, _ = DOORS[door]
    headers = {"x-forwarded-for": address}
    if door == "tracking":
        body = {"event": "A", "userId": "u", "messageId": address + secret}
        return _client.post(server.url + path, json=body, auth=(secret, ""), headers=headers)
    if door == "live view":
        return _client.get(server.url + path, params={"token": secret}, headers=headers)
    return _client.get(server.url + path, headers={**headers, "authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("door", list(DOORS))
def test_whoever_tries_key_after_key_is_told_to_wait(
    front_door: Server, keys: dict[str, str], door: str
) -> None:
    _, scope, refusal = DOORS[door]
    thief, customer = next(_address), next(_address)
    if scope:
        assert knock(front_door, door, keys[scope], thief).status_code == 200
    found = [knock(front_door, door, f"heed_manage_{number}", thief) for number in range(200)]
    assert found[0].status_code == refusal
    assert {each.status_code for each in found} == {refusal, 429}
    told = [each for each in found if each.status_code == 429]
    assert all(int(each.headers["retry-after"]) >= 1 and each.json()["code"] for each in told)
    assert knock(front_door, door, "nonsense", customer).status_code == refusal
    if scope:
        for address in (thief, customer):
            assert knock(front_door, door, keys[scope], address).status_code == 200


def test_what_a_client_writes_about_its_address_opens_nothing(front_door: Server) -> None:
    """The proxy adds the true address to whatever the client claims to have passed through."""
    thief = next(_address)
    found = [
        knock(front_door, "management API", "nonsense", f"198.51.100.{number}, {thief}").status_code
        for number in range(60)
    ]
    assert 429 in found
