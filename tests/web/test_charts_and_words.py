"""Charts drawn from numbers, and numbers said in words."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.profiles.forms import BANDS as FILTER_BANDS
from heed.web import charts, words
from heed.web.templatetags import heed as tags

DAY = 86_400_000
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def test_a_line_runs_from_left_to_right_and_higher_is_happier() -> None:
    points = [(i * DAY, v, v - 0.1, v + 0.1) for i, v in enumerate([-0.5, 0.0, 0.5])]
    svg = charts.line(points, "mood")
    track = re.search(r'class="track high" d="M([^"]+)"', svg)
    assert track
    dots = [tuple(map(float, p.split(","))) for p in track[1].split(" L")]
    xs, ys = zip(*dots, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    assert 'aria-label="mood"' in svg


def test_noise_does_not_look_like_a_trend() -> None:
    points = [(i * DAY, 0.2 + 0.001 * (i % 2), 0.19, 0.21) for i in range(10)]
    heights = [
        float(y) for y in re.findall(r"[\d.]+,([\d.]+)", charts.line(points, "mood").split("track")[1])
    ]
    assert max(heights) - min(heights) < 3


def test_one_point_is_a_dot_with_its_interval_and_none_is_nothing() -> None:
    assert charts.line([], "mood") == ""
    assert charts.line([(0, math.nan, 0, 0)], "mood") == ""
    assert "whisker" in charts.line([(0, 0.1, 0.0, 0.2)], "mood")


@given(
    st.lists(st.tuples(st.integers(0, 10**13), NUMBERS, NUMBERS, NUMBERS), max_size=30),
    st.text(),
    st.booleans(),
)
def test_whatever_the_numbers_the_picture_is_sound(points: list, label: str, full: bool) -> None:
    svg = charts.line(sorted(points, key=lambda p: p[0]), label, full=full)
    if svg:
        assert not re.search(r"nan|inf", svg.split(">", 1)[1].replace("infinity", ""))
        clean = "".join(c for c in svg if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)
        assert ElementTree.fromstring(re.sub(r' aria-label="[^"]*"', "", clean)).tag == "svg"


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_bars_keep_their_proportions(counts: list[int]) -> None:
    svg = charts.histogram(counts, "moods")
    if not sum(counts):
        assert svg == ""
        return
    tall = [float(h) for h in re.findall(r'<rect[^>]*height="([\d.]+)"', svg)]
    assert len(tall) == len(counts)
    assert tall[counts.index(max(counts))] == max(tall)


def test_what_happened_is_told_as_text_not_as_markup() -> None:
    svg = charts.line([(0, 0, 0, 0), (DAY, 0, 0, 0)], "<b>", marks=[(0, 0.0, "<script>alert(1)</script>")])
    assert "<script>" not in svg
    assert "<b>" not in svg


def test_an_earlier_state_is_drawn_at_todays_scale() -> None:
    svg = charts.histogram([10, 10], "moods", before=[1, 1])
    [first, second] = re.findall(r'class="before"[^>]*y1="([\d.]+)"', svg)
    top = re.findall(r'<rect[^>]*y="([\d.]+)"', svg)
    assert first == second == top[0]


@pytest.mark.parametrize(
    ("value", "said"), [(0.314, "+0.31"), (-0.72, "−0.72"), (0.0, "0.00"), (-0.001, "0.00"), (None, "–")]
)
def test_signs_are_always_said(value: float | None, said: str) -> None:
    assert words.signed(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "just now"), (42, "42 s ago"), (720, "12 min ago"), (7200, "2 h ago"), (86_400, "1 day ago"),
     (3 * 86_400, "3 days ago"), (10 * 86_400, "12 Nov"), (400 * 86_400, "18 Oct 2025"), (-7200, "in 2 h")],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds: int, said: str) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    when = now - timedelta(seconds=seconds)
    assert words.ago(now, when, when) == said


def test_the_bands_of_the_list_are_the_bands_people_read() -> None:
    assert [(key, *value) for key, value in FILTER_BANDS.items()] == [tuple(b) for b in words.BANDS]
    for _key, name, low, high in words.BANDS:
        assert words.feeling((low + high) / 2) == name


@given(st.floats(-1, 1))
def test_every_mood_has_one_word_and_one_colour(valence: float) -> None:
    assert words.feeling(valence) in {b[1] for b in words.BANDS}
    assert words.tone(valence) in {"low", "mid", "high"}


@given(st.text())
def test_initials_are_short_whatever_the_name(name: str) -> None:
    assert 1 <= len(words.initials(name)) <= 6


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (40.4, "40 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (300_000, "3 days")],
)
def test_lengths_of_time_are_said_in_the_largest_unit_of_which_there_are_two(
    seconds: float, said: str
) -> None:
    assert words.duration(seconds) == said


@given(st.lists(st.tuples(st.text(max_size=9), NUMBERS, NUMBERS, NUMBERS), max_size=8))
def test_what_was_foretold_is_drawn_soundly_whatever_the_numbers(rows: list) -> None:
    svg = charts.foretold([charts.Pair(*row) for row in rows], "purchases")
    assert not svg or "nan" not in re.sub(r"<title>.*?</title>|<text.*?</text>", "", svg, flags=re.S).lower()


def test_a_bar_is_what_became_real_and_a_line_what_was_foretold() -> None:
    svg = charts.foretold([charts.Pair("1", 2.0, 1.0), charts.Pair("<b>", 0.5, 2.0, 0.5)], "purchases")
    root = ElementTree.fromstring(svg)
    bars = [float(each.get("height", "0")) for each in root.iter() if each.tag.endswith("rect")]
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.2)
    assert "&lt;b&gt;" in svg


def test_an_address_reads_as_one_and_what_is_nested_deeper_stays_whole() -> None:
    assert tags.trait({"street": "Rua Nova 100", "postalCode": "", "city": "Faro"}) == "Rua Nova 100, Faro"
    assert tags.trait({"a": {"b": 1}}) == '{"a": {"b": 1}}'
