"""A customer changes what they permit by their own link, and what the team sees obeys."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from heed.profiles.models import Profile
from heed.segments import api as segments
from tests.browser.shop import Carry, a_shop


def test_a_customer_changes_their_mind_by_the_link(
    open_page: Callable[[str], Page], page: Page, carry: Carry, complaints: list[str]
) -> None:
    a_shop(carry)
    mara = Profile.objects.get(display_name="Mara Lindqvist")
    segments.save_segment("", name="Newsletter", rule="identified = true", purpose="marketing")
    carry([])
    open_page(f"/customers/{mara.pk}/")
    page.get_by_role("button", name="Preference link", exact=True).click()
    path = page.locator("#preference-link").inner_text().split("/preferences/")[1]
    address = page.url.split("/customers/")[0] + "/preferences/" + path

    def is_in() -> bool:
        carry([])
        mara.refresh_from_db()
        return "newsletter" in mara.segments

    page.context.clear_cookies()
    page.goto(address)
    expect(page.get_by_role("heading", name="Your preferences")).to_be_visible()
    expect(page.get_by_text("Mara")).to_have_count(0)
    page.get_by_label("Offers and news").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("“Offers and news” is off now")
    assert not is_in()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.get_by_label("Offers and news").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("“Offers and news” is on now")
    assert is_in()
    page.get_by_role("button", name="Pause for 30 days").click()
    expect(page.get_by_text("You hear nothing from us until")).to_be_visible()
    assert not is_in()
    page.get_by_role("button", name="End the pause").click()
    assert is_in()
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_label("Offers and news")).not_to_be_checked()
    assert not is_in()
    page.get_by_role("button", name="Erase my data").click()
    expect(page.get_by_role("alert")).to_contain_text("Are you sure?")
    page.get_by_role("button", name="Yes, erase my data").click()
    expect(page.get_by_text("You asked us to erase your data")).to_be_visible()
    page.get_by_role("button", name="Keep my data after all").click()
    expect(page.get_by_role("status")).to_contain_text("Your data stays")
    assert not complaints
