"""Who lives in the simulated shop, and how their world works."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from heed.demo import cast
from heed.demo.cast import Product
from heed.demo.names import Person, persons
from heed.kit.clock import DAY


@dataclass(frozen=True)
class Nature:
    """How this world works; another nature is another world to try an estimate on.

    Rates are per visit or order; `half_life` is how fast feelings return to the usual (ms).
    """

    half_life: int = 3 * DAY
    late: float = 0.13
    broken: float = 0.04
    out_of_stock: float = 0.06
    payment_fails: float = 0.05
    bad_day: float = 0.04
    kind_agent: float = 0.6
    days_between_visits: float = 12.0
    unheard: float = 0.0
    """Share of what happens that never reaches the trackers."""


@dataclass
class Customer:
    number: int
    country: str
    usual: float
    feeling: float
    felt_at: int
    anonymous_id: str
    known: bool = False
    mobile: bool = False
    marketing: bool = False
    activity: float = 1.0
    contacts: int = 0
    orders: int = 0
    basket: list[Product] = field(default_factory=list)
    truth_at: list[int] = field(default_factory=list)
    truth: list[float] = field(default_factory=list)
    person: Person = field(init=False)

    @property
    def user_id(self) -> str:
        return f"c{self.number:05d}"


def settle(chance: random.Random, seed: int, count: int, start: int) -> list[Customer]:
    """The customers there are at the start (ms). Who they are by name is drawn apart from how they feel and do."""
    found = [_somebody(chance, number, start) for number in range(count)]
    for customer, person in zip(found, persons(seed, [each.country for each in found]), strict=True):
        customer.person = person
    return found


def _somebody(chance: random.Random, number: int, start: int) -> Customer:
    country = chance.choices(list(cast.COUNTRIES), (10, 8, 7, 5, 4, 3, 8, 8, 2))[0]
    # Two draws nobody uses: the world of a seed is the one that bench/ has measured moods on.
    chance.choice(range(10)), chance.choice(range(8))
    usual = max(-0.3, min(0.6, chance.gauss(0.15, 0.18)))
    made = Customer(
        number,
        country,
        usual,
        usual,
        start,
        str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        mobile=chance.random() < 0.45,
        marketing=chance.random() < 0.6,
        activity=chance.lognormvariate(0, 0.5),
    )
    made.truth_at.append(start)
    made.truth.append(usual)
    return made


def traits(customer: Customer) -> dict[str, Any]:
    """What a customer says of themselves at their first order."""
    zone, language, _, _ = cast.COUNTRIES[customer.country]
    person = customer.person
    return {
        "name": person.name,
        "email": person.email,
        "country": customer.country,
        "city": person.city,
        "address": {"street": person.street, "postalCode": person.postcode, "city": person.city},
        "language": language,
        "timezone": zone,
    }


_COMPANIES = (
    *(
        "Alder & Finch",
        "Brightwater Studio",
        "Café Lindgren",
        "Dalhem Bygg",
        "Estudio Roble",
        "Fjord Consulting",
    ),
    *(
        "Gruber Metallbau",
        "Harbour Dental",
        "Ivory Coast Imports",
        "Juniper Hotels",
        "Kanal 12",
        "Librería Sur",
    ),
)
_STREETS = ("Storgatan", "Mill Lane", "Rue du Moulin", "Lindenweg", "Via Roma", "Calle Mayor")


def account(number: int) -> tuple[str, dict[str, Any]] | None:
    """What the customer of this number belongs to: every fifth to a company, every fifth to a household of two."""
    place, kind = divmod(number, 5)
    if kind == 0:
        company = place % len(_COMPANIES)
        plan = ("starter", "team", "enterprise")[company % 3]
        return f"company-{company + 1}", {
            "name": _COMPANIES[company],
            "plan": plan,
            "employees": 8 + 31 * company,
        }
    if kind == 1:
        home = place // 2
        name = f"{_STREETS[home % len(_STREETS)]} {1 + home // len(_STREETS)}"
        return f"home-{home + 1}", {"name": name, "type": "household"}
    return None
