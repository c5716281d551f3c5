"""Who and what the simulated shop is made of: countries, products, and what people write."""

from __future__ import annotations

import math
from typing import Any

from heed.kit.clock import moment

Product = tuple[str, str, str, float]
"""Its id, name, category and price."""

COUNTRIES = {
    "SE": ("Europe/Stockholm", "en", ("Gothenburg", "Malmö", "Uppsala"), "SEK"),
    "DE": ("Europe/Berlin", "de", ("Leipzig", "Köln", "Bremen"), "EUR"),
    "FR": ("Europe/Paris", "fr", ("Nantes", "Lyon", "Lille"), "EUR"),
    "ES": ("Europe/Madrid", "es", ("Valencia", "Bilbao", "Sevilla"), "EUR"),
    "IT": ("Europe/Rome", "it", ("Torino", "Bologna", "Bari"), "EUR"),
    "PT": ("Europe/Lisbon", "pt", ("Porto", "Braga", "Faro"), "EUR"),
    "GB": ("Europe/London", "en", ("Leeds", "Bristol", "Cardiff"), "GBP"),
    "US": ("America/Chicago", "en", ("Austin", "Portland", "Madison"), "USD"),
    "JP": ("Asia/Tokyo", "en", ("Sapporo", "Fukuoka", "Kobe"), "JPY"),
}
"""Country → time zone, language people write in, cities, currency they think in."""

PRODUCTS = (
    ("MUG-01", "Stoneware mug", "Kitchen", 14.0),
    ("MUG-02", "Espresso cups, set of four", "Kitchen", 32.0),
    ("PAN-10", "Cast-iron pan", "Kitchen", 69.0),
    ("KNF-03", "Chef’s knife", "Kitchen", 84.5),
    ("TOW-07", "Linen towels", "Bath", 28.0),
    ("SOP-02", "Olive soap", "Bath", 7.5),
    ("LMP-21", "Reading lamp", "Living", 119.0),
    ("CUS-05", "Wool cushion", "Living", 46.0),
    ("BLK-08", "Lambswool blanket", "Living", 139.0),
    ("VAS-04", "Hand-blown vase", "Living", 58.0),
    ("CHR-30", "Oak stool", "Furniture", 189.0),
    ("TBL-31", "Side table", "Furniture", 249.0),
    ("CND-11", "Beeswax candles", "Gifts", 18.0),
    ("CRD-12", "Letterpress cards", "Gifts", 12.0),
    ("WRP-13", "Gift box", "Gifts", 9.0),
    ("GRD-40", "Garden shears", "Garden", 42.0),
)
"""`(id, name, category, price)`."""

TEXTS: dict[str, dict[str, tuple[str, ...]]] = {
    "late": {
        "en": (
            "Where is my parcel? It was promised for {when} and nothing has come.",
            "My order {order} is late again. I needed it for Saturday and nobody tells me anything.",
            "The tracking has not moved for days. This is really disappointing.",
            "Still no delivery, and no word from you either. Please sort this out.",
            "I have been waiting for order {order} for over a week now.",
        ),
        "de": (
            "Wo bleibt mein Paket? Es sollte schon längst hier sein.",
            "Bestellung {order} ist immer noch nicht da, das ist wirklich ärgerlich.",
            "Seit Tagen keine Bewegung in der Sendungsverfolgung. Ich bin enttäuscht.",
        ),
        "fr": (
            "Où est mon colis ? Il devait arriver il y a plusieurs jours.",
            "La commande {order} n’est toujours pas là, je suis très déçu.",
            "Aucune nouvelle de ma livraison, ce n’est pas sérieux.",
        ),
        "es": (
            "¿Dónde está mi paquete? Tenía que haber llegado hace días.",
            "El pedido {order} sigue sin llegar, estoy muy decepcionado.",
        ),
        "it": (
            "Dov’è il mio pacco? Doveva arrivare giorni fa.",
            "L’ordine {order} non è ancora arrivato, sono delusa.",
        ),
        "pt": (
            "Onde está a minha encomenda? Devia ter chegado há dias.",
            "O pedido {order} ainda não chegou, que desilusão.",
        ),
    },
    "again": {
        "en": (
            "This is the third time I ask. Does anybody read these messages?",
            "I wrote twice already and got no answer. I want my money back.",
            "Nobody answers me. This is unacceptable, I am really angry now.",
        ),
        "de": (
            "Ich schreibe jetzt zum dritten Mal. Antwortet hier überhaupt jemand?",
            "Das ist eine Frechheit, ich will mein Geld zurück.",
        ),
        "fr": (
            "C’est la troisième fois que je vous écris. C’est inadmissible.",
            "Personne ne répond, je veux être remboursée.",
        ),
        "es": (
            "Es la tercera vez que escribo. Esto es inaceptable.",
            "Nadie contesta, quiero que me devuelvan el dinero.",
        ),
        "it": ("È la terza volta che scrivo. È inaccettabile.",),
        "pt": ("É a terceira vez que escrevo. Isto é inaceitável.",),
    },
    "broken": {
        "en": (
            "The {product} arrived broken. I am quite unhappy about that.",
            "Unfortunately the {product} has a crack and cannot be used.",
            "The {product} is not what the picture shows, poor quality.",
        ),
        "de": ("{product} kam leider kaputt an. Das ist sehr schade.",),
        "fr": ("{product} est arrivé cassé, je suis mécontente.",),
        "es": ("{product} llegó roto, qué mala calidad.",),
        "it": ("{product} è arrivato rotto, pessima qualità.",),
        "pt": ("{product} chegou partido, má qualidade.",),
    },
    "question": {
        "en": (
            "Is the {product} dishwasher safe?",
            "When will the {product} be back in stock?",
            "Can I change the delivery address of order {order}?",
            "Do you ship to Norway?",
        ),
        "de": ("Wann ist {product} wieder verfügbar?", "Kann ich die Lieferadresse ändern?"),
        "fr": (
            "Quand {product} sera-t-il de nouveau disponible ?",
            "Puis-je changer l’adresse de livraison ?",
        ),
        "es": ("¿Cuándo vuelve a haber {product}?",),
        "it": ("Quando torna disponibile {product}?",),
        "pt": ("Quando volta a haver {product}?",),
    },
    "praise": {
        "en": (
            "Thank you so much, the {product} is beautiful!",
            "Arrived a day early and so lovingly wrapped. Thank you!",
            "Your colleague was very kind and solved it at once, thanks a lot.",
            "I love the {product}, exactly what I hoped for.",
        ),
        "de": ("Vielen Dank, {product} ist wunderschön!", "Sehr netter Service, herzlichen Dank!"),
        "fr": ("Merci beaucoup, {product} est magnifique !", "Service très aimable, merci !"),
        "es": ("¡Muchas gracias, {product} es precioso!", "Un trato muy amable, gracias."),
        "it": ("Grazie mille, {product} è bellissimo!",),
        "pt": ("Muito obrigada, {product} é lindo!",),
    },
    "cancel": {
        "en": ("Please cancel order {order}, I bought it elsewhere.", "I want to close my account."),
        "de": ("Bitte stornieren Sie die Bestellung {order}.",),
        "fr": ("Merci d’annuler la commande {order}.",),
        "es": ("Por favor, cancelen el pedido {order}.",),
        "it": ("Per favore annullate l’ordine {order}.",),
        "pt": ("Por favor cancelem o pedido {order}.",),
    },
    "fine": {
        "en": ("All as expected.", "Okay, nothing special.", "Good, could be a bit faster."),
        "de": ("Alles wie erwartet.", "Ganz in Ordnung."),
        "fr": ("Conforme à mes attentes.", "Correct, sans plus."),
        "es": ("Todo según lo esperado.",),
        "it": ("Tutto come previsto.",),
        "pt": ("Tudo como esperado.",),
    },
}

KIND_WORDS = (
    "We are very sorry about this. I have just called the carrier, it will be with you tomorrow.",
    "I understand how annoying this is. I am sending a new one today, and the shipping is on us.",
    "Thank you for your patience. I have found it and will call you as soon as it moves.",
)
PLAIN_WORDS = ("Your request has been received.", "Please see our delivery terms.", "We have forwarded this.")


def product(about: Product) -> dict[str, Any]:
    """A product as trackers describe it."""
    return {
        "product_id": about[0],
        "name": about[1],
        "category": about[2],
        "price": about[3],
        "currency": "EUR",
    }


def total(basket: list[Product]) -> float:
    return round(math.fsum(price for *_, price in basket), 2)


def iso(ms: int) -> str:
    return moment(ms).isoformat().replace("+00:00", "Z")
