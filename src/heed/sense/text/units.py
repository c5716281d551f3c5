"""Cutting a text into units that are understood one by one."""

from __future__ import annotations

import re

from heed.kit.markup import plain

TEXT_LIMIT = 4_000
"""Characters of one text that are read; what lies in the middle of a longer one is left out."""

WHOLE_UP_TO = 220
"""A text of at most this many characters is one unit."""

_UNIT_LEAST = 40
_UNIT_MOST = 500
_UNITS_LIMIT = 60
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff]+")
_SPACE = re.compile(r"\s+")
_END = re.compile(r"(?<=[.!?…。！？؟])[\"'”»)\]]*\s+|\s*\n+\s*|(?<=[。！？])")
_QUOTED = re.compile(
    r"^\s*(?:>|(?:On|Am|Le|El|Il|Em) .{4,80}(?:wrote|schrieb|écrit|escribió|scritto|escreveu)\s*:?\s*$)"
)
_ANSWERED = re.compile(
    r"^[ \t]*(?:-{2,20} ?Original Message\b"
    r"|(?:From|Von|De|Da) ?:.*\n{1,2}[ \t]*(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha|Data|Inviato) ?:)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where the mail that is answered to begins, in programs that do not quote it."""


def clean(text: str) -> str:
    """The customer's own words: no markup, no control characters, no quoted mail, at most `TEXT_LIMIT` characters.

    Of a longer text the first and last parts are kept, because that is where people say what they want.
    """
    text = plain(text)
    if len(text) > TEXT_LIMIT:
        half = TEXT_LIMIT // 2
        text = f"{text[:half]}\n{text[-half:]}"
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = _CONTROL.sub(" ", text.replace("\r", "\n"))
    own: list[str] = []
    for line in text.split("\n"):
        if _QUOTED.match(line):
            if not line.lstrip().startswith(">"):
                break
            continue
        own.append(line)
    words = "\n".join(own)
    if answered := _ANSWERED.search(words):
        words = words[: answered.start()]
    return words.strip() or text.strip()


def units(text: str) -> list[str]:
    """Sentences of a cleaned text; short ones stay with the one before. A short text is one unit."""
    if len(text) <= WHOLE_UP_TO:
        whole = _SPACE.sub(" ", text).strip()
        return [whole] if whole else []
    found: list[str] = []
    for part in _END.split(text):
        sentence = _SPACE.sub(" ", part or "").strip()
        if not sentence:
            continue
        if found and (len(sentence) < _UNIT_LEAST or len(found[-1]) < _UNIT_LEAST):
            found[-1] = f"{found[-1]} {sentence}"
        else:
            found.append(sentence)
        while len(found[-1]) > _UNIT_MOST:
            cut = found[-1].rfind(" ", 1, _UNIT_MOST)
            cut = cut if cut > 0 else _UNIT_MOST
            found[-1:] = [found[-1][:cut].rstrip(), found[-1][cut:].lstrip()]
    if len(found) > _UNITS_LIMIT:
        half = _UNITS_LIMIT // 2
        found = found[:half] + found[-half:]
    return found
