"""Which language Heed takes a text to be in."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

import django
import numpy as np
import py3langid
import pytest

from heed.sense.text import ngrams
from heed.sense.text.language import READ_WELL, language_of
from heed.sense.text.normal import unescaped

DATA = Path(os.environ.get("HEED_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
LOCALES = Path(django.__file__).parent / "conf" / "locale"
TWEETS = {
    "english": "en",
    "french": "fr",
    "german": "de",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}

OTHERS = "ar bg cs da el et fi he hu hy id is ja ka ko lt lv nl pl ro ru sl sq sv th tr uk vi"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my parcel?", "en"),
        ("PAKET KAPUTT ANGEKOMMEN", "de"),
        ("Retard inacceptable, je suis déçu", "fr"),
        ("Paquete perdido", "es"),
        ("Spedizione lentissima", "it"),
        ("Encomenda atrasada", "pt"),
        ("Waar blijft mijn bestelling? Ik wacht al twee weken", "nl"),
        ("Gdzie jest moja paczka? Czekam już dwa tygodnie", "pl"),
        ("Где моя посылка? Жду уже две недели", "ru"),
        ("שלום, איפה החבילה שלי?", "he"),
        ("你好，我的包裹在哪里？", "zh"),
        ("", ""),
        ("😀 !!! 42", ""),
    ],
)
def test_the_language_of_what_customers_write(text: str, language: str) -> None:
    said, confidence = language_of(text)
    assert said == language
    assert (confidence == 1.0) == (language in READ_WELL)


@pytest.mark.parametrize("text", ["\x00\x00a", "ᚠᚢᚦ", "a", "\ud800x", "ﷺ" * 600])
def test_what_is_in_no_language_still_gets_one(text: str) -> None:
    assert len(language_of(text)[0]) == 2


def test_sums_are_those_of_py3langid() -> None:
    model = ngrams.load()
    for text in (
        "Ich habe heute keine Lust",
        "quoi de neuf à Paris",
        "WHERE IS IT",
        "カタカナ",
        "Κρασί; 日本",
    ):
        theirs = dict(reversed(py3langid.rank(text)))
        ours = dict(zip(model.languages.tolist(), ngrams.scores(text, model).tolist(), strict=True))
        shared = [name for name in theirs if name in ours and name not in ("sr", "uz")]
        difference = [ours[name] - theirs[name] for name in shared]
        # A step of the stored weights is 0.05, and a text has some dozen n-grams.
        assert np.ptp(difference) < 0.8
        assert len(shared) > 110


def right(texts: list[tuple[str, str]]) -> tuple[float, float]:
    """How often Heed, and how often py3langid alone, names the language."""
    ours = [language_of(text)[0] == language for text, language in texts]
    theirs = [py3langid.classify(text)[0] == language for text, language in texts]
    return float(np.mean(ours)), float(np.mean(theirs))


@pytest.mark.skipif(not (DATA / "multilingual").is_dir(), reason=f"no text data in {DATA}")
def test_tweets_are_told_apart_better_than_by_py3langid() -> None:
    texts = []
    for folder, language in TWEETS.items():
        lines = (DATA / "multilingual" / folder / "train_text.txt").read_text(encoding="utf-8").splitlines()
        texts += [(unescaped(line), language) for line in lines[::3]]
    ours, theirs = right(texts)
    assert ours > 0.98
    assert ours > theirs


def test_languages_that_are_not_read_well_are_recognised() -> None:
    """In the words Django speaks to people with, which are short."""
    texts = []
    for language in OTHERS.split():
        with (LOCALES / language / "LC_MESSAGES" / "django.mo").open("rb") as kept:
            catalogue = gettext.GNUTranslations(kept)._catalog  # type: ignore[attr-defined]
        texts += [(text, language) for text in catalogue.values() if len(text) > 25 and "%" not in text]
    ours, theirs = right(texts)
    assert ours > 0.91
    assert ours > theirs - 0.02
