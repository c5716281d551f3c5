"""Why a customer is expected to do what is foretold, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class History:
    """Purchases are days on which they bought; `today` is the day they are looked at."""

    purchases: int
    first: date
    last: date
    today: date

    @property
    def silent(self) -> int:
        """Days since the last purchase."""
        return max(0, (self.today - self.last).days)

    @property
    def usual(self) -> float:
        """Days between two purchases, on average; 0 with one alone."""
        return (self.last - self.first).days / (self.purchases - 1) if self.purchases > 1 else 0.0

    def __str__(self) -> str:
        """ "Bought on 4 days in 11 months, most recently 3 weeks ago." """
        if self.purchases == 1:
            return f"Bought once, {ago(self.silent)}."
        seen = span(max((self.today - self.first).days, 1))
        return f"Bought on {self.purchases:,} days in {seen}, most recently {ago(self.silent)}."


HARDLY_ANYBODY_LEFT = 0.95
"""A chance to be active from which silence well beyond the usual tells nothing: the others came back after as much."""


def why_active(history: History, chance: float | None = None) -> str:
    """`chance` is that to be active still; with it a long silence that lowers it little is explained."""
    if history.purchases == 1:
        return (
            "Too early to say after one purchase: the model lets customers leave only after a further one, "
            "so that it would call everybody active who bought once."
        )
    usual, silent = span(history.usual), span(history.silent)
    if history.silent <= max(history.usual, 1):
        return f"Usually {usual} pass between purchases; the last was {ago(history.silent)}."
    times = history.silent / history.usual
    longer = f"{times:.1f} times as long as" if times < 10 else "far longer than"
    said = f"Nothing for {silent}, {longer} usual ({usual})"
    if chance is not None and chance >= HARDLY_ANYBODY_LEFT and times >= 1.5:
        return f"{said}; but so far hardly any customer of yours stayed away for good after such a pause."
    return f"{said}."


def why_orders(history: History) -> str:
    if history.purchases == 1:
        return f"As many as customers buy on average whose only purchase was {ago(history.silent)}."
    return (
        f"So far one every {span(history.usual)}; weighed with how all customers go on, "
        "and with the chance that they left."
    )


def why_value(purchases: int, each: str, own: float) -> str:
    """`each` is what one purchase will be worth, as text; `own` is the weight of their own average in it (0…1)."""
    if purchases == 1:
        return f"At {each} a purchase, what all customers spend on average."
    if own >= 0.5:
        return f"At {each} a purchase: mostly their own average, the rest that of all customers."
    if own >= 0.1:
        return f"At {each} a purchase: a little their own average, mostly that of all customers; few purchases tell little."
    return (
        f"At {each} a purchase, about what all customers spend on average: what one of them has spent so far says "
        "hardly anything about the next."
    )


def ago(days: int) -> str:
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{span(days)} ago"


def span(days: float) -> str:
    """A length of time as people say it, rounded to its largest fitting unit; a day at least."""
    for most, unit, length in ((14, "day", 1.0), (60, "week", 7.0), (730, "month", 30.44)):
        if days < most:
            count = max(1, round(days / length))
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{round(days / 365.25)} years"
