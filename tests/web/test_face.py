"""Promises every page keeps: headers, errors in style, hostile names, static files that never go stale."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import path

from heed.govern import actions
from heed.govern.models import User
from heed.web.words import hours_since

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "x" * 2000,
    "محمد عبد الله",
    "😀🎉👩‍👩‍👧‍👦",
    "'); drop table profile; --",
    "{{ settings.SECRET_KEY }}",
]


@pytest.fixture
def owner(db: None) -> Client:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    client.force_login(User.objects.get())
    return client


def test_no_strangers_script_can_run_and_no_proxy_keeps_a_page(owner: Client) -> None:
    for address in ("/sign-in/", "/account/", "/customers/", "/api/docs", "/nothing"):
        answer = (Client() if "sign" in address else owner).get(address)
        policy = answer["Content-Security-Policy"]
        scripts = re.search(r"script-src ([^;]+)", policy)
        assert scripts
        assert scripts[1] == "'self'"
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert "no-store" in answer["Cache-Control"]
        page = answer.content.decode()
        assert not re.search(r"\s(style|on(click|load|error|submit))=|<style", page)
        for tag in re.findall(r"<script[^>]*>", page):
            assert "src=" in tag or "application/json" in tag, tag


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(db: None) -> None:
    actions.create_user("owner@example.org", "owner", "a long enough password")
    client = Client()
    client.get("/sign-in/")
    client.post("/sign-in/", {"login": "owner@example.org", "password": "a long enough password"})
    for name in ("heed_session", "heed_csrf"):
        cookie = client.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_static_files_are_cached_for_ever_under_an_address_that_changes_with_them(owner: Client) -> None:
    page = owner.get("/account/").content.decode()
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert styles
    for style in styles:
        assert re.fullmatch(r"/static/[0-9a-f]{12}/heed/\w+\.css", style)
        answer = Client().get(style)
        assert answer.status_code == 200
        assert "immutable" in answer["Cache-Control"]
    for address in re.findall(r'<script src="([^"]+)"', page):
        assert Client().get(address).status_code == 200


def test_nothing_is_fetched_from_elsewhere(owner: Client) -> None:
    page = owner.get("/account/").content.decode()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize(("address", "status", "words"), [("/nothing/", 404, "There is nothing here")])
def test_a_wrong_address_says_what_to_do(owner: Client, address: str, status: int, words: str) -> None:
    answer = owner.get(address)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert 'class="rail"' in answer.content.decode()
    stranger = Client().get(address).content.decode()
    assert words in stranger
    assert 'class="rail"' not in stranger


def test_a_form_sent_from_elsewhere_is_refused_in_plain_words(owner: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    answer = strict.post("/account/", {"name": "x"})
    assert answer.status_code == 403
    assert "too old to be sent" in answer.content.decode()


def _break(request: object) -> None:
    raise RuntimeError("broken on purpose")


urlpatterns = [path("broken/", _break)]
handler500 = "heed.web.views.server_error"


@pytest.mark.urls(__name__)
def test_when_a_page_breaks_it_says_so_without_the_database(settings: object) -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/broken/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "Something broke on our side" in page
    assert "broken on purpose" not in page


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_shown_as_text(owner: Client, name: str) -> None:
    User.objects.update(name=name[:200])
    page = owner.get("/account/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "drop table profile; --" in page or "drop" not in name
    Template("<c-evidence :item='item' />")
    request = RequestFactory().get("/")
    html = Template("{% load heed %}{% mood_mark v s b %}{{ n|initials }}").render(
        Context({"v": -0.5, "s": 0.1, "b": 0.2, "n": name, "request": request})
    )
    assert "<script" not in html
    assert "<img" not in html


def test_words_in_quotes_cannot_turn_the_sentence_around_them() -> None:
    html = Template("{% load heed %}{{ s|sentence }}").render(
        Context({"s": "Wrote “\u202e<b>x</b>” about it\u202e, and “no end"})
    )
    assert html == "Wrote “<bdi>&lt;b&gt;x&lt;/b&gt;</bdi>” about it, and “<bdi>no end</bdi>"


def test_what_is_known_by_the_hour_is_said_by_the_hour() -> None:
    now = datetime(2026, 5, 1, 16, 42, tzinfo=UTC)
    assert hours_since(now, datetime(2026, 5, 1, 16, tzinfo=UTC), now) == "in the last hour"
    assert hours_since(now, datetime(2026, 5, 1, 15, tzinfo=UTC), now) == "about 1 h ago"
    assert hours_since(now, datetime(2026, 4, 28, 15, tzinfo=UTC), now) == "3 days ago"


def test_a_mood_mark_says_in_words_what_it_shows() -> None:
    html = Template("{% load heed %}{% mood_mark v s b %}").render(
        Context({"v": -0.72, "s": 0.14, "b": 0.31})
    )
    assert 'aria-label="mood: very unhappy, −0.72 give or take 0.14, usually +0.31"' in html
    assert 'class="mood low"' in html
    assert "no mood yet" in Template("{% load heed %}{% mood_mark v %}").render(Context({"v": None}))


@pytest.mark.parametrize("value", [-5, 5, -1, 1])
def test_a_mood_mark_stays_on_its_scale(value: float) -> None:
    html = Template("{% load heed %}{% mood_mark v s %}").render(Context({"v": value, "s": 9}))
    assert "style" not in html
    dot, left, width = (float(*re.findall(rf' {name}="([\d.]+)"', html)) for name in ("cx", "x", "width"))
    assert 0 <= left <= dot <= left + width <= 92


def test_a_wrong_address_of_the_api_is_told_to_programs_however_it_is_asked(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    for method in (client.get, client.post, client.put, client.delete):
        answer = method("/api/v1/nothing/here")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
