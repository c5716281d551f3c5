"""The words of a text that may be HTML, as mail and editors send it."""

from __future__ import annotations

import html
import re

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "br",
        "div",
        "dd",
        "dl",
        "dt",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_HIDDEN = frozenset(["blockquote", "head", "script", "style", "title"])
"""What is in these nobody wrote or reads; in a mail, a block quoted is what is answered to."""
_INLINE = "a abbr b big body center cite code col colgroup del em figure font html i img ins kbd link mark meta nav q s small span strike strong sub sup tbody td tfoot th thead tt u wbr"
_NAMES = "|".join(sorted({*_BLOCKS, *_HIDDEN, *_INLINE.split()}, key=len, reverse=True))
_TAG = re.compile(rf"<(?:!doctype|(/?)({_NAMES}))\b[^<>]*>|<!--", re.IGNORECASE)


def plain(text: str) -> str:
    """The words without tags, comments and what is hidden; blocks begin on lines of their own, `&amp;` is read as `&`.

    A text that is no HTML stays as it is but for its entities: `<3`, `a < b` and `<name>` are no tags. Takes time in
    proportion to the text, whatever is in it. Where nothing would be left, all of it is.
    """
    if "<" not in text:
        return html.unescape(text) if "&" in text and ";" in text else text
    parts: list[str] = []
    at, hidden = 0, ""
    for tag in _TAG.finditer(text):
        if tag.start() < at:
            continue
        if not hidden:
            parts.append(text[at : tag.start()])
        at, name = tag.end(), (tag[2] or "").lower()
        if tag[0] == "<!--":
            end = text.find("-->", at)
            at = len(text) if end < 0 else end + 3
        elif hidden:
            if tag[1] and name == hidden:
                hidden = ""
        elif name in _HIDDEN and not tag[1]:
            hidden = name
        elif name in _BLOCKS:
            parts.append("\n")
    if not hidden:
        parts.append(text[at:])
    found = html.unescape("".join(parts))
    return found if found.strip() else text
