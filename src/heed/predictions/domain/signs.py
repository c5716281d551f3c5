"""What is known of customers on a day that may tell what they will do: each sign, its weight's scale, its words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from heed.contracts.mood import feeling
from heed.predictions.domain.reasons import ago, span

Floats = NDArray[np.float64]
Known = Mapping[str, float]
"""What is known of one customer: RAW by name; not a number where unknown."""
Columns = Mapping[str, Floats]

RAW: Final = (
    *("since_last", "purchases", "since_first", "usual_gap", "spend"),
    *("known_days", "unseen_days", "days_30", "days_90", "baskets_30"),
    *("contacts_90", "late_180", "returns_180", "mood", "rating"),
)
"""Days since the last and the first purchase and between two; what they spend beside others of their currency (1 is
the middle); days since first and last seen; days with events, pieces put in the basket, contacts, late orders and
returns of so many days; mood −1…1; last rating 0…1."""


class Sign(msgspec.Struct, frozen=True):
    """Something looked at. `read` gives its scale from the raw columns; `topic` is what it belongs to."""

    name: str
    topic: str
    read: Callable[[Columns], Floats]


def _log(name: str) -> Callable[[Columns], Floats]:
    return lambda raw: np.log1p(np.maximum(raw[name], 0))


def _rate(raw: Columns) -> Floats:
    months = np.maximum(raw["since_first"], 14) / 30
    return np.log1p(np.maximum(raw["purchases"] - 1, 0) / months)


def _overdue(raw: Columns) -> Floats:
    return np.log1p(raw["since_last"] / np.maximum(raw["usual_gap"], 1))


def _came_since(raw: Columns) -> Floats:
    """How long after the last purchase they still came. Said like this, and not as how long ago they were seen, a
    purchase long ago means less and a visit after it more, as people would have it."""
    return np.log1p(np.maximum(raw["since_last"] - raw["unseen_days"], 0))


def _unseen_of_nobody_who_bought(raw: Columns) -> Floats:
    return np.where(raw["purchases"] > 0, np.nan, np.log1p(np.maximum(raw["unseen_days"], 0)))


SIGNS: Final = (
    Sign("bought", "buying", lambda raw: (raw["purchases"] > 0).astype(np.float64)),
    Sign("recency", "buying", _log("since_last")),
    Sign("recency_squared", "buying", lambda raw: _log("since_last")(raw) ** 2),
    Sign("frequency", "buying", _log("purchases")),
    Sign("rate", "buying", _rate),
    Sign("overdue", "buying", _overdue),
    Sign("recency_by_frequency", "buying", lambda raw: _log("since_last")(raw) * _log("purchases")(raw)),
    Sign("spend", "spend", _log("spend")),
    Sign("tenure", "tenure", _log("known_days")),
    Sign("came_since", "visits", _came_since),
    Sign("unseen", "visits", _unseen_of_nobody_who_bought),
    Sign("days_30", "visits", _log("days_30")),
    Sign("days_90", "visits", _log("days_90")),
    Sign("baskets", "basket", _log("baskets_30")),
    Sign("contacts", "service", _log("contacts_90")),
    Sign("late", "late", _log("late_180")),
    Sign("returns", "returns", _log("returns_180")),
    Sign("mood", "mood", lambda raw: raw["mood"]),
    Sign("rating", "rating", lambda raw: raw["rating"]),
)
RECENCY: Final = (SIGNS[0], SIGNS[1])
"""What the plain baseline goes by."""

TOPICS: Final = {
    "buying": ("how lately and how often they buy", "since_last", "the longer ago they bought"),
    "spend": ("how much they spend", "spend", "the more they spend"),
    "tenure": ("how long they are known", "known_days", "the longer they are known"),
    "visits": ("how lately and how often they come", "days_90", "the more often they come"),
    "basket": ("what they put in the basket", "baskets_30", "the more they put in the basket"),
    "service": ("how often they got in touch", "contacts_90", "the more often they get in touch"),
    "late": ("orders that came late", "late_180", "the more orders come late"),
    "returns": ("what they sent back", "returns_180", "the more they send back"),
    "mood": ("how they feel", "mood", "the better they feel"),
    "rating": ("how they last rated", "rating", "the better they rate"),
}
"""What each topic is called, the raw column that stands for it, and what more of that is in words. Signs that only say something together (when somebody
last bought means one thing of who buys weekly and another of who buys yearly) are one topic."""


def read(signs: tuple[Sign, ...], raw: Columns) -> Floats:
    """Rows of customers, a column for each sign; not a number where unknown."""
    return np.column_stack([sign.read(raw) for sign in signs])


def say(topic: str, known: Known) -> str:
    """What is known of this customer in this topic, as a sentence without its end; "" where nothing is."""
    value = known[TOPICS[topic][1]]
    if topic == "buying":
        return _buying(known)
    return _WORDS[topic](value, known) if np.isfinite(value) else ""


def _buying(known: Known) -> str:
    purchases = known["purchases"]
    if purchases < 1:
        return "never bought"
    last = ago(int(known["since_last"]))
    if purchases < 2:
        return f"bought once, {last}"
    return (
        f"bought on {purchases:,.0f} days, every {span(known['usual_gap'])} on average, most recently {last}"
    )


def _visits(value: float, known: Known) -> str:
    days, last = round(value), ago(int(known["unseen_days"]))
    if not days:
        return f"came {last}"
    return f"came on {days} day{'' if days == 1 else 's'} of the last 90, most recently {last}"


def _spends(value: float, known: Known) -> str:
    if 0.8 < value < 1.25:
        return "spends about what others do"
    return f"spends {value:.1f} times what is usual"


def _counted(what: str, nothing: str, one: str, days: str) -> Callable[[float, Known], str]:
    def words(value: float, known: Known) -> str:
        n = round(value)
        if not n:
            return f"{nothing} in {days}"
        return f"{one} in {days}" if n == 1 else f"{what.format(n)} in {days}"

    return words


_WORDS: Final[dict[str, Callable[[float, Known], str]]] = {
    "spend": _spends,
    "tenure": lambda value, known: f"known for {span(value)}",
    "visits": _visits,
    "basket": _counted("put {} things in the basket", "put nothing in the basket", "put one thing in the basket", "30 days"),
    "service": _counted("got in touch {} times", "did not get in touch", "got in touch once", "90 days"),
    "late": _counted("{} orders came late", "no order came late", "one order came late", "half a year"),
    "returns": _counted("sent something back {} times", "sent nothing back", "sent something back once", "half a year"),
    "mood": lambda value, known: f"{feeling(value)} ({value:+.2f})".replace("-", "−"),
    "rating": lambda value, known: f"last rated us {100 * value:.0f} of 100",
}  # fmt: skip
