"""Turning texts into numbers: hashed words, hashed characters, and what the word lists know.

A text becomes three blocks of places in one vector of length `SIZE`. The first `NAMED` places belong to features
with a name (concepts, marks, sums of valence); hashed words and hashed characters share the rest. Characters make
most of it, because endings and stems carry over between related languages and survive spelling mistakes.

All values are whole numbers and each block has one factor a text, so that sums do not depend on the order or the
company in which texts are read.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from heed.sense.text.lexicon import CONCEPTS, OPENERS, PHRASES, concepts_of, phrases_in
from heed.sense.text.normal import REPEATED, normal, tokens
from heed.sense.text.valence import BOOSTERS, EMOJI, valence_of

SIZE = 1 << 18
NAMED = 512
_HASHED = SIZE - NAMED
_GRAMS = (2, 3, 4, 5)
GRAIN = 64
"""Named values are kept as whole numbers of 1/64."""

_WORDS_COUNT = 1.2
"""How much longer the block of words is than that of characters; words say more."""

Integers = npt.NDArray[np.int64]
Factors = npt.NDArray[np.float64]

_SAD = re.compile(r":[-']?[(/\\|]")
_GLAD = re.compile(r":[-']?[)dp*]|<3|\bxd\b")
_NEGATION_REACH = 3
_PAIRED = 8
_NOT, _PAIR, _FIRST = 0x5BD1E995, 0x9E3779B1, 0x27D4EB2F
_MASK = 0xFFFFFFFF

_NAMES: dict[str, int] = {}
for _name in (
    *CONCEPTS,
    *(f"not_{name}" for name in CONCEPTS),
    *(f"after_but_{name}" for name in CONCEPTS),
    *PHRASES,
    *("question_mark", "exclamation", "many_marks", "capitals", "stretched", "sad_face", "glad_face", "link"),
    *("person", "digits", "short", "long", "good_emoji", "bad_emoji", "ellipsis", "opens_asking", "quoted"),
    *("lifted", "sunk", "lifted_not", "sunk_not", "lifted_after", "sunk_after", "above", "below", "highest"),
    *("lowest", "ends_high", "ends_low", "starts_high", "starts_low", "silent", "torn", "asks_silent"),
    *("asks_high", "asks_low", "good_minus_bad", "bad_minus_good", "thanks_then_bad", "praise_then_bad"),
    *("bad_then_thanks", "cries_silent", "denies_silent", "speaks_of_you", "speaks_of_me"),
):
    _NAMES.setdefault(_name, len(_NAMES))
assert len(_NAMES) <= NAMED  # noqa: S101

_GOODNESS = {"good": 1.0, "great": 2.0, "thanks": 1.0, "joy": 1.0}
_BADNESS = {"bad": 1.0, "awful": 2.0, "anger": 1.5, "rude": 1.5, "broken": 0.7, "lost": 0.5, "late": 0.7}
_TROUBLE = frozenset({"bad", "awful", "anger", "rude", "broken", "lost", "late", "waiting", "refund"})
_SECOND = """
    you your u ur yours ihr euch euer eure sie vous votre vos vosotros usted vuestro vi voi vostro
"""
_FIRST_PERSON = """
    i my me we our us ich mein meine wir uns je mon ma mes nous yo mi mis io mio mia eu meu minha
"""
_YOU, _ME = frozenset(_SECOND.split()), frozenset(_FIRST_PERSON.split())


class Known(NamedTuple):
    """What is known of a word wherever it stands."""

    hash: int
    concepts: tuple[str, ...]
    valence: float
    boost: float
    phrases: frozenset[str]
    mark: bool


class Vectors(NamedTuple):
    """Texts as numbers: places and whole values, where each text starts in each block, and a factor for each text.

    Blocks are named features, words, characters; a value is 1 where `values` has none.
    """

    named: Integers
    values: Integers
    named_starts: Integers
    words: Integers
    word_starts: Integers
    word_factors: Factors
    grams: Integers
    gram_starts: Integers
    gram_factors: Factors


_known: dict[str, Known] = {}
_KNOWN_LIMIT = 60_000


def known(token: str) -> Known:
    """What is known of a token of a `normal` text; short ones are remembered."""
    found = _known.get(token)
    if found is None:
        if len(_known) >= _KNOWN_LIMIT:
            _known.clear()
        bare = token.replace("'", "")
        mark = not token[0].isalnum()
        concepts = () if mark else concepts_of(bare)
        if token.endswith("n't") and "negation" not in concepts:
            concepts = (*concepts, "negation")
        found = Known(
            zlib.crc32(token.encode("utf-8", "replace")),
            concepts,
            EMOJI.get(token, 0.0) if mark else valence_of(bare),
            BOOSTERS.get(bare, 1.0),
            OPENERS.get(bare, frozenset()),
            mark,
        )
        if len(token) <= 40:
            _known[token] = found
    return found


def vectors(texts: Sequence[str]) -> Vectors:
    """The blocks of some texts, at least one."""
    folded = [normal(text) for text in texts]
    named: list[int] = []
    values: list[int] = []
    words: list[int] = []
    named_starts, word_starts, factors = [], [], []
    for text, line in zip(texts, folded, strict=True):
        named_starts.append(len(named))
        word_starts.append(len(words))
        found = tokens(line)
        features = _walk(found, line, words)
        _marks(text, line, len(found), features)
        for name, value in features.items():
            named.append(_NAMES[name])
            values.append(round(value * GRAIN))
        factors.append(_WORDS_COUNT / math.sqrt(len(words) - word_starts[-1]))
    grams, gram_starts, gram_counts = _grams(folded)
    return Vectors(
        np.array(named, np.int64),
        np.array(values, np.int64),
        np.array(named_starts, np.int64),
        np.array(words, np.int64) % _HASHED + NAMED,
        np.array(word_starts, np.int64),
        np.array(factors),
        grams,
        gram_starts,
        1.0 / np.sqrt(gram_counts),
    )


def _walk(found: list[str], folded: str, words: list[int]) -> dict[str, float]:
    """Append the hashes of words, pairs and negated words; give the counts of concepts and the sums of valence.

    Never leaves `words` as it was: an empty text still has its beginning.
    """
    named: dict[str, float] = {"silent": 1.0}
    negated = 0
    after_but = False
    boost = 1.0
    before = _FIRST
    up = down = up_not = down_not = up_after = down_after = top = low = 0.0
    first = last = 0.0
    openers: set[str] = set()
    order: list[str] = []
    words.append(_FIRST + min(len(found), 3))
    for token in found:
        word = _known.get(token) or known(token)
        own = word.hash
        words.append(own)
        words.append((before * _PAIR + own) & _MASK)
        before = own
        value = word.valence
        concepts = word.concepts
        if word.mark:
            if token[0] in "!?":
                negated = 0
            if not value:
                continue
        if word.phrases:
            openers |= word.phrases
        if "but" in concepts:
            after_but = True
            negated = 0
        if negated:
            words.append(own ^ _NOT)
        for concept in concepts:
            key = f"not_{concept}" if negated and concept != "negation" else concept
            if key not in named:
                named[key] = 1.0
                if len(order) < _PAIRED:
                    order.append(key)
            else:
                named[key] += 1.0
            if after_but:
                later = f"after_but_{concept}"
                named[later] = named.get(later, 0.0) + 1.0
        if value:
            value *= boost
            if negated:
                if value > 0:
                    up_not += value
                else:
                    down_not -= value
                value *= -0.7
            if value > 0:
                up += value
                top = max(top, value)
                if after_but:
                    up_after += value
            else:
                down -= value
                low = max(low, -value)
                if after_but:
                    down_after -= value
            first = first or value
            last = value
        boost = word.boost
        if "negation" in concepts:
            negated = _NEGATION_REACH
        elif negated:
            negated -= 1
    _pairs(order, words, named)
    _tell(named, up, down, top, low, first, last)
    if "silent" in named and "negation" in named:
        named["denies_silent"] = 1.0
    for name, amount in (
        ("lifted_not", up_not),
        ("sunk_not", down_not),
        ("lifted_after", up_after),
        ("sunk_after", down_after),
    ):
        if amount:
            named[name] = min(2.0, amount / 3.0)
    if openers:
        for name in phrases_in(folded, openers):
            named[name] = 1.0
    kinds = set(found)
    if not _YOU.isdisjoint(kinds):
        named["speaks_of_you"] = 1.0
    if not _ME.isdisjoint(kinds):
        named["speaks_of_me"] = 1.0
    if found and "question" in concepts_of(
        found[0] if found[0] != "userx" else found[min(1, len(found) - 1)]
    ):
        named["opens_asking"] = 1.0
    return named


def _pairs(order: list[str], words: list[int], named: dict[str, float]) -> None:
    """Which concepts meet in one text and in which order, as hashes; and what irony is often made of."""
    places = [_NAMES[name] for name in order]
    for i, one in enumerate(places):
        for other in places[i + 1 :]:
            words.append(one * 65_537 + other * 257 + 13)
    good = bad = False
    for name in order:
        if name in _TROUBLE or name in ("not_good", "not_great"):
            if good:
                named["thanks_then_bad" if "thanks" in named else "praise_then_bad"] = 1.0
            bad = True
        elif name in _GOODNESS:
            if bad and name == "thanks":
                named["bad_then_thanks"] = 1.0
            good = True
    goodness = sum(weight * named.get(name, 0.0) for name, weight in _GOODNESS.items())
    badness = sum(weight * named.get(name, 0.0) for name, weight in _BADNESS.items())
    turned = sum(weight * named.get(f"not_{name}", 0.0) for name, weight in _GOODNESS.items())
    for name, count in named.items():
        if count > 1.0:
            named[name] = math.sqrt(count)
    difference = goodness - badness - turned
    if difference:
        named["good_minus_bad" if difference > 0 else "bad_minus_good"] = min(2.0, math.sqrt(abs(difference)))


def _tell(
    named: dict[str, float], up: float, down: float, top: float, low: float, first: float, last: float
) -> None:
    """The sums of valence as features; nothing but silence where no word has one."""
    if not (up or down):
        return
    del named["silent"]
    if up:
        named["lifted"] = min(2.0, up / 3.0)
        named["highest"] = min(2.0, top / 3.0)
    if down:
        named["sunk"] = min(2.0, down / 3.0)
        named["lowest"] = min(2.0, low / 3.0)
    if up and down:
        named["torn"] = 1.0
    total = up - down
    named["above" if total > 0 else "below"] = abs(total) / math.sqrt(total * total + 12.0)
    named["starts_high" if first > 0 else "starts_low"] = 1.0
    named["ends_high" if last > 0 else "ends_low"] = 1.0


def _marks(text: str, folded: str, count: int, named: dict[str, float]) -> None:
    """What punctuation, capitals and faces say."""
    questions, cries = folded.count("?"), folded.count("!")
    if questions:
        named["question_mark"] = min(2, questions)
        named["asks_silent" if "silent" in named else "asks_high" if "above" in named else "asks_low"] = 1.0
    if cries:
        named["exclamation"] = min(2, cries)
        if "silent" in named:
            named["cries_silent"] = 1.0
    if questions + cries > 2:
        named["many_marks"] = 1.0
    if text.upper() == text and count >= 3 and text.lower() != text:
        named["capitals"] = 1.0
    if REPEATED.search(text):
        named["stretched"] = 1.0
    if ":" in folded or "<3" in folded or "xd" in folded:
        if _SAD.search(folded):
            named["sad_face"] = 1.0
        if _GLAD.search(folded):
            named["glad_face"] = 1.0
    if "urlx" in folded:
        named["link"] = 1.0
    if "userx" in folded:
        named["person"] = 1.0
    if "0" in folded:
        named["digits"] = 1.0
    if count <= 4:
        named["short"] = 1.0
    elif count > 30:
        named["long"] = 1.0
    if '"' in folded:
        named["quoted"] = 1.0
    if "..." in text or "…" in text:
        named["ellipsis"] = 1.0
    if not text.isascii():
        good = bad = 0
        for letter in text:
            value = EMOJI.get(letter)
            if value:
                good += value > 0
                bad += value < 0
        if good:
            named["good_emoji"] = min(2, good)
        if bad:
            named["bad_emoji"] = min(2, bad)


def _grams(folded: Sequence[str]) -> tuple[Integers, Integers, Integers]:
    """Character 2- to 5-grams that lie inside a word or at its edge, of all texts at once.

    A gram belongs to the text in which it begins; none reaches into the next, because a space may stand at either
    edge of a gram but not inside, and one space divides the texts.
    """
    line = f" {' '.join(folded)}  "
    points = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), np.uint32)
    spaces = points == 32
    lengths = np.fromiter(map(len, folded), np.int64, len(folded)) + 1
    starts = np.concatenate(([0], np.cumsum(lengths)))
    width = int(starts[-1])
    found = np.zeros((width, len(_GRAMS)), np.uint32)
    inside = np.zeros((width, len(_GRAMS)), bool)
    running = points[:width].copy()
    broken = np.zeros(width, bool)
    padded = np.concatenate((points, np.full(_GRAMS[-1], 32, np.uint32)))
    blank = np.concatenate((spaces, np.ones(_GRAMS[-1], bool)))
    for length in range(2, _GRAMS[-1] + 1):
        running = running * np.uint32(1_000_003) + padded[length - 1 : length - 1 + width]
        if length > 2:
            broken = broken | blank[length - 2 : length - 2 + width]
        found[:, length - 2] = running + np.uint32(length * 0x9E3779B1 & _MASK)
        inside[:, length - 2] = ~broken
    kept = inside.ravel()
    mixed = found.ravel()[kept]
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= mixed >> np.uint32(12)
    counted = np.concatenate(([0], np.cumsum(inside.sum(axis=1))))[starts]
    return mixed.astype(np.int64) % _HASHED + NAMED, counted[:-1], np.diff(counted)
