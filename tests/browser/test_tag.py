"""The web tag and Segment's browser library, from a real page in Chromium."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from heed.profiles import api as profiles
from tests.browser_site import site
from tests.collect.clients import node_clients
from tests.serving import Server, eventually

_PAGE = """<!doctype html><html><head><title>Shop</title>{script}</head><body>
<button id="works" onclick="document.getElementById('out').textContent += 'x'">Works</button>
<button id="dead">Does nothing</button><p id="out"></p>
<form id="join" onsubmit="return false"><input name="email"><button id="send">Join</button></form>
<a id="next" href="/second.html">Next</a></body></html>"""


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """A website's key, as the page of sources makes it."""
    return server.heed("keys", "create", "website", "--scope", "write").stdout.strip()


def _tag(server: Server, key: str, more: str = "") -> str:
    return f'<script src="{server.url}/t.js" data-key="{key}" {more}></script>'


def _write(folder: Path, script: str) -> None:
    for name in ("index.html", "second.html"):
        (folder / name).write_text(_PAGE.replace("{script}", script))


def _names(server: Server, user: str) -> dict[str, int]:
    """How often each event of this user was folded."""
    server.await_carried()
    with server.connect() as connection:
        rows = connection.execute("select state from profile where user_id = %s", [user]).fetchall()
    if not rows:
        return {}
    names: dict[str, int] = profiles.fold.decode(bytes(rows[0][0])).activity.names
    return names


def test_the_tag_is_small(server: Server) -> None:
    script = httpx.get(f"{server.url}/t.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert len(gzip.compress(script.content, 9)) <= 6 * 1024
    again = httpx.get(f"{server.url}/t.js", headers={"if-none-match": script.headers["etag"]})
    assert again.status_code == 304


def test_the_tag_sees_what_a_visitor_does(server: Server, key: str, page: Page, tmp_path: Path) -> None:
    _write(tmp_path, _tag(server, key))
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    with site(tmp_path) as address:
        page.goto(address)
        page.evaluate("heed.identify('tag-user', {email: 'tag@example.org', name: 'Tag User'})")
        page.evaluate("heed.track('Product Viewed', {product_id: '42', price: 9.5})")
        page.click("#works")
        page.wait_for_timeout(1_200)
        page.click("#dead")
        page.wait_for_timeout(1_800)
        for _ in range(4):
            page.click("#works", delay=5)
        page.click("#send")
        page.evaluate("setTimeout(() => { throw new Error('Tag test error') }, 0)")
        page.wait_for_timeout(600)
        page.click("#next")
        page.wait_for_load_state()
        eventually(lambda: _names(server, "tag-user").get("Script Error"))
        eventually(lambda: _names(server, "tag-user").get("Shop", 0) >= 2)
    names = _names(server, "tag-user")
    assert names["identify"] == names["Product Viewed"] == names["Dead Click"] == 1
    assert names["Rage Click"] == 1
    assert names["Form Submitted"] == 1
    assert names["Element Clicked"] >= 3
    assert [
        each
        for each in problems
        if "Tag test error" not in each and "favicon" not in each and "404" not in each
    ] == []


def test_what_is_not_sent_survives_a_closed_tab(server: Server, key: str, page: Page, tmp_path: Path) -> None:
    _write(tmp_path, _tag(server, key))
    with site(tmp_path) as address:
        page.goto(address)
        page.evaluate("heed.identify('closed-tab')")
        page.wait_for_timeout(800)
        page.route("**/v1/batch", lambda route: route.abort())
        page.route("**/beacon/v1/batch", lambda route: route.abort())
        page.evaluate("heed.track('Last Words', {})")
        page.wait_for_timeout(500)
        context = page.context
        page.close()
        again = context.new_page()
        again.goto(f"{address}/second.html")
        eventually(lambda: _names(server, "closed-tab").get("Last Words") == 1)


@pytest.mark.parametrize("signal", ["doNotTrack", "globalPrivacyControl", "data-wait-consent"])
def test_a_visitor_who_does_not_want_it_is_left_alone(
    server: Server, key: str, page: Page, tmp_path: Path, signal: str
) -> None:
    _write(tmp_path, _tag(server, key, signal if signal.startswith("data") else ""))
    value = "'1'" if signal == "doNotTrack" else "true"
    if not signal.startswith("data"):
        page.add_init_script(f"Object.defineProperty(navigator, '{signal}', {{get: () => {value}}})")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "batch" in request.url else None)
    with site(tmp_path) as address:
        page.goto(address)
        page.evaluate("heed.track('Unwanted', {})")
        page.click("#works")
        page.wait_for_timeout(800)
        assert sent == []
        assert page.evaluate("Object.keys(localStorage).length") == 0
        page.evaluate("heed.consent({analytics: true}); heed.identify('consented-" + signal.lower() + "')")
        eventually(lambda: _names(server, f"consented-{signal.lower()}").get("Consent Changed"))


def test_segments_browser_library_delivers(server: Server, key: str, page: Page, tmp_path: Path) -> None:
    library = node_clients("@segment/analytics-next") / "node_modules/@segment/analytics-next/dist/umd"
    for each in library.glob("*.js"):
        shutil.copy(each, tmp_path)
    settings = (
        f"<script>window.analyticsWriteKey='{key}'</script><script src='/index.js'></script>"
        "<script>window.started = window.AnalyticsNext.AnalyticsBrowser.load("
        f"{{writeKey: '{key}', cdnURL: '{server.url}'}}, {{}}); </script>"
    )
    _write(tmp_path, settings)
    failed: list[Any] = []
    page.on(
        "response",
        lambda answer: (
            failed.append(answer.url) if answer.status >= 400 and server.url in answer.url else None
        ),
    )
    with site(tmp_path) as address:
        page.goto(address)
        page.evaluate(
            """async () => {
              const analytics = window.started;
              await analytics.identify('segment-browser', {email: 'browser@example.org'});
              await analytics.track('Order Completed', {order_id: '1', value: 5});
              await analytics.page('Docs', 'Start');
              await analytics.screen('Settings');
              await analytics.group('acme', {size: 3});
            }"""
        )
        eventually(lambda: _names(server, "segment-browser").get("group"))
    names = _names(server, "segment-browser")
    assert names["identify"] == names["Order Completed"] == names["group"] == 1
    assert sum(names.values()) == 5
    assert failed == []


def test_a_form_learns_what_need_not_be_asked_and_no_value(
    server: Server, key: str, page: Page, tmp_path: Path
) -> None:
    _write(tmp_path, _tag(server, key))
    with site(tmp_path) as address:
        page.goto(address)
        page.wait_for_function("window.heed && heed.loaded")
        page.evaluate('heed.identify("form-user", {email: "form@example.org", city: "Lund"})')
        page.evaluate("heed.flush()")
        asked = 'heed.known(["email", "city", "phone"])'
        page.wait_for_function(f"{asked}.then(found => found.city && found.city.known)")
        found = page.evaluate(asked)
        assert found["city"] == {"known": True, "permitted": True}
        assert found["phone"]["known"] is False
        assert "Lund" not in str(found)
    ask = {"fields": ["city"], "userId": "form-user"}
    website = server.heed("keys", "create", "site", "--scope", "write", "--kind", "website").stdout.strip()
    assert httpx.post(f"{server.url}/v1/known", json=ask | {"writeKey": website}).status_code == 400
    assert httpx.post(f"{server.url}/v1/known", json=ask | {"writeKey": "heed_write_x"}).status_code == 401
    for body in (b"", b"[]", b'{"fields": [1]}', b'{"fields": []}', b"x" * 20_000):
        assert httpx.post(f"{server.url}/v1/known", content=body, auth=(key, "")).status_code in {400, 413}


def test_a_websites_key_joins_an_account_and_says_nothing_of_it(server: Server) -> None:
    website = server.heed("keys", "create", "shop", "--scope", "write", "--kind", "website").stdout.strip()
    shop = server.heed("keys", "create", "till", "--scope", "write").stdout.strip()
    call = {"userId": "member-one", "groupId": "firm-x", "traits": {"plan": "free"}}
    assert httpx.post(f"{server.url}/v1/group", json=call, auth=(shop, "")).status_code == 200
    forged = call | {"userId": "member-two", "traits": {"plan": "forged"}}
    assert httpx.post(f"{server.url}/v1/group", json=forged, auth=(website, "")).status_code == 200
    events = [
        forged | {"type": "group"},
        {"type": "alias", "userId": "member-one", "previousId": "member-two"},
    ]
    ask = {"anonymousId": "e", "placement": "b", "events": events}
    answer = httpx.post(f"{server.url}/v1/decide", json=ask, auth=(website, ""))
    assert [each["reason"] for each in answer.json()["dropped"]] == ["alias_needs_server"]

    def plans() -> list[object]:
        server.await_carried()
        with server.connect() as connection:
            rows = connection.execute("select state from profile where accounts @> '{firm-x}'").fetchall()
        states = [profiles.fold.decode(bytes(state)) for (state,) in rows]
        return [state.accounts.of["firm-x"].traits.get("plan", ("none", 0))[0] for state in states]

    eventually(lambda: plans() == ["free", "free"])
