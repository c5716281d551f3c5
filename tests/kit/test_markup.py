"""What is read of a text that may be HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.kit.markup import plain


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "<p>My <b>parcel</b> is <i>broken</i> &amp; I am <b>furious</b>!</p>",
            "My parcel is broken & I am furious!",
        ),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("<html><head><style>p { color: red }</style></head><body>Hello</body></html>", "Hello"),
        ("<!-- nobody <b>reads</b> this -->Fine", "Fine"),
        ("Thanks!<blockquote>We are sorry</blockquote>", "Thanks!"),
        ("I <3 it, a < b and <name>", "I <3 it, a < b and <name>"),
        ("Marks &amp; Spencer isn&#39;t late", "Marks & Spencer isn't late"),
        ("AT&T; a fine name", "AT&T; a fine name"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<div>unclosed <b>words", "unclosed words"),
        ("cut off <!-- in the middle", "cut off "),
    ],
)
def test_only_the_words_are_left(text: str, words: str) -> None:
    assert plain(text).strip() == words.strip()


@given(st.text())
def test_where_nothing_is_html_nothing_changes(text: str) -> None:
    if "<" not in text and "&" not in text:
        assert plain(text) == text


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<!--", "-->", "<style>", "</style>", "word", "<", ">", "&lt;"]))
)
def test_whatever_comes_in_is_read_without_an_error(parts: list[str]) -> None:
    text = "".join(parts)
    assert plain(text).strip() or not text.strip() or plain(text) == text
