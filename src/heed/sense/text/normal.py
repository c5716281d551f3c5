"""A text in the shape in which its words are looked up."""

from __future__ import annotations

import html
import re

from heed.sense.text.lexicon import plain

_LINK = re.compile(r"https?://\S+|www\.\S+|\bhttp\b\S*")
_PERSON = re.compile(r"@\w+|\[name\]")
_DIGITS = re.compile(r"\d+")
_ESCAPE = re.compile(r"\\u(00[2-9a-f][0-9a-f]|20[0-9a-f]{2})", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[!?]+|:[-']?[()dpo/\\|*]|<3|[^\w\s.,;]")
_FACE = re.compile(r"(?<!\w):[-']?[()dpo/\\|*]|<3|[\U0001F000-\U0001FAFF\u2600-\u27BF]", re.IGNORECASE)
REPEATED = re.compile(r"(.)\1{2,}")
SAYS_SOMETHING = re.compile(r"[^\s.,;_]")
"""What a text must have to be read at all: a letter, a number, a mark or a face."""


def unescaped(text: str) -> str:
    """Text in which an export left `\\u2019` written out, with the characters that were meant."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text


def normal(text: str) -> str:
    """One line, small letters without accents; links, people and numbers replaced, stretches cut to two."""
    if "\\" in text:
        text = unescaped(text)
    if "&" in text:
        text = html.unescape(text)
    folded = plain(text)
    if not folded.isascii():
        folded = folded.replace("’", "'").replace("ʼ", "'").replace("´", "'")
    folded = folded.replace("`", "'")
    if "http" in folded or "www." in folded:
        folded = _LINK.sub(" urlx ", folded)
    if "@" in folded or "[name]" in folded:
        folded = _PERSON.sub(" userx ", folded)
    folded = _DIGITS.sub("0", folded)
    folded = REPEATED.sub(r"\1\1", folded)
    return " ".join(folded.split())


def tokens(folded: str) -> list[str]:
    """Words, marks, faces and emoji of a `normal` text."""
    return _TOKEN.findall(folded)


def faces(text: str) -> str:
    """The faces and emoji of a text, without its words."""
    return " ".join(_FACE.findall(_LINK.sub(" ", text)))
