"""A Klaviyo export is imported by clicking, with the real worker: who unsubscribed there is unsubscribed here."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from heed.profiles import api as profiles
from tests.collect import exports
from tests.serving import Server


def test_an_export_is_looked_over_and_imported(server: Server, page: Page, tmp_path: Path) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    server.heed(
        "user", "create", "import@example.org", "--role", "engineer", "--password-stdin",
        text="a long enough password\n",
    )  # fmt: skip
    file = tmp_path / "klaviyo.csv"
    file.write_text(exports.KLAVIYO)
    page.goto(f"{server.url}/sign-in/?next=/imports/")
    page.get_by_label("E-mail").fill("import@example.org")
    page.get_by_label("Password", exact=True).fill("a long enough password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("looks like Klaviyo profiles")).to_be_visible()
    page.get_by_label("Where it is from").fill("Our newsletter")
    page.get_by_role("button", name="Save and look through it").click()
    page.get_by_role("button", name="Import 4 events").click(timeout=60_000)
    expect(page.get_by_text("events taken in")).to_be_visible(timeout=60_000)
    server.await_carried()
    page.goto(f"{server.url}/customers/?q=bob@example.org")
    page.get_by_role("link", name="Bob Norman").first.click()
    expect(page.get_by_role("heading", name="Bob Norman")).to_be_visible()
    with server.connect() as connection:
        ((state,),) = connection.execute(
            "select state from profile where email = 'bob@example.org'"
        ).fetchall()
        assert profiles.fold.decode(bytes(state)).consent.purposes["marketing"].granted is False
        rows = connection.execute("select name from source where kind = 'import'").fetchall()
    assert ("Our newsletter",) in rows
    assert not complaints
