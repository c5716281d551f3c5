"""What people do with customers: find them, read them, correct what Heed thinks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from heed.contracts.event import Event
from heed.govern import actions, api
from heed.govern.models import AuditEntry, User
from heed.profiles import reading
from heed.profiles.models import Profile

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
Carry = Callable[[list[Event]], None]
_number = iter(range(10**9))


def event(name: str, who: str, ago: int = MINUTE, **more: Any) -> Event:
    at = time.time_ns() // 1_000_000 - ago
    kind = more.pop("type", "track")
    more.setdefault("source", "shop")
    return Event(
        message_id=f"m{next(_number)}", type=kind, name=name, occurred=at, received=at, user_id=who, **more
    )


def known(who: str, name: str, ago: int = DAY, **traits: Any) -> Event:
    return event("", who, ago, type="identify", traits={"name": name, **traits})


def wrote(who: str, text: str, ago: int = MINUTE) -> Event:
    return event("Message Received", who, ago, properties={"text": text, "channel": "email"})


def signed_in(role: str = "agent") -> Client:
    actions.create_user(f"{role}@example.org", role, "a long enough password")
    client = Client()
    client.force_login(User.objects.get(role=role))
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def names(page: str) -> list[str]:
    return re.findall(r'<strong class="cut" title="([^"]*)"', page)


MARA = [
    known("mara", "Mara Lindqvist", 40 * DAY, email="mara@example.org", phone="+46701234567", plan="gold"),
    event(
        "Order Completed",
        "mara",
        10 * DAY,
        properties={"order_id": "88213", "value": 84.5, "currency": "EUR"},
    ),
    event("Consent Changed", "mara", 9 * DAY, properties={"purpose": "marketing", "granted": False}),
    wrote("mara", "Where is my parcel? This is terrible, I am really angry!", 12 * MINUTE),
]


@pytest.fixture
def mara(carry: Carry) -> Profile:
    carry(list(MARA))
    return Profile.objects.get()


@pytest.mark.parametrize(
    "asked",
    [
        "Lindq",
        "mara lind",
        "LINDQVIST mara",
        "mara@example.org",
        "+46 70 123 45 67",
        "mara",
        "88213",
        "#88213",
    ],
)
def test_somebody_is_found_by_any_part_of_what_is_known(mara: Profile, carry: Carry, asked: str) -> None:
    carry([known("jon", "Jonas Okafor", email="jonas@example.org")])
    page = text(signed_in().get("/customers/", {"q": asked}))
    assert names(page) == ["Mara Lindqvist"]


def test_somebody_is_found_by_the_id_of_their_profile(mara: Profile) -> None:
    assert [p.id for p in reading.search(str(mara.pk))] == [mara.pk]


@pytest.mark.parametrize("asked", ["' or 1=1 --", "a & b | !c", "(((", ":*", "\\", "%", "\x00", "<->", "😀"])
def test_odd_searches_find_nobody_and_break_nothing(mara: Profile, asked: str) -> None:
    assert "Nobody found" in text(signed_in().get("/customers/", {"q": asked})) or not asked.strip("\x00")


def test_a_new_name_is_found_and_the_old_one_no_more(mara: Profile, carry: Carry) -> None:
    carry([known("mara", "Mara Svensson", MINUTE)])
    assert [p.name for p in reading.search("svens")] == ["Mara Svensson"]
    assert reading.search("lindqv") == []


@pytest.mark.parametrize("sort", ["seen", "name", "unhappy", "pleased", "attention"])
def test_every_page_of_the_list_shows_everybody_once(carry: Carry, sort: str) -> None:
    events = []
    for i in range(23):
        events.append(known(f"u{i}", f"Person {i % 5}", (i // 4 + 1) * HOUR))
        events.append(wrote(f"u{i}", "This is terrible, I am angry", (i // 4 + 1) * HOUR))
    carry(events)
    seen: list[Any] = []
    cursor = ""
    for _ in range(10):
        page = reading.people(reading.Question(sort=sort), cursor, size=5)
        seen.extend(page.people)
        cursor = page.next_cursor
        if not cursor:
            break
    expected = 23 if sort != "attention" else Profile.objects.filter(attention__gt=0).count()
    assert len(seen) == len({p.id for p in seen}) == expected > 0
    by = {
        "seen": lambda p: -p.last_seen.timestamp(),
        "name": lambda p: p.name.lower(),
        "unhappy": lambda p: p.valence,
        "pleased": lambda p: -p.valence,
        "attention": lambda p: -p.attention,
    }[sort]
    assert [by(p) for p in seen] == sorted(by(p) for p in seen)


@pytest.mark.parametrize("cursor", ["x", "WyJhIiwgImIiXQ", "é", "e30", "W10", "WyIyMDI2IiwgIngiXQ=="])
def test_a_cursor_that_makes_no_sense_starts_anew(mara: Profile, cursor: str) -> None:
    assert names(text(signed_in().get("/customers/", {"after": cursor}))) == ["Mara Lindqvist"]


def test_the_list_is_filtered_by_mood_and_by_what_is_true_now(mara: Profile, carry: Carry) -> None:
    carry([known("joy", "Joy"), wrote("joy", "Wonderful, thank you so much, I love it!")])
    client = signed_in()
    upset = Profile.objects.get(display_name="Mara Lindqvist")
    assert upset.valence < -0.25
    band = "very_unhappy" if upset.valence < -0.5 else "unhappy"
    assert names(text(client.get("/customers/", {"mood": band}))) == ["Mara Lindqvist"]
    assert upset.circumstances
    page = text(client.get("/customers/", {"circumstance": upset.circumstances[0]}))
    assert "Mara Lindqvist" in names(page)
    assert names(text(client.get("/customers/", {"circumstance": "no_such_thing"}))) == []


def test_a_customer_is_shown_in_full(mara: Profile) -> None:
    page = text(signed_in().get(f"/customers/{mara.pk}/"))
    for expected in (
        "Mara Lindqvist",
        "mara@example.org",
        "+46701234567",
        "really angry!",
        "€84.50",
        "gold",
        "Why we think so",
        "Order Completed",
        "hold promotion",
        'aria-label="Mood over the last six weeks"',
    ):
        assert expected in page, expected
    assert re.search(r"Offers and news</bdi></dt><dd><span class=\"chip low\">no", page)


def test_the_timeline_is_filtered_by_kind_and_goes_back_without_gaps(carry: Carry) -> None:
    carry(
        [known("u", "Una", 50 * HOUR)]
        + [wrote("u", f"message number {i:02}", (i + 1) * HOUR) for i in range(40)]
    )
    profile = Profile.objects.get()
    client = signed_in()
    found: list[str] = []
    address = f"/customers/{profile.pk}/timeline/?kind=message"
    for _ in range(5):
        page = text(client.get(address, headers={"HX-Request": "true"}))
        found += re.findall(r"“<bdi>message number (\d\d)</bdi>”", page)
        older = re.search(r'<button class="btn" hx-get="([^"]+)"', page)
        if not older:
            break
        address = unquote(older[1].replace("&amp;", "&"))
    assert found == [f"{i:02}" for i in range(40)]
    orders = text(client.get(f"/customers/{profile.pk}/timeline/?kind=order", headers={"HX-Request": "true"}))
    assert "Nothing of this kind" in orders


def test_correcting_a_mood_changes_it_and_keeps_the_name_of_who_did(mara: Profile, carry: Carry) -> None:
    client = signed_in()
    before = Profile.objects.get().valence
    answer = client.post(
        f"/customers/{mara.pk}/mood/", {"valence": "0.6", "note": "We talked, all is well"}, follow=True
    )
    assert "noted with your name" in text(answer)
    carry([])
    after = Profile.objects.get()
    assert after.valence > before + 0.3
    page = text(client.get(f"/customers/{mara.pk}/"))
    assert "agent@example.org" in page
    entry = AuditEntry.objects.get(what="mood_corrected")
    assert entry.object == str(mara.pk)
    assert entry.detail["valence"] == 0.6


@pytest.mark.parametrize("valence", ["2", "-1.01", "nan", "", "abc", "inf"])
def test_a_mood_outside_the_scale_is_refused(mara: Profile, carry: Carry, valence: str) -> None:
    before = Profile.objects.get().valence
    page = text(signed_in().post(f"/customers/{mara.pk}/mood/", {"valence": valence}, follow=True))
    assert "A mood lies between" in page
    carry([])
    assert Profile.objects.get().valence == pytest.approx(before, abs=0.01)


def test_correcting_how_a_text_was_read_withdraws_its_evidence(mara: Profile, carry: Carry) -> None:
    before = Profile.objects.get().valence
    form = {"message_id": MARA[3].message_id, "sentiment": "0.8", "intent": "praise"}
    assert "noted with your name" in text(signed_in().post(f"/customers/{mara.pk}/label/", form, follow=True))
    carry([])
    assert Profile.objects.get().valence > before + 0.2


def test_a_correction_without_content_asks_what_should_be_different(mara: Profile) -> None:
    page = text(signed_in().post(f"/customers/{mara.pk}/label/", {"message_id": "m1"}, follow=True))
    assert "Say what should be different" in page


@pytest.mark.parametrize("role", ["analyst", "marketer", "engineer"])
def test_who_only_reads_cannot_correct(mara: Profile, role: str) -> None:
    client = signed_in(role)
    assert "Correct the mood" not in text(client.get(f"/customers/{mara.pk}/"))
    assert client.post(f"/customers/{mara.pk}/mood/", {"valence": "1"}).status_code == 403


def test_the_address_of_a_merged_profile_leads_to_the_person_it_became(carry: Carry) -> None:
    carry([event("Home", "", 3 * HOUR, type="page", anonymous_id="anon-1")])
    first = Profile.objects.get().pk
    carry([known("mara", "Mara", 2 * HOUR)])
    carry([event("", "mara", HOUR, type="identify", anonymous_id="anon-1")])
    kept = Profile.objects.get().pk
    client = signed_in()
    gone = first if first != kept else None
    if gone is None:
        from heed.profiles.models import ProfileMerge

        gone = ProfileMerge.objects.get().absorbed
    answer = client.get(f"/customers/{gone}/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/customers/{kept}/"
    page = text(answer)
    assert "A profile became part of this one" in page
    assert "Viewed Home" in page


def test_nobody_at_this_address_is_told_kindly(mara: Profile) -> None:
    answer = signed_in().get("/customers/00000000-0000-0000-0000-000000000001/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_correction_says_from_what_to_what_and_by_whom(mara: Profile, carry: Carry) -> None:
    client = signed_in()
    was = Profile.objects.get().valence
    client.post(f"/customers/{mara.pk}/mood/", {"valence": "0.6", "note": "We talked"})
    form = {"message_id": MARA[3].message_id, "sentiment": "0.8", "intent": "praise"}
    client.post(f"/customers/{mara.pk}/label/", form)
    carry([])
    page = text(client.get(f"/customers/{mara.pk}/"))
    found = re.search(r"Mood corrected from (−\d\.\d\d) to \+0\.60 by agent@example\.org", page)
    assert found
    assert abs(float(found[1].replace("−", "-")) - was) < 0.05
    assert "Reading of a text corrected by agent@example.org: sentiment from negative to positive" in page
    assert "to praise" in page
    evidence = re.findall(r'<li class="evidence">.*?</li>', page, re.S)
    assert all(line.count("agent@example.org") <= 1 for line in evidence)


def test_a_decision_in_the_timeline_has_the_name_of_its_action_and_a_reason(carry: Carry) -> None:
    said = {
        "action": "late-apology",
        "placement": "home_banner",
        "why": ["They seem unhappy.", "Their order is late."],
        "considered": [{"action": "late-apology", "name": "Apologise for a late order"}],
    }
    carry([event("Decision Made", "u", properties=said), event("Decision Made", "u", properties={"why": []})])
    page = text(signed_in().get(f"/customers/{Profile.objects.get().pk}/"))
    assert "Decided: “<bdi>Apologise for a late order</bdi>”" in page
    assert "They seem unhappy." in page
    assert "Decided to say nothing" in page
    assert "action late-apology" not in page


def test_sources_are_shown_by_their_names(carry: Carry) -> None:
    from heed.collect.actions import create_source

    source, _key = create_source("Web shop in Lyon", "web")
    carry([event("", "u", type="identify", traits={"name": "Una"}, source=source.pk)])
    page = text(signed_in().get(f"/customers/{Profile.objects.get().pk}/"))
    assert page.count("<bdi>Web shop in Lyon</bdi>") >= 3
    assert source.pk not in page


def test_pieces_too_small_to_matter_are_counted_not_listed(mara: Profile, carry: Carry) -> None:
    carry([event("Dead Click", "mara", DAY)])
    page = text(signed_in().get(f"/customers/{mara.pk}/"))
    for figure in re.findall(r'<span class="value[^>]*>([^<]+)</span>', page):
        assert abs(float(figure.replace("−", "-"))) >= 0.02
    assert "smaller piece" in page


def test_a_filtered_list_says_how_many_of_how_many(mara: Profile, carry: Carry) -> None:
    carry([known("joy", "Joy"), wrote("joy", "Wonderful, thank you so much, I love it!")])
    client = signed_in()
    assert "2 in all" in text(client.get("/customers/"))
    assert "1 found of 2" in text(client.get("/customers/", {"q": "joy"}))
    page = text(client.get("/customers/", {"need": "person", "sort": "attention"}))
    needing = Profile.objects.filter(attention__gt=0).count()
    assert f"{needing} found of 2" in page
    assert len(names(page)) == needing == 1
    headers = {"HX-Request": "true", "HX-Target": "list"}
    part = text(client.get("/customers/", {"mood": "delighted"}, headers=headers))
    assert 'id="how-many" hx-swap-oob="true"' in part


def test_a_name_that_turns_the_direction_leaves_our_own_words_alone(carry: Carry) -> None:
    bad = "\u202eevil"
    carry([known("u", bad), wrote("u", f"This is terrible, I am angry {bad}")])
    page = text(signed_in().get(f"/customers/{Profile.objects.get().pk}/"))
    shown = re.sub(
        r"<bdi>.*?</bdi>|<pre.*?</pre>|<title>.*?</title>|title=\"[^\"]*\"|<span class=\"face.*?</span>",
        "",
        page,
        flags=re.S,
    )
    assert "\u202e" in page
    assert "\u202e" not in shown


def test_hostile_names_traits_and_texts_stay_text(carry: Carry) -> None:
    bad = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    carry([
        known("u", bad, DAY, **{bad: bad, "nested": {"a": [bad, {"b": bad}]}}),
        wrote("u", bad),
        event(bad, "u", properties={bad: bad, "order_id": bad}, source=bad[:60]),
        event(bad, "u", type="page", properties={"path": bad}),
    ])  # fmt: skip
    client = signed_in()
    profile = Profile.objects.get()
    for address in ("/", "/customers/", f"/customers/{profile.pk}/", "/customers/?sort=name"):
        page = text(client.get(address))
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_program_reads_a_customer_and_pages_through_a_timeline(mara: Profile) -> None:
    client = Client(headers={"Authorization": f"Bearer {api.create_key('export', 'manage')}"})
    [found] = client.get("/api/v1/profiles?email=MARA@example.org").json()
    assert found["id"] == str(mara.pk)
    assert found["identifiers"]["user_id"] == ["mara"]
    assert found["mood"]["valence"] < 0
    assert found["mood"]["evidence"][0]["message_id"] in {e.message_id for e in MARA}
    assert found["consent"] == {"marketing": False}
    ids: list[str] = []
    cursor = ""
    for _ in range(10):
        page = client.get(f"/api/v1/profiles/{mara.pk}/timeline", {"limit": 2, "cursor": cursor}).json()
        ids += [m["messageId"] for m in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert ids == [e.message_id for e in sorted(MARA, key=lambda e: -e.occurred)]


@pytest.mark.parametrize(
    ("address", "status"),
    [("00000000-0000-0000-0000-000000000001", 404), ("00000000-0000-0000-0000-000000000001/timeline", 404)],
)
def test_programs_get_errors_they_can_read(mara: Profile, address: str, status: int) -> None:
    client = Client(headers={"Authorization": f"Bearer {api.create_key('export', 'manage')}"})
    answer = client.get(f"/api/v1/profiles/{address}")
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "detail"}
    for query in ({"cursor": "x"}, {"kind": "nonsense"}):
        assert client.get(f"/api/v1/profiles/{mara.pk}/timeline", query).status_code == 400
    assert client.get(f"/api/v1/profiles/{mara.pk}/timeline", {"limit": 0}).json()["code"] == "invalid"
