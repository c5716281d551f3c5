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
        """ "Bought 4 times in 11 months, last 3 weeks ago." """
        if self.purchases == 1:
            return f"Bought once, {ago(self.silent)}."
        seen = span(max((self.today - self.first).days, 1))
        return f"Bought {self.purchases:,} times in {seen}, last {ago(self.silent)}."


def why_active(history: History) -> str:
    if history.purchases == 1:
        return (
            "Too early to say after one purchase: the model lets customers leave only after a further one, "
            "so that it would call everybody active who bought once."
        )
    usual, silent = span(history.usual), span(history.silent)
    if history.silent <= max(history.usual, 1):
        return f"Usually {usual} pass between purchases; the last was {ago(history.silent)}."
    times = history.silent / history.usual
    longer = f"{times:.1f} times as long" if times < 10 else "far longer"
    return f"Nothing for {silent}, {longer} as usual ({usual})." if times < 10 else (
        f"Nothing for {silent}, {longer} than usual ({usual})."
    )  # fmt: skip


def why_orders(history: History) -> str:
    if history.purchases == 1:
        return f"As many as customers buy on average whose only purchase was {ago(history.silent)}."
    return (
        f"So far one every {span(history.usual)}; weighed with how all customers go on, "
        "and with the chance that they left."
    )


def why_value(purchases: int, each: str) -> str:
    """`each` is what one purchase will be worth, as text."""
    if purchases == 1:
        return f"At {each} a purchase, what all customers spend on average."
    return f"At {each} a purchase: their own average, drawn to that of all the more, the fewer they made."


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
