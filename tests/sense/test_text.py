"""What Heed reads in what customers write."""

from __future__ import annotations

import csv
import os
import random
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from heed.contracts import vocabulary as v
from heed.contracts.event import Event, Understanding
from heed.sense.api import text_of, understand, understand_many
from heed.sense.text import features, model
from heed.sense.text.normal import unescaped
from heed.sense.text.reading import EMOTIONS, INTENTS, SENTIMENTS
from heed.sense.text.units import TEXT_LIMIT, clean, units

DATA = Path(os.environ.get("HEED_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
needs_data = pytest.mark.skipif(
    not (DATA / "multilingual").is_dir(), reason=f"no text data in {DATA}; set HEED_TEST_DATA to run this"
)


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("This is the third time I ask where my parcel is. I needed it for Saturday.", "en", "negative"),
        ("My flight was cancelled and nobody can tell me when I get my money back", "en", "negative"),
        ("Thank you so much, your team was wonderful!", "en", "positive"),
        ("How do I change my delivery address?", "en", "neutral"),
        ("This is the third time I ask where my parcel is!", "en", "negative"),
        ("I'm not angry, just disappointed", "en", "negative"),
        ("Best. Scam. Ever.", "en", "negative"),
        ("Todo perfecto, llegó antes de lo esperado", "es", "positive"),
        ("A day early and exactly as described", "en", "positive"),
        ("Ich warte seit drei Wochen auf mein Paket und niemand antwortet.", "de", "negative"),
        ("Vielen Dank, alles hat super geklappt!", "de", "positive"),
        ("Je suis très déçue, le colis est arrivé cassé.", "fr", "negative"),
        ("Merci beaucoup, service excellent !", "fr", "positive"),
        ("Pésimo servicio, nadie contesta el teléfono.", "es", "negative"),
        ("Estoy encantada con mi pedido, gracias.", "es", "positive"),
        ("Sono molto delusa, il prodotto è arrivato rotto.", "it", "negative"),
        ("Ottimo servizio, consegna velocissima!", "it", "positive"),
        ("Péssimo atendimento, ninguém resolve nada.", "pt", "negative"),
        ("Adorei, entrega rápida e produto excelente!", "pt", "positive"),
    ],
)
def test_what_customers_write_in_six_languages(text: str, language: str, label: str) -> None:
    read = understand(text)
    assert (read.language, read.label) == (language, label)
    assert (read.sentiment < -0.2) == (label == "negative")
    assert (read.sentiment > 0.2) == (label == "positive")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("My order is five days late and nobody answers.", "complaint"),
        ("How long does delivery to Norway take?", "question"),
        ("Please send me a copy of the invoice.", "request"),
        ("Great service, thank you!", "praise"),
        ("I want to cancel my subscription.", "cancel"),
        ("Hiermit kündige ich meinen Vertrag.", "cancel"),
    ],
)
def test_what_customers_want(text: str, intent: str) -> None:
    assert understand(text).intent == intent


@pytest.mark.parametrize(
    ("text", "intent", "label"),
    [
        (
            "Could you check my order? It was due on Monday and I have not heard anything.",
            "complaint",
            "negative",
        ),
        ("I am afraid two items were missing from the delivery.", "complaint", "negative"),
        ("thanks for losing my suitcase, really made my day", "complaint", "negative"),
        ("been on hold for 50 min and then the line went dead", "complaint", "negative"),
        ("what gate does the flight to Oslo leave from?", "question", "neutral"),
        ("Do you have gluten free bread?", "question", "neutral"),
        ("Please book us a table for four on Friday", "request", "neutral"),
        ("My bag was found and delivered today, thank you so much!", "praise", "positive"),
        ("Könnten Sie mir bitte die Rechnung schicken?", "request", "neutral"),
        ("Le colis n'est toujours pas arrivé.", "complaint", "negative"),
        ("¿A qué hora abre la tienda el sábado?", "question", "neutral"),
        ("Il servizio è stato pessimo e nessuno ci ha aiutato.", "complaint", "negative"),
        ("A encomenda chegou com a caixa aberta e falta um artigo.", "complaint", "negative"),
    ],
)
def test_a_polite_complaint_is_told_from_a_question(text: str, intent: str, label: str) -> None:
    read = understand(text)
    assert (read.intent, read.label) == (intent, label)


def test_a_factual_complaint_is_a_complaint_without_being_rude() -> None:
    read = understand("My order has not arrived and it is a week late.")
    assert (read.label, read.intent) == ("negative", "complaint")
    assert read.emotion == "neutral"


def test_anger_is_heard() -> None:
    assert understand("I am furious! Third time I call and your agent hung up on me!!!").emotion == "anger"
    assert understand("Thank you for your kind help").emotion == "gratitude"


def test_the_end_of_a_long_text_and_its_strongest_sentence_count_more() -> None:
    calm = (
        "I ordered a lamp on Monday. The order number is 88213. I live on the second floor, it is an office. "
    )
    bitter = "It arrived broken, your support is terrible and I want my money back! "
    pleased = "It works perfectly and your team was wonderful, thank you! "
    assert understand(calm * 2 + bitter).label == "negative"
    assert understand(calm * 2 + pleased).label == "positive"
    bitter_end, pleased_end = calm + pleased + calm + bitter, calm + bitter + calm + pleased
    assert understand(bitter_end).sentiment < understand(pleased_end).sentiment


def test_quoted_mail_is_not_the_customers_own_words() -> None:
    mail = "Thank you, that solved it!\n\nOn Monday Heed Support wrote:\n> We are terribly sorry."
    assert clean(mail) == "Thank you, that solved it!"
    assert understand(mail).label == "positive"
    mail = "Thank you, that solved it!\n\nVon: Heed Support\nGesendet: Montag\n\nWe are terribly sorry."
    assert clean(mail) == "Thank you, that solved it!"
    assert clean("From: me\nI am sad") == "From: me\nI am sad"


def test_mail_in_html_is_read_as_its_words() -> None:
    words = "My parcel is broken & I am furious!"
    assert understand("<p>My <b>parcel</b> is <i>broken</i> &amp; I am <b>furious</b>!</p>") == understand(
        words
    )


def test_words_we_wrote_ourselves_are_not_read() -> None:
    said = {"text": "We are so sorry"}
    assert text_of(Event("1", "track", 1, 1, name=v.MESSAGE_SENT, properties=said)) == ""
    assert text_of(Event("1", "track", 1, 1, name=v.MESSAGE_RECEIVED, properties=said)) == "We are so sorry"
    assert text_of(Event("1", "track", 1, 1, name=v.SURVEY_ANSWERED, properties={"comment": 7})) == ""
    assert text_of(Event("1", "page", 1, 1, name=v.MESSAGE_RECEIVED, properties=said)) == ""


HOSTILE = [
    "",
    " \n\t ",
    "\x00\x01\x02",
    "😀" * 5000,
    "👩‍👩‍👧‍👦",
    "a" * 1_000_000,
    "! ? " * 200_000,
    "\n" * 100_000,
    "שלום, איפה החבילה שלי?",
    "أين طردي؟",
    "你好，我的包裹在哪里？",
    "\ud800 broken",
    "\\u2019\\uzzzz",
    "&amp;&lt;" * 1000,
    "> quoted\n> only",
    "http://" + "x" * 5000,
    "Z̸̡̢a̵l̶g̷o̴" * 300,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_read_without_complaint(text: str) -> None:
    assert_sound(understand(text))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gives_a_sound_reading(text: str) -> None:
    read = understand(text)
    assert_sound(read)
    assert understand(text) == read


def assert_sound(read: Understanding) -> None:
    assert -1 <= read.sentiment <= 1
    assert read.label in SENTIMENTS
    assert read.emotion in EMOTIONS
    assert read.intent in INTENTS
    for share in (read.emotion_score, read.intent_score, read.confidence):
        assert 0 <= share <= 1


def test_nothing_written_is_nothing_understood() -> None:
    assert understand("  \n").confidence == 0
    assert understand("ok").confidence < understand("I am very unhappy with your terrible service").confidence


COMPANY = [
    "great, thank you",
    "",
    "terrible",
    "\u0301\u0302",
    "😀" * 300,
    "My bag did not arrive and nobody answers. " * 20,
    "a" * 5000,
    "Où est mon colis ?",
    "&#10;&#10; &nbsp; what",
    "\ud800 broken",
    "> quoted only",
    "x",
]


def test_many_texts_are_read_as_each_alone() -> None:
    alone = [understand(text) for text in COMPANY]
    assert understand_many(COMPANY) == alone
    assert understand_many(COMPANY[::-1]) == alone[::-1]
    crowd = understand_many(COMPANY * 60)
    assert all(crowd[place :: len(COMPANY)] == [read] * 60 for place, read in enumerate(alone))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=6))
def test_no_text_changes_how_its_neighbours_are_read(texts: list[str]) -> None:
    assert understand_many(texts) == [understand(text) for text in texts]


def test_hostile_texts_cost_little_time() -> None:
    start = time.thread_time()
    understand_many(HOSTILE)
    assert time.thread_time() - start < 3.0


def test_a_very_long_text_costs_no_more_than_four_thousand_characters() -> None:
    long = clean("Everything was late. " * 100_000)
    assert len(long) <= TEXT_LIMIT + 1
    assert sum(len(unit) for unit in units(long)) <= TEXT_LIMIT + 1


def test_a_flood_of_ever_new_words_does_not_fill_the_memory() -> None:
    chance = random.Random(5)
    texts = ["".join(chance.choices("абвгдежзиклмнопрст", k=400)) for _ in range(3_000)]
    understand_many(texts[:300])
    tracemalloc.start()
    understand_many(texts[300:])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000


def test_the_model_ships_small_and_without_pickle() -> None:
    assert model.PATH.stat().st_size < 15_000_000
    with np.load(model.PATH, allow_pickle=False) as stored:
        assert stored["weights"].dtype == np.int8
        assert stored["weights"].shape == (features.SIZE, model.CLASSES)


def macro_f1(truth: list[int], said: list[int]) -> float:
    scores = []
    for label in range(3):
        hits = sum(t == s == label for t, s in zip(truth, said, strict=True))
        made, real = said.count(label), truth.count(label)
        scores.append(2 * hits / (made + real) if made + real else 0.0)
    return sum(scores) / 3


VADER = SentimentIntensityAnalyzer()


def by_vader(text: str) -> int:
    compound = VADER.polarity_scores(text)["compound"]
    return 2 if compound >= 0.05 else 0 if compound <= -0.05 else 1


@needs_data
@pytest.mark.parametrize(
    ("language", "floor"),
    [
        ("english", 0.60),
        ("german", 0.60),
        ("french", 0.57),
        ("spanish", 0.53),
        ("italian", 0.54),
        ("portuguese", 0.56),
    ],
)
def test_held_out_tweets_are_read_better_than_by_vader(language: str, floor: float) -> None:
    place = DATA / "multilingual" / language
    texts = (place / "train_text.txt").read_text(encoding="utf-8").splitlines()
    labels = [int(label) for label in (place / "train_labels.txt").read_text().split()]
    plainly = [unescaped(text) for text in texts]
    held = [(t, y) for t, y in zip(plainly, labels, strict=True) if zlib.crc32(t.encode()) % 5 == 0]
    truth = [y for _, y in held]
    ours = macro_f1(truth, [SENTIMENTS.index(understand(text).label) for text, _ in held])
    assert ours >= floor
    assert ours > macro_f1(truth, [by_vader(text) for text, _ in held])


GOOD_WORDS = "admiration amusement approval caring desire excitement gratitude joy love optimism pride relief"
BAD_WORDS = """anger annoyance disappointment disapproval disgust embarrassment fear grief nervousness remorse
    sadness"""
GOOD_FEELINGS, BAD_FEELINGS = frozenset(GOOD_WORDS.split()), frozenset(BAD_WORDS.split())


@needs_data
def test_held_out_comments_are_read_better_than_by_vader() -> None:
    positive = GOOD_FEELINGS
    negative = BAD_FEELINGS
    names = (DATA / "goemotions" / "original_labels.txt").read_text().split()
    held: list[tuple[str, int]] = []
    with (DATA / "goemotions" / "original_dev.tsv").open(encoding="utf-8", newline="") as lines:
        for text, labels, _ in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            found = {names[int(label)] for label in labels.split(",")}
            good, bad = bool(found & positive), bool(found & negative)
            if not (good and bad):
                held.append((text, 2 if good else 0 if bad else 1))
    held = held[::2]
    truth = [y for _, y in held]
    ours = macro_f1(truth, [SENTIMENTS.index(understand(text).label) for text, _ in held])
    assert ours >= 0.69
    assert ours > macro_f1(truth, [by_vader(text) for text, _ in held])


def test_a_furious_letter_stays_furious_however_much_it_explains() -> None:
    facts = (
        "The parcel was handed over in Leeds on Monday. It has the number 4711. We live on the second floor. "
        * 8
    )
    letter = f"I am furious, this is the third time you lose my parcel! {facts}"
    assert understand(letter).label == "negative"
    assert understand(letter).sentiment < -0.25
    thanks = f"Thank you so much, your colleague was wonderful! {facts}"
    assert understand(thanks).sentiment > 0.25


@pytest.mark.parametrize(
    "text",
    [
        "How do I get a refund?",
        "I paid by card.",
        "Please send me the invoice again.",
        "Order received today.",
        "My order number is 12345.",
        "Wo finde ich meine Rechnung?",
        "Comment puis-je obtenir un remboursement ?",
        "¿Cómo puedo devolver un artículo?",
    ],
)
def test_plain_facts_and_questions_are_no_complaints(text: str) -> None:
    found = understand(text)
    assert found.label == "neutral"
    assert found.intent != "complaint"


def test_of_a_language_nobody_taught_it_only_faces_are_read() -> None:
    """A guess from words that only look like known ones would move somebody's mood."""
    plain = understand("Paketet kom i går och allt var trasigt.")
    assert (plain.language, plain.sentiment, plain.label, plain.confidence) == ("sv", 0.0, "neutral", 0.0)
    furious = understand("配送が遅すぎます。😡")
    assert furious.label == "negative"
    assert 0 < furious.confidence < 0.3
    assert understand("Zie https://example.org/bestelling voor meer, graag snel antwoord").confidence == 0
