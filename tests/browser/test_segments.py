"""A marketer builds a segment by clicking, sees its people and takes them out."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from heed.scores import api as scores
from heed.segments.sample import sample
from tests.browser.shop import DAY, Carry, a_shop, event, scored

RULE = 'did "Order Completed" at least 1 times within 90 days where value >= 50 and not trait.plan = "free"'


def test_a_segment_is_built_by_clicking_and_its_people_seen_and_exported(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str], tmp_path: Path
) -> None:
    a_shop(carry)
    sample.forget()
    page = open_page("/segments/new/")
    page.get_by_label("Name").fill("Big buyers")
    page.get_by_role("button", name="Add a condition").click()
    first = page.locator(".condition").nth(0)
    first.get_by_label("Event").fill("Order Completed")
    first.get_by_label("Event").press("Tab")
    first.get_by_label("Length of time").fill("90")
    first.get_by_label("Length of time").press("Tab")
    first.get_by_role("button", name="Add a filter").click()
    first.get_by_label("Value", exact=True).fill("50")
    first.get_by_label("Value", exact=True).press("Tab")
    page.get_by_role("button", name="Add a condition").click()
    second = page.locator(".condition").nth(1)
    second.get_by_label("Kind of condition").select_option("trait")
    second.get_by_label("Whether").select_option("not")
    second.get_by_label("Trait").fill("plan")
    second.get_by_label("Trait").press("Tab")
    second.get_by_label("Comparison").select_option("=")
    second.get_by_label("Value", exact=True).fill("free")
    second.get_by_label("Value", exact=True).press("Tab")
    expect(page.locator("#id_rule")).to_have_value(RULE.replace(" at least 1 times", ""))
    expect(page.locator("#preview")).to_contain_text("1.6% of 61 customers")
    expect(page.locator("#preview")).to_contain_text("Mara Lindqvist")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Big buyers")).to_be_visible()
    carry([])
    page.reload()
    expect(page.locator("#list")).to_contain_text("Mara Lindqvist")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    file = tmp_path / "members.csv"
    download.value.save_as(file)
    with file.open() as lines:
        assert [row["name"] for row in csv.DictReader(lines)] == ["Mara Lindqvist"]
    page.get_by_role("link", name="Mara Lindqvist").click()
    expect(page.get_by_role("link", name="Big buyers")).to_be_visible()
    assert not complaints


def test_the_text_of_a_rule_shows_in_the_builder(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str]
) -> None:
    a_shop(carry)
    page = open_page("/segments/new/")
    page.locator("#id_rule").fill('(circumstance "order_late" or segment "gold") and mood.valence < -0.5')
    expect(page.locator(".builder .nested .condition")).to_have_count(2)
    expect(page.locator(".builder .condition")).to_have_count(3)
    page.locator(".builder .nested .away").last.click()
    expect(page.locator("#id_rule")).to_have_value("mood.valence < -0.5")
    value = page.locator(".condition").get_by_label("Value", exact=True)
    for typed, kept in (("-0,25", "-0.25"), ("lots", "-0.25"), ("−1", "-1")):
        value.fill(typed)
        value.press("Tab")
        expect(page.locator("#id_rule")).to_have_value(f"mood.valence < {kept}")
        expect(value).to_have_value(kept)
    page.get_by_label("A list").check()
    expect(page.locator("#builder")).to_be_hidden()
    assert not complaints


def test_scores_are_chosen_by_name(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str]
) -> None:
    a_shop(carry)
    scored(carry, "Takes a larger plan")
    scores.define("risk", name="Pays late")
    sample.forget()
    page = open_page("/segments/new/")
    rule = page.locator("#id_rule")
    page.get_by_role("button", name="Add a condition").click()
    condition = page.locator(".condition").first
    condition.get_by_label("Kind of condition").select_option("score")
    condition.get_by_label("Score", exact=True).select_option(label="the score “Takes a larger plan”")
    condition.get_by_label("Comparison").select_option(">")
    condition.get_by_label("Value", exact=True).fill("0.7")
    condition.get_by_label("Value", exact=True).press("Tab")
    expect(rule).to_have_value("score.upsell > 0.7")
    expect(page.locator("#preview")).to_contain_text("the score “Takes a larger plan” is above 0.7")
    expect(page.locator("#preview")).to_contain_text("of 61 customers")
    rule.fill("score.none < 3 and score.risk is known")
    expect(page.locator(".builder .condition")).to_have_count(2)
    expect(page.locator(".builder .condition").first.get_by_label("Score", exact=True)).to_have_value(
        "score.none"
    )
    expect(page.locator("#preview")).to_contain_text("nobody has the score “none”")
    assert not complaints


def test_what_happens_in_turn_and_dates_are_built_by_clicking(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str]
) -> None:
    a_shop(carry)
    page = open_page("/segments/new/")
    rule = page.locator("#id_rule")
    page.get_by_role("button", name="Add a condition").click()
    condition = page.locator(".condition").first
    kind = condition.get_by_label("Kind of condition")
    kind.select_option("sequence")
    condition.get_by_label("Event").nth(1).fill("Order Completed")
    condition.get_by_label("Event").nth(1).press("Tab")
    expect(rule).to_have_value('did "Product Added" then no "Order Completed" in 2 hours within 30 days')
    condition.get_by_role("button", name="Add a step").click()
    condition.get_by_label("Event").nth(2).fill("Message Received")
    condition.get_by_label("Event").nth(2).press("Tab")
    expect(rule).to_have_value(
        'did "Product Added" then "Order Completed" in 2 hours then "Message Received" within 30 days'
    )
    condition.get_by_role("button", name="Take this step away").first.click()
    expect(rule).to_have_value('did "Order Completed" then "Message Received" within 30 days')
    expect(page.locator("#preview")).to_contain_text("then “Message Received”")
    kind.select_option("touch")
    condition.get_by_label("First or last").select_option("first")
    expect(rule).to_have_value(re.compile('^first ".+" within 30 days$'))
    kind.select_option("date")
    condition.get_by_label("Date").fill("birthday")
    condition.get_by_label("Date").press("Tab")
    condition.get_by_label("When").select_option("anniversary")
    expect(rule).to_have_value("trait.birthday anniversary within next 7 days")
    condition.get_by_label("When").select_option("before")
    condition.get_by_label("Day").fill("2000-01-31")
    condition.get_by_label("Day").press("Tab")
    expect(rule).to_have_value('trait.birthday before "2000-01-31"')
    rule.fill('did "Product Added" then no "Order Completed" in 3 days')
    expect(condition.get_by_label("Whether it follows")).to_have_value("no")
    assert not complaints


def test_the_keyboard_alone_goes_from_field_to_field(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str]
) -> None:
    a_shop(carry)
    page = open_page("/segments/new/")
    page.get_by_role("button", name="Add a condition").click()
    condition = page.locator(".condition").first
    condition.get_by_label("Times").focus()
    for keys in ("Control+a", "2", "Tab", "Control+a", "9", "0", "Tab"):
        page.keyboard.press(keys)
    expect(condition.get_by_label("Unit of time")).to_be_focused()
    rule = 'did "Order Completed" at least 2 times within 90 days'
    expect(page.locator("#id_rule")).to_have_value(rule)
    condition.get_by_label("Length of time").fill("0")
    condition.get_by_role("button", name="Add a filter").click()
    expect(condition.get_by_label("Property")).to_be_visible()
    expect(condition.get_by_label("Length of time")).to_have_value("1")
    assert not complaints


def test_what_nobody_counted_yet_is_previewed_as_it_will_be(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str]
) -> None:
    """Though the lake has the later event first."""
    for ago in (1, 3, 2):
        name = "Order Completed" if ago == 1 else "Product Added"
        carry([event(name, "ann", ago * DAY)])
    carry([event("Product Added", "bob", 3 * DAY)])
    sample.forget()
    page = open_page("/segments/new/")
    page.locator("#id_rule").fill('did "Product Added" then no "Order Completed" in 50 hours')
    expect(page.locator("#preview")).to_contain_text("50.0% of 2 customers")
    page.locator("#id_rule").fill('last "Product Added" within 2 days')
    expect(page.locator("#preview")).to_contain_text("0.0% of 2 customers")
    page.locator("#id_rule").fill('last "Product Added" within 3 days')
    expect(page.locator("#preview")).to_contain_text("50.0% of 2 customers")
    assert not complaints
