"""What the customer page asks of rooms that stand above `profiles`: lent to it, as it cannot look up."""

from __future__ import annotations

from collections.abc import Iterator

from heed.commerce import api as commerce
from heed.contracts.fold import State
from heed.contracts.mood import Circumstance, Mood, Stance
from heed.kit.clock import moment
from heed.kit.money import as_text
from heed.sense import api as sense


def feel(state: State, now: int) -> tuple[Mood, tuple[Circumstance, ...], Stance]:
    """Mood, circumstances and stance at `now` (ms)."""
    return sense.mood_at(state, now), sense.circumstances_at(state, now), sense.stance_of(state, now)


def circumstance_labels() -> dict[str, str]:
    """Words for each circumstance this installation knows, without the figures of one customer."""
    return {each.name: each.name.replace("_", " ") for each in sense.known_circumstances()}


def value(state: State) -> Iterator[tuple[str, str]]:
    """Lines about money: spent in each currency, the average order, how many, the last, the basket."""
    orders: commerce.Orders = state.orders
    for currency, total in sorted(orders.totals.items(), key=lambda each: -each[1].revenue):
        yield "Spent", as_text(total.revenue, currency)
        if total.orders > 1:
            yield "An order on average", as_text(total.revenue // total.orders, currency)
    count = sum(total.orders for total in orders.totals.values())
    if count:
        yield "Orders", f"{count:,}"
    if orders.last_placed:
        when = moment(orders.last_placed)
        yield "Last order", f"{when.day} {when:%B %Y}"
    if orders.basket.items:
        pieces = sum(item.quantity for item in orders.basket.items.values())
        worth, currency = orders.basket.value(), _main_currency(orders)
        yield (
            "In the basket",
            f"{pieces:,}" + (f", {as_text(worth, currency)}" if worth and currency else ""),
        )


_CALLING = ("phone", "call", "calls", "telephone")
"""Purposes under which people say whether they may be called."""


def number_to_call(state: State, phone: str) -> str:
    """The number, where one is known and nobody said that it may not be used."""
    refused = any(said is not None and not said.granted for said in map(state.consent.purposes.get, _CALLING))
    return "" if refused else phone


def _main_currency(orders: commerce.Orders) -> str:
    """A basket names no currency: it is taken to be the one this customer spends most in."""
    return max(orders.totals, key=lambda each: orders.totals[each].revenue, default="")


def next_step(state: State, now: int) -> str:
    """One clear thing to do, from the stance."""
    stance = sense.stance_of(state, now)
    if stance.speaker == "person":
        return "Call them" if "call" not in stance.hold else "Write to them yourself"
    if "apology" in stance.first:
        return "Apologise"
    if "status_update" in stance.first:
        return "Say where it stands"
    return "Offer help" if "help" in stance.first else "Look"
