"""Pages that other people's code draws need no more than the Content-Security-Policy allows."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.serving import Server


def test_the_api_is_explained_and_tried_within_the_policy(server: Server, page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Policy" in said.text else None)
    page.goto(f"{server.url}/api/docs")
    page.locator(".opblock-summary-control").first.click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_role("button", name="Close").first.click()
    assert not refused, "\n".join(refused)

    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('style'), {textContent: 'p {}'}))"
    )
    page.wait_for_timeout(200)
    assert refused
