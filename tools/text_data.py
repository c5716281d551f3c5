"""The data the text models are trained on, in one shape; docs/model-card-text.md describes the folders."""

from __future__ import annotations

import csv
import random
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SENTIMENT = {"negative": 0, "neutral": 1, "positive": 2}
LANGUAGES = {
    "english": "en",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "italian": "it",
    "portuguese": "pt",
}

_POSITIVE_WORDS = """
    admiration amusement approval caring desire excitement gratitude joy love optimism pride relief
"""
_NEGATIVE_WORDS = """
    anger annoyance disappointment disapproval disgust embarrassment fear grief nervousness remorse
    sadness
"""
POSITIVE = frozenset(_POSITIVE_WORDS.split())
NEGATIVE = frozenset(_NEGATIVE_WORDS.split())
EMOTION_OF = {
    **dict.fromkeys(("anger", "annoyance", "disapproval"), "anger"),
    "disgust": "disgust",
    **dict.fromkeys(("fear", "nervousness"), "fear"),
    **dict.fromkeys(
        ("joy", "amusement", "approval", "excitement", "love", "optimism", "relief", "pride", "admiration"),
        "joy",
    ),
    **dict.fromkeys(("desire", "caring"), "joy"),
    **dict.fromkeys(("sadness", "disappointment", "embarrassment", "grief", "remorse"), "sadness"),
    **dict.fromkeys(("surprise", "realization"), "surprise"),
    "gratitude": "gratitude",
    "confusion": "confusion",
    **dict.fromkeys(("neutral", "curiosity"), "neutral"),
}

_BANK_COMPLAINTS = """
    Refund_not_showing_up balance_not_updated_after_bank_transfer card_not_working
    card_payment_fee_charged card_payment_wrong_exchange_rate card_swallowed cash_withdrawal_charge
    contactless_not_working declined_card_payment declined_cash_withdrawal declined_transfer
    extra_charge_on_statement failed_transfer top_up_failed top_up_reverted transaction_charged_twice
    transfer_fee_charged transfer_not_received_by_recipient virtual_card_not_working
    wrong_amount_of_cash_received wrong_exchange_rate_for_cash_withdrawal
"""
_BANK_REQUESTS = """
    activate_my_card change_pin compromised_card edit_personal_details lost_or_stolen_card
    lost_or_stolen_phone order_physical_card passcode_forgotten pin_blocked request_refund
"""
BANK_COMPLAINTS = frozenset(_BANK_COMPLAINTS.split())
BANK_REQUEST = frozenset(_BANK_REQUESTS.split())
BANK_CANCEL = frozenset({"terminate_account", "cancel_transfer"})
_QUESTION = re.compile(
    r"^\s*(how|what|when|where|why|who|which|can|could|do|does|is|are|will|would|may|should)\b|\?\s*$",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\b(please|i need|i want|i'd like|i would like|help me|send me|can you)\b", re.IGNORECASE
)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SLOT = re.compile(r"<([a-z]+)>")
_CHOICE = re.compile(r"\{([^{}]*)\}")


class Example(NamedTuple):
    """One labelled text; None where a head learns nothing from it.

    `part` is `HELD_OUT` for what is never trained on nor looked at while settings are chosen, `COMPARED` for
    what settings are compared on.
    """

    text: str
    language: str
    source: str
    sentiment: int | None = None
    emotion: str | None = None
    intent: str | None = None
    weight: float = 1.0
    part: int = 2


HELD_OUT, COMPARED = 0, 1


def fifth_of(key: str) -> int:
    """In which fifth (0 to 4) a text falls, decided by its hash alone."""
    return zlib.crc32(key.encode()) % 5


def goemotions(folder: Path, part: str) -> Iterator[Example]:
    names = (folder / "goemotions" / "original_labels.txt").read_text().split()
    path = folder / "goemotions" / f"original_{part}.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        for text, labels, _ in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            found = [names[int(label)] for label in labels.split(",")]
            yield Example(
                text,
                "en",
                "goemotions",
                _group(found),
                _emotion(found),
                _weak_intent(found, text),
                0.5,
                HELD_OUT if part == "dev" else fifth_of(text) or 2,
            )


def _group(found: list[str]) -> int | None:
    """Positive or negative where the labels agree, neutral where there is neither, None where they clash."""
    good, bad = any(one in POSITIVE for one in found), any(one in NEGATIVE for one in found)
    if good and bad:
        return None
    return 2 if good else 0 if bad else 1


def _emotion(found: list[str]) -> str | None:
    feelings = {EMOTION_OF[one] for one in found}
    if len(feelings) > 1:
        feelings.discard("neutral")
    return feelings.pop() if len(feelings) == 1 else None


def _weak_intent(found: list[str], text: str) -> str | None:
    """What a comment's emotions suggest about its purpose; only the clear cases."""
    if len(found) != 1:
        return None
    if found[0] in {"gratitude", "admiration"}:
        return "praise"
    if found[0] in {"curiosity", "confusion"} and "?" in text:
        return "question"
    return (
        "other"
        if found[0] in {"neutral", "amusement", "realization", "joy", "sadness"} and "?" not in text
        else None
    )


def rated_tweets(folder: Path) -> Iterator[Example]:
    """Tweets with a mean human rating −4…4; what lies between ±0.6 and ±1.0 is too unclear to teach."""
    with (folder / "tweets" / "vader_tweets.tsv").open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            _, rating, text = line.rstrip("\n").split("\t", 2)
            value = float(rating)
            label = 2 if value >= 0.8 else 0 if value <= -0.8 else 1 if abs(value) < 0.4 else None
            yield Example(text, "en", "tweets", label, intent=_chat(label, text), part=fifth_of(text))


def tweets_in_six_languages(folder: Path) -> Iterator[Example]:
    for name, code in LANGUAGES.items():
        place = folder / "multilingual" / name
        texts = (place / "train_text.txt").read_text(encoding="utf-8").splitlines()
        labels = (place / "train_labels.txt").read_text().split()
        for text, label in zip(texts, labels, strict=True):
            text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
            mood = int(label)
            yield Example(text, code, "multilingual", mood, None, _chat(mood, text), 2.6, fifth_of(text))


def _chat(label: int | None, text: str) -> str | None:
    """Neutral tweets that ask nothing want nothing from a company."""
    return "other" if label == 1 and "?" not in text else None


def bank_customers(folder: Path) -> Iterator[Example]:
    with (folder / "intents" / "train.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            text, category = row["text"], row["category"]
            intent = _bank_intent(text, category)
            sentiment = 1 if intent in {"question", "request"} and category not in BANK_COMPLAINTS else None
            # Customers who say that something does not work are unhappy, however calmly they say it.
            sentiment = 0 if intent == "complaint" else sentiment
            emotion = "neutral" if sentiment == 1 else None
            yield Example(text, "en", "intents", sentiment, emotion, intent, 0.2, fifth_of(text))


def _bank_intent(text: str, category: str) -> str | None:
    asks = _QUESTION.search(text) is not None
    if category in BANK_CANCEL:
        return "cancel"
    if category in BANK_COMPLAINTS:
        return "question" if asks and not re.search(r"\bwhy\b|n't|not", text, re.IGNORECASE) else "complaint"
    if category in BANK_REQUEST and (_REQUEST.search(text) or not asks):
        return "request"
    if _REQUEST.search(text) and not asks:
        return "request"
    return "question" if asks else None


def seed_lines(folder: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """`(language, sentiment, emotion, intent, text)` of every sentence written for Heed.

    In text_customers_*.tsv a line of four columns labels the texts below it.
    """
    with (folder / "text_seed.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["language"], row["sentiment"], row["emotion"], row["intent"], row["text"]
    for path in sorted(folder.glob("text_customers_*.tsv")):
        labels = ("", "", "", "")
        for line in path.read_text(encoding="utf-8").splitlines():
            columns = line.split("\t")
            if len(columns) == 4:
                labels = (columns[0], columns[1], columns[2], columns[3])
            elif line:
                yield (*labels, line)


def slots(folder: Path) -> dict[tuple[str, str], str]:
    """What `<name>` stands for in a language, as a choice."""
    lines = (folder / "text_slots.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return {(language, name): f"{{{choices}}}" for language, name, choices in rows}


def seeds(folder: Path, copies: int = 6) -> Iterator[Example]:
    """Our own sentences: `{a|b|c}` stands for any one of them, `<name>` for a list of text_slots.tsv.

    A line is written out up to twice `copies` times. Of a line that is held out there is one
    variant and none is trained on.
    """
    known = slots(folder)
    for language, sentiment, emotion, intent, line in seed_lines(folder):
        part = fifth_of(line)
        dice = random.Random(zlib.crc32(line.encode()))  # noqa: S311
        full = _SLOT.sub(lambda match, code=language: known[code, match[1]], line)  # type: ignore[misc]
        full = _SLOT.sub(lambda match, code=language: known[code, match[1]], full)  # type: ignore[misc]
        count = 1 if part == HELD_OUT else min(2 * copies, max(2, 2 ** full.count("{")))
        variants = dict.fromkeys(_spell_out(full, dice) for _ in range(count))
        if part != HELD_OUT:
            variants.update(dict.fromkeys(_dressed(text, language, dice) for text in [*variants]))
        for text in variants:
            yield Example(
                text,
                language,
                "seed",
                SENTIMENT[sentiment],
                emotion,
                intent,
                2.8 / len(variants) + 0.4,
                part,
            )


_OPENINGS = {
    "en": ("Hi, ", "Hello, ", "Dear team, ", "@company ", "@company ", "@user "),
    "de": ("Hallo, ", "Guten Tag, ", "@firma "),
    "fr": ("Bonjour, ", "@marque "),
    "es": ("Hola, ", "Buenos días, ", "@empresa "),
    "it": ("Buongiorno, ", "Salve, ", "@azienda "),
    "pt": ("Olá, ", "Bom dia, ", "@empresa "),
}


def _dressed(text: str, language: str, dice: random.Random) -> str:
    """The same words as people type them: with a greeting or an address, in small letters, without stops."""
    if dice.random() < 0.5:
        text = dice.choice(_OPENINGS[language]) + text
    if dice.random() < 0.4:
        text = text.lower()
    if dice.random() < 0.4:
        text = text.rstrip(".!")
    return text


def joined(lines: list[Example], count: int, dice: random.Random) -> Iterator[Example]:
    """Longer texts put together from two sentences of one language.

    Feeling outweighs what is neutral, and what comes after a "but" outweighs what comes before it.
    """
    but = {"en": "but", "de": "aber", "fr": "mais", "es": "pero", "it": "ma", "pt": "mas"}
    by_language: dict[str, list[Example]] = {}
    for one in lines:
        by_language.setdefault(one.language, []).append(one)
    for _ in range(count):
        language = dice.choice(list(by_language))
        first, second = dice.sample(by_language[language], 2)
        if {first.sentiment, second.sentiment} == {0, 2}:
            text = f"{first.text.rstrip('.!')}, {but[language]} {second.text[:1].lower()}{second.text[1:]}"
            yield Example(text, language, "seed", second.sentiment, None, None, 0.4)
            continue
        strong = first if first.sentiment != 1 else second
        yield Example(
            f"{first.text} {second.text}",
            language,
            "seed",
            strong.sentiment,
            strong.emotion,
            strong.intent,
            0.4,
        )


def _spell_out(line: str, dice: random.Random) -> str:
    while True:
        text = _CHOICE.sub(lambda match: dice.choice(match[1].split("|")), line)
        if text == line:
            return text
        line = text


def everything(folder: Path, seed_folder: Path) -> list[Example]:
    """All examples, those held out marked."""
    own = list(seeds(seed_folder))
    return [
        *goemotions(folder, "train"),
        *goemotions(folder, "dev"),
        *rated_tweets(folder),
        *tweets_in_six_languages(folder),
        *bank_customers(folder),
        *own,
        *joined([one for one in own if one.part > COMPARED], 3_000, random.Random(7)),  # noqa: S311
    ]
