"""Personas: what customers are compared by, and a group said in words beside everybody. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from heed.predictions.domain.reasons import span
from heed.predictions.domain.signs import Columns

Floats = NDArray[np.float64]
_KNOWN: Final = 0.1
"""Share of customers of whom something must be known to go by it."""
_FURTHEST: Final = 3.0
"""Standard deviations beyond which somebody is no more different: a few extremes shall not make a group."""
_APART: Final = 0.3
_TOLD: Final = 5


class Facet(msgspec.Struct, frozen=True):
    """Something customers are compared by: a raw column, whether on a logarithmic scale; `words(of the group, of
    everybody)` says it, `low` and `high` name who has little and much of it ("" for nobody)."""

    name: str
    log: bool
    words: Callable[[float, float], str]
    low: str
    high: str


def _count(what: str, per: str = "") -> Callable[[float, float], str]:
    return lambda own, every: f"{what.format(f'{own:.1f}')}{per} (everybody {every:.1f})"


def _days(what: str) -> Callable[[float, float], str]:
    return lambda own, every: f"{what.format(span(own))} (everybody {span(every)})"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


FACETS: Final = (
    Facet("purchases", True, _count("bought {} times"), "rare buyers", "frequent buyers"),
    Facet("since_last", True, _days("last bought {} ago"), "bought lately", "no purchase for long"),
    Facet("usual_gap", True, _days("buy every {}"), "short rhythm", "long rhythm"),
    Facet("spend", True, lambda own, every: f"spend {own:.1f} times what is usual for a purchase (everybody {every:.1f})",
          "small spenders", "big spenders"),
    Facet("known_days", True, _days("known for {}"), "new", "known for long"),
    Facet("unseen_days", True, _days("last came {} ago"), "here lately", "long unseen"),
    Facet("days_90", True, _count("came on {} of the last 90 days"), "seldom here", "often here"),
    Facet("baskets_30", True, _count("put {} things in the basket in 30 days"), "", "full baskets"),
    Facet("contacts_90", True, _count("got in touch {} times in 90 days"), "", "often in touch"),
    Facet("late_180", True, _count("{} orders came late in half a year"), "", "orders came late"),
    Facet("returns_180", True, _count("sent something back {} times in half a year"), "", "often send back"),
    Facet("mood", False, lambda own, every: f"mood {_signed(own)} (everybody {_signed(every)})", "unhappy", "pleased"),
    Facet("rating", False, lambda own, every: f"rate us {100 * own:.0f} of 100 (everybody {100 * every:.0f})",
          "poor ratings", "good ratings"),
)  # fmt: skip
_BY_NAME: Final = {facet.name: facet for facet in FACETS}


class Space(msgspec.Struct, frozen=True):
    """What customers are compared by, each standardised."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def place(self, raw: Columns) -> Floats:
        """A row a customer; what is unknown of them counts as the mean."""
        if not self.names:
            return np.empty((len(next(iter(raw.values()))), 0))
        columns = [_scaled(_BY_NAME[name], raw) for name in self.names]
        z = (np.column_stack(columns) - self.means) / self.scales
        return np.asarray(np.clip(np.nan_to_num(z, nan=0.0), -_FURTHEST, _FURTHEST))


def _scaled(facet: Facet, raw: Columns) -> Floats:
    return np.asarray(np.log1p(np.maximum(raw[facet.name], 0)) if facet.log else raw[facet.name])


def space(raw: Columns) -> Space:
    """By whatever is known of enough customers and differs between them."""
    names, means, scales = [], [], []
    for facet in FACETS:
        values = _scaled(facet, raw)
        known = values[np.isfinite(values)]
        if len(known) >= _KNOWN * max(1, len(values)) and len(known) > 1 and float(known.std()) > 1e-6:
            names.append(facet.name)
            means.append(float(known.mean()))
            scales.append(float(known.std()))
    return Space(tuple(names), tuple(means), tuple(scales))


class Told(msgspec.Struct, frozen=True):
    """What sets a group apart, strongest first, each a sentence with numbers; and what it may be called."""

    sentences: tuple[str, ...]
    names: tuple[str, ...]


def tell(raw: Columns, own: Any) -> Told:
    """`own` are the places of the group among all customers."""
    found = []
    for facet in FACETS:
        values = _scaled(facet, raw)
        known = np.isfinite(values)
        here = known & own
        if not here.any() or float(values[known].std()) < 1e-6:
            continue
        apart = float((values[here].mean() - values[known].mean()) / values[known].std())
        if abs(apart) >= _APART:
            plain = raw[facet.name]
            words = facet.words(float(plain[here].mean()), float(plain[known].mean()))
            found.append((abs(apart), words, facet.high if apart > 0 else facet.low))
    found.sort(key=lambda each: -each[0])
    sentences = tuple(f"{words[0].upper()}{words[1:]}." for _, words, _ in found[:_TOLD])
    return Told(sentences, tuple(name for *_, name in found if name))


def called(told: Sequence[Told], taken: Sequence[str] = ()) -> list[str]:
    """A name for each group by what sets it apart, no two the same and none that is `taken`."""
    used = set(taken)
    names = []
    for each in told:
        words = each.names or ("like most",)
        name = ""
        for many in range(min(2, len(words)), len(words) + 1):
            name = ", ".join(words[:many])
            name = name[0].upper() + name[1:]
            if name not in used:
                break
        stem, number = name, 2
        while name in used:
            name, number = f"{stem} {number}", number + 1
        used.add(name)
        names.append(name)
    return names
