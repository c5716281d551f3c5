"""A manager looks at two customers side by side, makes them one, and takes it back."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from heed.profiles.models import Profile, ProfileMerge
from tests.browser.shop import DAY, Carry, event, likely


def test_a_pair_is_reviewed_merged_and_undone_by_clicking(
    open_page: Callable[[str], Page], page: Page, carry: Carry, complaints: list[str]
) -> None:
    traits = {"name": "Mara Lindqvist", "city": "Lund"}
    carry([
        event("", f"m{i}", DAY, type="identify", traits={**traits, "email": f"mara{i}@example.org"})
        for i in range(2)
    ])  # fmt: skip
    likely(0.97, ["same surname, rare"])
    open_page("/customers/duplicates/")
    expect(page.get_by_text("same surname, rare")).to_be_visible()
    page.get_by_role("button", name="Same person").press("Enter")
    expect(page.get_by_text("Merged: one customer")).to_be_visible()
    carry([])
    kept = ProfileMerge.objects.get().kept
    open_page(f"/customers/{kept}/")
    page.get_by_role("button", name="Identity").click()
    page.locator("#identity").get_by_role("button", name="Undo").click()
    page.get_by_role("dialog", name="Undo this merge?").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Being undone: both")).to_be_visible()
    carry([])
    assert Profile.objects.count() == 2
    open_page(f"/customers/{kept}/")
    page.get_by_role("button", name="Identity").click()
    expect(page.get_by_text("Kept apart from")).to_be_visible()
    other = Profile.objects.exclude(pk=kept).get()
    page.get_by_label("User id, e-mail, phone or profile id").fill(other.email)
    page.get_by_role("button", name="Find them").click()
    expect(page.get_by_role("heading", name="Are these one person?")).to_be_visible()
    assert not complaints
