"""Every page in a real browser: nothing overflows, nothing complains, everything has a name and works."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from heed.accounts import reading as accounts
from heed.accounts.models import Account
from heed.collect import actions as collecting
from heed.collect import reading
from heed.collect.models import DeadLetter
from heed.govern import actions
from heed.measure import cohorts, explorer, funnel, installation, paths, store
from heed.profiles import datamap, preferences
from heed.profiles.models import Profile
from heed.scores import store as scores
from heed.segments import sample
from heed.segments.models import Segment
from tests.browser.conftest import PASSWORD
from tests.browser.shop import (
    HOSTILE,
    Carry,
    a_shop,
    bought,
    bury,
    hostile_people,
    plans,
    scored,
    sent_files,
    webhooks,
    wrote,
)

LOOKS = {
    "light": ("light", 1280, 900),
    "dark": ("dark", 1280, 900),
    "phone": ("light", 390, 844),
    "small dark phone": ("dark", 320, 640),
}
STEPS = "step=Product+Viewed&step=Product+Added&step=Order+Completed&days=365&within=720"
PAGES = [
    "/", "/customers/", "/customers/?q=zzz", "/customers/duplicates/", "/permission/", "/permission/new/", "/permission/purposes/marketing/", "/sources/", "/sources/new/", "/imports/", "/plan/", "/plan/new/", "/events/", "/dead-letters/",
    "/settings/team/", "/settings/team/add/", "/settings/keys/", "/settings/audit/",
    "/settings/installation/", "/actions/", "/actions/new/", "/actions/try/", "/segments/", "/segments/new/", "/permission/fields/", "/explore/", "/paths/", "/accounts/", "/accounts/?sort=unhappy", "/segments/overlap/", "/moods/", "/value/", "/value/new/", "/value/5-5/", "/cohorts/", "/cohorts/?in=SEK", "/funnel/", f"/funnel/?{STEPS}", f"/funnel/2/beside/?{STEPS}", "/account/", "/account/password/", "/account/second-factor/", "/scores/", "/scores/new/", "/forecasts/", "/forecasts/buy_30d/", "/forecasts/churn/", "/forecasts/buy_30d/people/?least=0.1", "/personas/", "/lookalikes/",
    "/account/second-factor/app/", "/sign-in/again/?next=/account/", "/nothing/",
]  # fmt: skip
OPENED = """() => {
  [...document.querySelectorAll("main details:not(.live-line)")].slice(0, 3).forEach((e) => { e.open = true; });
}"""
UNNAMED = """() => {
  const seen = (e) => e.offsetParent !== null || getComputedStyle(e).position === "fixed";
  const named = (e) => (e.labels && e.labels.length) || e.getAttribute("aria-label")
    || e.getAttribute("aria-labelledby") || e.getAttribute("title");
  const wrong = [];
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (seen(e) && !named(e)) wrong.push("no label: " + e.outerHTML.slice(0, 120));
  for (const e of document.querySelectorAll("button, a[href]"))
    if (seen(e) && !e.textContent.trim() && !named(e)) wrong.push("no name: " + e.outerHTML.slice(0, 99));
  for (const e of document.querySelectorAll("img:not([alt]), [role=img]:not([aria-label])"))
    wrong.push("no alternative: " + e.outerHTML.slice(0, 120));
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((i) => i === id).length > 1) wrong.push("twice: #" + id);
  if (document.querySelectorAll("h1").length !== 1) wrong.push(document.querySelectorAll("h1").length + " h1");
  if (!document.title.trim() || !document.documentElement.lang) wrong.push("no title or language");
  return wrong;
}"""
OVERFLOW = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= innerWidth) return [];
  const clipped = (e) => { for (let p = e.parentElement; p; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== "visible") return true; return false; };
  return [page.scrollWidth + " wide", ...[...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !clipped(e))
    .slice(0, 4).map((e) => e.outerHTML.slice(0, 160))];
}"""


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    for kept in (
        accounts.how_many,
        *accounts.unhappiest.values(),
        datamap.traits,
        datamap.properties,
        store.mood_by_day,
        store.spread_before,
        store.spread_now,
        store.pulse,
        store.traffic,
        installation.storage,
        cohorts.newest_cohorts,
        funnel.names,
        scores.given,
    ):
        kept.forget()
    for asked in (funnel.kept, explorer.kept, explorer.properties, paths.kept):
        asked.cache_clear()
    reading.open_letters.forget()


@pytest.mark.parametrize("state", ["empty", "full", "hostile"])
def test_every_page_looks_right(
    page: Page, carry: Carry, open_page: Callable[[str], Page], complaints: list[str], state: str
) -> None:
    addresses = list(PAGES)
    if state != "empty":
        (a_shop if state == "full" else hostile_people)(carry)
        bought(carry, [f"Customer Number {i}" for i in range(120)] if state == "full" else HOSTILE)
        steps = urlencode([("step", name[:200]) for name in HOSTILE[1:4]])
        addresses += [f"/funnel/?{steps}", f"/funnel/3/reached/?{steps}"]
        names = ["Message Received", *HOSTILE[1:3]]
        addresses += [f"/explore/?{urlencode({'event': name[:200], 'by': 'channel'})}" for name in names]
        addresses += [f"/paths/?{urlencode({'event': name[:200], 'within': 720})}" for name in names]
        addresses += [f"/customers/{p.pk}/" for p in Profile.objects.order_by("valence")[:6]]
        addresses += [f"/customers/{p.pk}/" for p in Profile.objects.filter(orders__gt=1)[:1]]
        addresses += [
            f"/preferences/{preferences.link(p.pk, everything=everything)}/"
            for p in Profile.objects.order_by("valence")[:2]
            for everything in (True, False)
        ]
        addresses += [f"/sources/{line.source.pk}/" for line in reading.sources()[:2]]
        fields = [*datamap.every()[2:5], datamap.every()[-1]]
        addresses += [f"/permission/fields/{f.kind}/?{urlencode({'name': f.name})}" for f in fields]
        addresses += [f"/accounts/{account.pk}/" for account in Account.objects.all()[:2]]
        addresses += sent_files(HOSTILE if state == "hostile" else ["Ada Lind"])
        addresses += [
            *plans(HOSTILE[:3] if state == "hostile" else ["Order Completed", "Promise Made", "Seen"]),
            "/plan/",
        ]
        addresses += [
            f"/sources/{pk}/" for pk in webhooks(HOSTILE[:3] if state == "hostile" else ["Desk"] * 3)
        ]
        addresses += scored(carry, "Takes a larger plan" if state == "full" else HOSTILE[0])
        for segment in Segment.objects.order_by("-key")[:3]:
            addresses += [f"/segments/{segment.key}/", f"/segments/{segment.key}/edit/"]
        addresses += [f"/dead-letters/{letter.pk}/" for letter in DeadLetter.objects.all()[:2]]
    wrong = faults(page, open_page, addresses, state)
    assert not wrong, "\n".join(wrong)
    assert not complaints, "\n".join(complaints)


def faults(page: Page, open_page: Callable[[str], Page], addresses: list[str], name: str) -> list[str]:
    """What is wrong with these pages in each look; a picture of each where pictures are wanted.

    A page is opened once and turned from look to look, every other one beginning with the smallest. Colours change no
    layout, so that the wide dark look is only for pictures.
    """
    wrong = []
    folder = os.environ.get("HEED_TEST_SCREENSHOTS")
    looks = [each for each in LOOKS.items() if folder or each[0] != "dark"]
    for address in addresses:
        for turn, (look, (scheme, width, height)) in enumerate(looks):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            if turn == 0:
                open_page(address)
                page.evaluate(OPENED)
            for found in page.evaluate(f"() => [...({UNNAMED})(), ...({OVERFLOW})()]"):
                wrong.append(f"{address}, {look}: {found}")
            if folder:
                called = address.strip("/").replace("/", "_").replace("?", "_")[-60:] or "home"
                page.screenshot(path=f"{folder}/{name}-{look}-{called}.png", full_page=True)
        looks.reverse()
    return wrong


def test_a_rule_is_put_together_by_choosing(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str]
) -> None:
    a_shop(carry)
    sample.sample.forget()
    page = open_page("/actions/new/")
    box = page.locator("[data-rule]").first
    box.get_by_label("Kind of condition").select_option(label="They did")
    box.get_by_label("Condition", exact=True).select_option(label="Order Completed")
    box.get_by_label("At least so many times").fill("2")
    box.get_by_role("button", name="Add to the rule").click()
    box.get_by_label("Kind of condition").select_option(label="Trait")
    box.get_by_label("Condition", exact=True).select_option(label="plan is gold")
    box.get_by_label("not").check()
    box.get_by_role("button", name="Add to the rule").click()
    rule = 'did "Order Completed" at least 2 times within 30 days and not trait.plan = "gold"'
    expect(page.locator("#id_eligible")).to_have_value(rule)
    page.locator("#id_eligible").fill('trait.plan = "gold"')
    expect(page.locator("#id_eligible_meaning")).to_contain_text("plan is gold")
    expect(page.locator("#id_eligible_meaning")).to_contain_text("1 of 61 customers")
    page.locator("#id_eligible").fill("trait.plan = ")
    expect(page.locator("#id_eligible_meaning")).to_contain_text("the rule ends")
    page.locator("#id_kind").select_option("apology")
    expect(page.locator("#id_purpose")).to_have_value("")
    page.locator("#id_kind").select_option("upsell")
    expect(page.locator("#id_purpose")).to_have_value("marketing")
    assert not complaints


def test_somebody_signs_in_with_the_keyboard_alone(page: Page, carry: Carry, live_server: Any) -> None:
    actions.create_user("owner@example.org", "owner", PASSWORD)
    page.goto(live_server.url + "/customers/")
    page.keyboard.type("owner@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(live_server.url + "/customers/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(live_server.url + "/")


def test_the_theme_changes_at_once_and_stays(open_page: Callable[[str], Page]) -> None:
    page = open_page("/account/")
    page.emulate_media(color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_response("**/account/theme/"):
        page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_on_a_phone_the_menu_opens_with_the_keyboard_and_closes_again(
    open_page: Callable[[str], Page],
) -> None:
    page = open_page("/account/")
    page.set_viewport_size({"width": 390, "height": 844})
    button, link = page.get_by_role("button", name="Menu"), page.get_by_role("link", name="Dead letters")
    expect(link).not_to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(link).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(link).not_to_be_visible()
    expect(button).to_be_focused()


def test_typing_finds_people_without_reloading(
    open_page: Callable[[str], Page], carry: Carry, complaints: list[str]
) -> None:
    a_shop(carry)
    page = open_page("/customers/")
    page.evaluate("window.same = true")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("lindq")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#list")).to_contain_text("Mara Lindqvist")
    assert "q=lindq" in page.url
    assert page.evaluate("window.same")
    page.locator("#q").blur()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Mara Lindqvist")
    assert not complaints


def test_a_mood_is_corrected_with_the_slider(open_page: Callable[[str], Page], carry: Carry) -> None:
    a_shop(carry)
    mara = Profile.objects.get(user_id="mara")
    page = open_page(f"/customers/{mara.pk}/")
    page.get_by_role("button", name="Correct the mood").click()
    slider = page.locator("#valence")
    slider.focus()
    expect(slider).to_have_value(f"{mara.valence:.2f}")
    slider.fill("0.2")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#valence-shows")).to_have_text("+0.21")
    page.get_by_role("button", name="Correct it").click()
    expect(page.locator("#flash")).to_contain_text("noted with your name")
    carry([])
    assert Profile.objects.get(user_id="mara").valence > mara.valence + 0.1


def test_the_timeline_is_filtered_without_leaving_the_page(
    open_page: Callable[[str], Page], carry: Carry
) -> None:
    a_shop(carry)
    page = open_page(f"/customers/{Profile.objects.get(user_id='mara').pk}/")
    expect(page.locator("#timeline li.moment")).to_have_count(4)
    page.locator("#timeline").get_by_text("Orders", exact=True).click()
    expect(page.locator("#timeline li.moment")).to_have_count(1)
    expect(page.locator("#timeline a[aria-current]")).to_have_text("Orders")
    expect(page.locator("#timeline")).to_contain_text("€84.50")


def test_a_destructive_step_asks_first_and_a_no_changes_nothing(
    open_page: Callable[[str], Page], carry: Carry
) -> None:
    bury("no_identity", b"{}")
    page = open_page("/dead-letters/")
    page.get_by_role("button", name="Discard all").click()
    expect(page.locator("#ask")).to_contain_text("Discard 1 dead letter?")
    page.get_by_role("button", name="Keep it as it is").click()
    expect(page.locator("#ask")).not_to_be_visible()
    assert DeadLetter.objects.filter(discarded_at=None).count() == 1
    page.get_by_role("button", name="Discard all").click()
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("1 discarded")
    assert not DeadLetter.objects.filter(discarded_at=None).exists()


def test_home_follows_the_events_by_itself(open_page: Callable[[str], Page], carry: Carry) -> None:
    carry([wrote("a", "Wonderful, thank you so much")])
    page = open_page("/")
    page.evaluate("window.same = true")
    expect(page.locator("#now")).to_contain_text("of 1 customer")
    carry([wrote("b", "This is terrible, I am really angry")])
    expect(page.locator("#now")).to_contain_text("of 2 customers", timeout=12_000)
    assert page.evaluate("window.same")


def test_snippets_are_tabs_the_arrows_move_through(open_page: Callable[[str], Page], carry: Carry) -> None:
    source, _key = collecting.create_source("Shop", "web")
    page = open_page(f"/sources/{source.pk}/")
    page.get_by_role("tab", name="Web tag").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_be_focused()
    expect(page.locator("#code-python")).to_be_visible()
    expect(page.locator("#code-web")).not_to_be_visible()


def test_live_events_are_shown_filtered_paused_and_never_run(
    open_page: Callable[[str], Page], page: Page, carry: Carry, complaints: list[str]
) -> None:
    said = (
        'event: event\ndata: {"type":"track","name":"Order Completed","user_id":"ada","received":1}\n\n'
        'event: event\ndata: {"type":"page","name":"<img src=x onerror=alert(1)>","received":2}\n\n'
        'event: dropped\ndata: {"id":7,"reason":"no_identity","detail":"who?","source":"s",'
        '"received":"2026-01-01T00:00:00Z"}\n\n'
    )
    page.route("**/live/events*", lambda route: route.fulfill(content_type="text/event-stream", body=said))
    open_page("/events/")
    lines = page.locator(".live-line")
    expect(lines).to_have_count(3)
    expect(lines.first).to_contain_text("no identity: who?")
    expect(lines.nth(1)).to_contain_text("<img src=x")
    page.locator("#filter").fill("ada")
    expect(page.locator(".live-line:visible")).to_have_count(1)
    lines.nth(2).locator("summary").click()
    expect(lines.nth(2).locator("pre")).to_contain_text('"user_id": "ada"')
    page.locator("#pause").click()
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    assert not complaints
