"""The words of a text that may be HTML, as mail and editors send it."""

from __future__ import annotations

import html
import re
from itertools import islice

_BLOCK = "address article br div dd dl dt footer h1 h2 h3 h4 h5 h6 header hr li ol p pre section table tr ul"
_BLOCKS = frozenset(_BLOCK.split())
_HIDDEN = frozenset(["blockquote", "head", "script", "style", "title"])
"""What is in these nobody wrote or reads; in a mail, a block quoted is what is answered to."""
_INLINE = "a abbr b big body center cite code em figure font html i img ins kbd q s small span strike strong sub sup tbody td th thead tt u"
_NAMES = "|".join(sorted({*_BLOCKS, *_HIDDEN, *_INLINE.split()}))
_HTML = re.compile(
    rf"</(?=[a-z])(?:{_NAMES})\s*>|<br\s*/?>|\A\s*<(?:!doctype html|(?:{_NAMES})(?=[\s/>]))", re.IGNORECASE
)
_TAG = re.compile(
    r"""<(?:!--|[!?][^<>]*>|(/?)([a-z][a-z0-9:]*+)(?=[\s/>])(?:(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>|[^<>]*+>))""",
    re.IGNORECASE,
)
_MOST_TAGS = 3_000
"""What comes after so many is not read: a letter has hundreds, and whoever sends more should not be given more time."""
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def plain(text: str) -> str:
    """The words without tags, comments and what is hidden; blocks begin on lines of their own, `&amp;` is read as `&`.

    A text without a tag that closes or breaks a line is no HTML, whatever it quotes: but for its entities it stays as it
    is. Empty where all is hidden. Takes time in proportion to the text, whatever is in it.
    """
    if "<" in text and _HTML.search(text):
        text = _without_tags(text)
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def _without_tags(text: str) -> str:
    tags = list(islice(_TAG.finditer(text), _MOST_TAGS))
    if len(tags) == _MOST_TAGS:
        text = text[: tags[-1].end()]
    closed_by, last_comment = _pairs(tags), text.rfind("-->")
    parts: list[str] = []
    at = 0
    for place, tag in enumerate(tags):
        if tag.start() < at:
            continue
        end = tag.end()
        if tag[0] == "<!--":
            if end > last_comment:
                continue
            end = text.find("-->", end) + 3
        elif place in closed_by:
            end = closed_by[place]
        parts.append(text[at : tag.start()])
        if (tag[2] or "").lower() in _BLOCKS:
            parts.append("\n")
        at = end
    parts.append(text[at:])
    return "".join(parts)


def _pairs(tags: list[re.Match[str]]) -> dict[int, int]:
    """Of each tag that hides what is in it and is closed: where that ends."""
    open_now: dict[str, list[int]] = {name: [] for name in _HIDDEN}
    closed_by: dict[int, int] = {}
    for place, tag in enumerate(tags):
        waiting = open_now.get((tag[2] or "").lower())
        if waiting is None or tag[0].endswith("/>"):
            continue
        if not tag[1]:
            waiting.append(place)
        elif waiting:
            closed_by[waiting.pop()] = tag.end()
    return closed_by
