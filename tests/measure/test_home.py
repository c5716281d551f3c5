"""Home: how customers feel today and who needs somebody, from events that were really carried."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from heed.contracts.event import Event
from heed.govern import actions
from heed.govern.models import User
from heed.kit.kept import Kept
from heed.measure import installation, store, views
from heed.profiles.models import Profile

DAY = 86_400_000
Carry = Callable[[list[Event]], None]
_number = iter(range(10**9))
BAD, GOOD = "This is terrible, I am really angry, nobody answers!", "Wonderful, thank you so much, I love it!"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    for kept in (
        store.mood_by_day,
        store.spread_before,
        store.spread_now,
        store.pulse,
        store.traffic,
        installation.storage,
    ):
        kept.forget()


def wrote(who: str, text: str, ago: int = 60_000) -> Event:
    at = time.time_ns() // 1_000_000 - ago
    return Event(
        f"h{next(_number)}", "track", at, at, name="Message Received", user_id=who, source="shop",
        properties={"text": text, "channel": "email"},
    )  # fmt: skip


@pytest.fixture
def client(transactional_db: None) -> Client:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_before_anybody_is_here_home_says_how_to_begin(client: Client, carry: Carry) -> None:
    page = text(client.get("/"))
    assert "Connect a first source" in page
    link = re.search(r'href="([^"]+)">Connect a first source', page)
    assert link
    assert client.get(link[1]).status_code == 200


def test_the_share_of_pleased_or_calm_is_counted_with_its_interval(client: Client, carry: Carry) -> None:
    carry([wrote(f"good{i}", GOOD) for i in range(17)] + [wrote(f"bad{i}", BAD) for i in range(3)])
    low = Profile.objects.filter(confidence__gt=0, valence__lt=-0.25).count()
    assert low == 3
    page = text(client.get("/"))
    assert '<div class="big">85.0%</div>' in page
    assert "give or take 21.0 points · of 20 customers" in page


def test_who_needs_somebody_comes_first_with_a_reason_and_a_step(client: Client, carry: Carry) -> None:
    carry([wrote("ok", GOOD), *(wrote("upset", BAD, ago) for ago in (3 * 3_600_000, 2 * 3_600_000, 60_000))])
    upset = Profile.objects.get(user_id="upset")
    assert upset.attention > 0
    page = text(client.get("/"))
    [line] = re.findall(r'<li class="person".*?</li>', page, re.S)
    assert f"/customers/{upset.pk}/" in line
    assert "upset" in line
    assert re.search(r'<a class="btn" href="/customers/[^"]+">Open</a>', line)
    assert 'aria-label="mood: ' in line


def test_only_a_number_that_is_known_and_not_refused_is_offered_to_call(carry: Carry, client: Client) -> None:
    from heed.measure import lent
    from heed.profiles import api as profiles

    told = [
        Event(f"h{next(_number)}", "track", 1_000 + i, 1_000 + i, name="Consent Changed", user_id="u", source="s",
              properties={"purpose": "phone", "granted": granted})
        for i, granted in enumerate((True, False))
    ]  # fmt: skip
    for event, number in zip(told, ("+331", ""), strict=True):
        carry([event])
        state = profiles.fold.decode(bytes(Profile.objects.get().state))
        assert lent.number_to_call(state, "+331") == number


def test_an_open_page_asks_again_and_is_told_only_what_is_new(client: Client, carry: Carry) -> None:
    carry([wrote("a", GOOD)])
    page = text(client.get("/"))
    [again] = re.findall(r'id="now"[^>]*hx-get="([^"]+)"', page)
    assert client.get(again).status_code == 204
    carry([wrote("b", BAD)])
    store.spread_now.forget()
    fresh = client.get(again)
    assert fresh.status_code == 200
    assert "of 2 customers" in fresh.content.decode()
    [newer] = re.findall(r'id="now"[^>]*hx-get="([^"]+)"', fresh.content.decode())
    assert newer != again
    assert client.get(newer).status_code == 204


def test_the_engine_behind_is_said_and_caught_up_is_said_too(client: Client, carry: Carry) -> None:
    from heed.ports import current
    from heed.ports.ledger import LIVE

    carry([wrote("a", GOOD)])
    assert "carried to the last second" in text(client.get("/home/pulse/"))
    current.ledger().append(LIVE, [wrote("a", GOOD), wrote("a", GOOD)])
    store.pulse.forget()
    assert "2 events wait" in text(client.get("/home/pulse/"))
    carry([])
    store.pulse.forget()
    said = text(client.get("/home/pulse/"))
    assert "carried to the last second" in said
    assert "3 events in the last minute" in said


def test_where_much_is_still_to_come_the_page_says_that_it_is_not_whole(
    client: Client, carry: Carry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heed.ports import current
    from heed.ports.ledger import BULK

    monkeypatch.setattr(views, "_MUCH", 3)
    carry([wrote("a", GOOD)])
    assert "still coming in" not in text(client.get("/"))
    current.ledger().append(BULK, [wrote("a", GOOD)] * 3)
    store.pulse.forget()
    assert "still coming in" in text(client.get("/"))
    carry([])
    store.pulse.forget()
    assert "still coming in" not in text(client.get("/"))


def test_mood_over_time_is_the_mean_of_each_days_last_moods(client: Client, carry: Carry) -> None:
    noon = time.time_ns() // 1_000_000 // DAY * DAY + DAY // 2
    ago = time.time_ns() // 1_000_000 - (noon - 3 * DAY)
    carry([wrote("a", GOOD, ago), wrote("b", BAD, ago)])
    [day] = store.mood_by_day.get()
    assert (day.start, day.n) == (noon // DAY * DAY - 3 * DAY, 2)
    from heed.ports import current

    rows = current.lake().sql("select valence from events order by place").to_pylist()
    values = [row["valence"] for row in rows]
    assert values[0] > 0 > values[1]
    assert day.mean == pytest.approx(sum(values) / 2, abs=1e-6)
    assert "Mean mood per day over the last eight weeks" in text(client.get("/"))


def test_the_installation_page_tells_version_storage_and_the_loop(client: Client, carry: Carry) -> None:
    carry([wrote("a", GOOD)])
    page = text(client.get("/settings/installation/"))
    for words in ("Version", "0.1.0", "carried to the last second", "Database", " MB", "PostgreSQL"):
        assert words in page
    assert "Could not be read" not in page


def test_many_readers_cost_one_question() -> None:
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    kept = Kept(ask, 60)
    assert [kept.get() for _ in range(5)] == [1] * 5
    kept.forget()
    assert kept.get() == 2


def test_sizes_are_said_in_units_people_know() -> None:
    assert installation.size_words(999) == "999 bytes"
    assert installation.size_words(1_500_000) == "1.5 MB"
    assert installation.size_words(2.5e15) == "2,500.0 TB"
