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
        ("<script>alert(1)</script>", ""),
        ("<div>unclosed <b>words", "unclosed words"),
        ("<p>cut off</p> <!-- in the middle", "cut off\n <!-- in the middle"),
        ("Fine.<blockquote>We<blockquote>You</blockquote>are sorry</blockquote> Really", "Fine. Really"),
        ("<p>Fine.</p><style/>Really", "Fine.\nReally"),
        ("<p>Hi<o:p>&nbsp;</o:p></p><![endif]--><?xml v?>", "Hi"),
        ('<a title="a > b" href="#">Click</a>', "Click"),
        ("<P CLASS=x>One</P><p\nid=y>Two", "One\n\nTwo"),
    ],
)
def test_only_the_words_are_left(text: str, words: str) -> None:
    assert plain(text).strip() == words.strip()


@pytest.mark.parametrize(
    "text",
    [
        "Your page shows <title> instead of my name, this is terrible",
        "All I see is <style> and <blockquote>",
        "All I see is <!-- and nothing else",
        "Write to <a.smith@example.org> or <b.jones@example.org>",
        "if a<b and c>d then Map<a,b> or List<String>",
        "https://example.org/?id=1&copy=2&reg=3;",
        "&#" + "9" * 5_000 + ";",
        "&#x" + "9" * 5_000 + ";",
    ],
)
def test_what_only_looks_like_markup_stays_as_it_was_written(text: str) -> None:
    assert plain(text) == text


@given(st.text())
def test_where_nothing_is_html_nothing_changes(text: str) -> None:
    if "<" not in text and "&" not in text:
        assert plain(text) == text


_ODD = [
    "<p>",
    "</p>",
    "<!--",
    "-->",
    "<style>",
    "</style>",
    "<blockquote>",
    "</blockquote>",
    "word",
    "<",
    ">",
    "</",
]
_ODD += ["&lt;", "&#", "&", ";", "9" * 5_000, '"', "'", "<a ", "/>", " "]


@given(st.lists(st.sampled_from(_ODD)))
def test_whatever_comes_in_is_read_and_nothing_is_added(parts: list[str]) -> None:
    text = "".join(parts)
    assert len(plain(text)) <= len(text)
    assert plain(text).count("word") <= text.count("word")
