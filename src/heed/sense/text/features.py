"""Turning a text into numbers: hashed words, hashed characters, and what the word lists know.

A text becomes indices and values of a sparse vector of length `SIZE`. The first `NAMED` places belong to
features with a name (concepts of the word lists, marks, VADER's sums), the rest are shared by hashing.
Characters make most of it, because endings and stems carry over between related languages and survive
spelling mistakes.
"""

from __future__ import annotations

import html
import math
import re
import zlib
from functools import cache

import numpy as np
import numpy.typing as npt
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from heed.sense.text.lexicon import CONCEPTS, PHRASES, concepts_of, matching_phrases, plain

SIZE = 1 << 18
NAMED = 512
_HASHED = SIZE - NAMED
_GRAMS = (2, 3, 4, 5)

Indices = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]

_LINK = re.compile(r"https?://\S+|www\.\S+|\bhttp\b\S*")
_PERSON = re.compile(r"@\w+|\[name\]")
_DIGITS = re.compile(r"\d+")
_ESCAPE = re.compile(r"\\u(00[2-9a-f][0-9a-f]|20[0-9a-f]{2})", re.IGNORECASE)
_REPEATED = re.compile(r"(.)\1{2,}")
_STRETCHED = re.compile(r"(.)\1{4,}")
_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[!?]+|:[-']?[()dpo/\\|*]|<3|[^\w\s.,;]")
_SPACE = re.compile(r"\s+")
_SAD = re.compile(r":[-']?[(/\\|]")
_GLAD = re.compile(r":[-']?[)dp*]|<3|\bx[dD]\b")
_NEGATION_REACH = 3
_VADER_READS = 600
_VADER_EMOJI = 12

_NAMES: dict[str, int] = {}
for _name in (
    *CONCEPTS,
    *(f"not_{name}" for name in CONCEPTS),
    *(f"after_but_{name}" for name in CONCEPTS),
    *PHRASES,
    *(
        "question_mark",
        "exclamation",
        "many_marks",
        "capitals",
        "stretched",
        "sad_face",
        "glad_face",
        "link",
        "person",
    ),
    *("digits", "short", "long", "good_emoji", "bad_emoji", "ellipsis"),
    *("vader_positive", "vader_negative", "vader_sum_up", "vader_sum_down", "vader_silent"),
    *("good_minus_bad", "bad_minus_good"),
):
    _NAMES.setdefault(_name, len(_NAMES))
assert len(_NAMES) <= NAMED  # noqa: S101

_GOOD_EMOJI = frozenset("😀😃😄😁😆😊🙂😍🥰😘😋🤗🤩😎👍👏🙌💪🎉❤💕💖💙💚💛💜🧡✨🔥💯☺😂🤣🙏⭐🌟♥")
_BAD_EMOJI = frozenset("😠😡🤬😤😞😢😭😩😫😖😣😕🙁☹👎🤮🤢💩😒🙄😑😪😰😱💔🖕😓😥")
_EMOJI = _GOOD_EMOJI | _BAD_EMOJI
_GOODNESS = {"good": 1.0, "great": 2.0, "thanks": 1.0, "joy": 1.0}
_BADNESS = {"bad": 1.0, "awful": 2.0, "anger": 1.5, "rude": 1.5, "broken": 0.7, "lost": 0.5, "late": 0.7}


@cache
def vader() -> SentimentIntensityAnalyzer:
    """VADER, whose English lexicon is one of the features."""
    return SentimentIntensityAnalyzer()


def unescaped(text: str) -> str:
    """Text in which an export left `\\u2019` written out, with the characters that were meant."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text


def normal(text: str) -> str:
    """One line, small letters without accents; links, people and numbers replaced, stretches cut to two."""
    folded = plain(html.unescape(unescaped(text))).replace("’", "'").replace("`", "'")
    folded = _LINK.sub(" urlx ", folded)
    folded = _PERSON.sub(" userx ", folded)
    folded = _DIGITS.sub("0", folded)
    folded = _REPEATED.sub(r"\1\1", folded)
    return _SPACE.sub(" ", folded).strip()


def tokens(folded: str) -> list[str]:
    """Words, marks, faces and emoji of a `normal` text."""
    return _TOKEN.findall(folded)


def features(text: str) -> tuple[Indices, Values]:
    """The sparse vector of one text. Blocks (words, characters) have length 1 each, so length says little."""
    folded = normal(text)
    found = tokens(folded)
    words, named = _words(found)
    named.update(_marks(text, folded, found))
    word_places, word_values = _block(words)
    gram_places, gram_values = _grams(folded)
    places = np.concatenate(
        [np.fromiter((_NAMES[name] for name in named), np.int64, len(named)), word_places, gram_places]
    )
    values = np.concatenate([np.fromiter(named.values(), np.float32, len(named)), word_values, gram_values])
    return places, values


def _words(found: list[str]) -> tuple[list[int], dict[str, float]]:
    """Hashes of words, pairs and negated words, and the counts of concepts."""
    hashes: list[int] = []
    named: dict[str, float] = {}
    negated = 0
    after_but = False
    before = "^"
    for token in found:
        hashes.append(zlib.crc32(token.encode()))
        hashes.append(zlib.crc32(f"{before} {token}".encode()))
        before = token
        if not token[0].isalnum():
            if token[0] in "!?":
                negated = 0
            continue
        concepts = concepts_of(token.replace("'", ""))
        if "but" in concepts:
            after_but = True
            negated = 0
        if negated:
            hashes.append(zlib.crc32(f"not_{token}".encode()))
        for concept in concepts:
            key = f"not_{concept}" if negated and concept != "negation" else concept
            named[key] = named.get(key, 0.0) + 1.0
            if after_but:
                later = f"after_but_{concept}"
                named[later] = named.get(later, 0.0) + 1.0
        if "negation" in concepts or token.endswith("n't"):
            negated = _NEGATION_REACH
        elif negated:
            negated -= 1
    good = sum(weight * named.get(name, 0.0) for name, weight in _GOODNESS.items())
    bad = sum(weight * named.get(name, 0.0) for name, weight in _BADNESS.items())
    good_turned = sum(weight * named.get(f"not_{name}", 0.0) for name, weight in _GOODNESS.items())
    for name in named:
        named[name] = math.sqrt(named[name])
    difference = good - bad - good_turned
    if difference:
        named["good_minus_bad" if difference > 0 else "bad_minus_good"] = min(2.0, math.sqrt(abs(difference)))
    return hashes, named


def _marks(text: str, folded: str, found: list[str]) -> dict[str, float]:
    """What punctuation, capitals, faces and VADER say."""
    named: dict[str, float] = dict.fromkeys(matching_phrases(folded), 1.0)
    questions, cries = folded.count("?"), folded.count("!")
    letters = sum(map(str.isalpha, text))
    capitals = sum(map(str.isupper, text))
    pictures = [] if text.isascii() else [character for character in text if character in _EMOJI]
    marks = {
        "question_mark": min(2, questions),
        "exclamation": min(2, cries),
        "many_marks": float(questions + cries > 2),
        "capitals": float(letters >= 8 and capitals > 0.5 * letters),
        "stretched": float(_REPEATED.search(text) is not None),
        "sad_face": float(_SAD.search(folded) is not None),
        "glad_face": float(_GLAD.search(folded) is not None),
        "link": float("urlx" in folded),
        "person": float("userx" in folded),
        "digits": float("0" in folded),
        "short": float(len(found) <= 4),
        "long": float(len(found) > 30),
        "good_emoji": min(2, sum(character in _GOOD_EMOJI for character in pictures)),
        "bad_emoji": min(2, sum(character in _BAD_EMOJI for character in pictures)),
        "ellipsis": float("..." in text or "…" in text),
    }
    named.update({name: float(value) for name, value in marks.items() if value})
    # VADER writes every emoji out in words; hundreds of one would cost seconds and say nothing more.
    polarity = vader().polarity_scores(_few_emoji(_STRETCHED.sub(r"\1\1\1\1", text[:_VADER_READS])))
    if polarity["pos"] or polarity["neg"]:
        named["vader_positive"] = min(1.5, 2.5 * polarity["pos"])
        named["vader_negative"] = min(1.5, 2.5 * polarity["neg"])
        named["vader_sum_up" if polarity["compound"] > 0 else "vader_sum_down"] = abs(polarity["compound"])
    else:
        named["vader_silent"] = 1.0
    return named


def _few_emoji(text: str) -> str:
    """The text with its first emoji only, `_VADER_EMOJI` of them."""
    if text.isascii():
        return text
    kept = 0
    letters = []
    for letter in text:
        if letter >= "\u2190":
            kept += not letter.isalpha()
            if kept > _VADER_EMOJI and not letter.isalpha():
                continue
        letters.append(letter)
    return "".join(letters)


def _block(hashes: list[int]) -> tuple[Indices, Values]:
    places = np.unique(np.array(hashes, dtype=np.int64) % _HASHED) + NAMED
    return places, np.full(len(places), 1.0 / math.sqrt(max(1, len(places))), np.float32)


def _grams(folded: str) -> tuple[Indices, Values]:
    """Character 2- to 5-grams that lie inside a word or at its edge, hashed all at once."""
    points = np.frombuffer(f" {folded} ".encode("utf-32-le", "replace"), np.uint32)
    spaces = np.cumsum(points == 32)
    parts = []
    running = np.zeros(len(points), np.uint32)
    for length in range(1, _GRAMS[-1] + 1):
        count = len(points) - length + 1
        if count <= 0:
            break
        running = running[:count] * np.uint32(1_000_003) + points[length - 1 :]
        if length in _GRAMS:
            # A space may stand at either edge but not inside.
            inner = spaces[length - 2 : length - 2 + count] - spaces[:count]
            mixed = running + np.uint32(length * 0x9E3779B1 & 0xFFFFFFFF)
            parts.append(mixed[inner == 0])
    mixed = np.concatenate(parts) if parts else np.zeros(0, np.uint32)
    mixed = mixed ^ (mixed >> np.uint32(15))
    mixed = mixed * np.uint32(0x2C1B3C6D)
    mixed = mixed ^ (mixed >> np.uint32(12))
    places = np.unique(mixed.astype(np.int64) % _HASHED) + NAMED
    return places, np.full(len(places), 1.0 / math.sqrt(max(1, len(places))), np.float32)
