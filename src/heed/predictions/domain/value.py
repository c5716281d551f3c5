"""What customers are worth: how often they will buy again, and for how much. Pure.

BG/NBD is Fader, Hardie, Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24(2): a customer
buys at a rate of their own (gamma distributed) and may leave for good after each purchase with a chance of their own
(beta distributed). Gamma-Gamma is Fader, Hardie (2013), "The Gamma-Gamma Model of Monetary Value". Times are in weeks
and a customer's history is (frequency, recency, age): repeat purchases, weeks from the first to the last purchase, and
weeks from the first purchase to the moment of looking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

Floats: TypeAlias = NDArray[np.float64]


class TooLittle(ValueError):
    """There is nothing to learn from."""


_TERMS = 20_000
_FURTHEST = 7.0
"""Logarithms of parameters stay within ±7: beyond, a likelihood that is flat would run off to infinity."""


@dataclass(frozen=True)
class Buying:
    """A fitted BG/NBD; `alpha` is in weeks, `log_likelihood` that of the `n` customers it was fitted to."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = 0.0
    n: int = 0

    def chance_active(self, frequency: Any, recency: Any, age: Any) -> Floats:
        """P(alive | x, t_x, T), the note of Fader, Hardie (2008); 1 for who bought once, as the model has it."""
        x, seen, t = _arrays(frequency, recency, age)
        log_odds = (
            np.log(self.a)
            - np.log(self.b + np.maximum(x, 1) - 1)
            + (self.r + x) * (np.log(self.alpha + t) - np.log(self.alpha + seen))
        )
        left = np.where(x > 0, log_odds, -np.inf)
        return np.asarray(np.exp(-np.logaddexp(0.0, left)))

    def expected(self, weeks: Any, frequency: Any, recency: Any, age: Any) -> Floats:
        """E[Y(t) | x, t_x, T]: purchases in the next `weeks`, equation 10 of the paper."""
        x, _seen, t = _arrays(frequency, recency, age)
        return self._purchases(weeks, x, t) * self.chance_active(frequency, recency, age)

    def expected_of_new(self, weeks: Any) -> Floats:
        """E[X(t)]: repeat purchases of a new customer in their first `weeks`, equation 9 of the paper."""
        (t,) = _arrays(weeks)
        return self._purchases(t, np.zeros_like(t), np.zeros_like(t))

    def _purchases(self, weeks: Any, x: Floats, age: Floats) -> Floats:
        """(a+b+x−1)/(a−1) · [1 − (1−z)^(r+x) · F(r+x, b+x; a+b+x−1; z)] with z = t/(α+T+t).

        Euler's transformation turns the last product into (1−z)^(a−1) · F(a+b−1−r, a−1; a+b+x−1; z). Of the two the
        one with the smaller power is taken: F grows as the power falls, and may overflow for frequent buyers in the
        first and for a large `a` in the second. a = 1 is a gap of no width, stepped over.
        """
        (t,) = _arrays(weeks)
        z = t / (self.alpha + age + t)

        def at(a: float) -> Floats:
            bottom = a + self.b + x - 1
            bottom = np.where(np.abs(bottom) < 1e-9, 1e-9, bottom)
            turned = a - 1 < self.r + x
            upper = np.where(turned, a + self.b - 1 - self.r, self.r + x), np.where(turned, a - 1, self.b + x)
            stays = (1 - z) ** np.where(turned, a - 1, self.r + x) * _hypergeometric(*upper, bottom, z)
            return np.asarray(bottom / (a - 1) * (1 - stays))

        if abs(self.a - 1) < 1e-5:
            return np.asarray((at(1 - 2e-5) + at(1 + 2e-5)) / 2)
        return at(self.a)


def _hypergeometric(a: Floats, b: Floats, c: Floats, z: Floats) -> Floats:
    """2F1(a, b; c; z) for z in 0…1. SciPy's gives infinity for some small a and b beside a large c (98.5, say), where
    the series converges within a few terms."""
    found = np.array(np.broadcast_to(hyp2f1(a, b, c, z), np.broadcast_shapes(*map(np.shape, (a, b, c, z)))))
    lost = ~np.isfinite(found)
    if np.any(lost):
        a, b, c, z = (np.broadcast_to(each, found.shape)[lost] for each in (a, b, c, z))
        term = np.ones_like(z)
        total = term.copy()
        for n in range(_TERMS):
            term = term * (a + n) * (b + n) / (c + n) * z / (n + 1)
            total += term
            if np.all(np.abs(term) <= 1e-15 * np.abs(total)):
                break
        found[lost] = total
    return found


def fit_buying(frequency: Any, recency: Any, age: Any) -> Buying:
    """BG/NBD by maximum likelihood; raises `TooLittle` without a single repeat purchase.

    The likelihood is that of the paper's section 5 as in Fader's and Hardie's note of 2005 on Excel: A1 to A4.
    """
    x, seen, t = _arrays(frequency, recency, age)
    if not np.any(x > 0):
        raise TooLittle("nobody bought twice")
    rows, weights = np.unique(np.stack([x, seen, t]), axis=1, return_counts=True)
    x, seen, t = rows
    counts, place = np.unique(x, return_inverse=True)

    def likelihood(values: Floats) -> float:
        r, alpha, a, b = np.exp(values)
        by_count = (
            gammaln(r + counts) - gammaln(r) + gammaln(a + b) + gammaln(b + counts) - gammaln(b)
        ) - gammaln(a + b + counts)
        active = -(r + x) * np.log(alpha + t)
        gone = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + seen)
        each = by_count[place] + r * np.log(alpha) + np.where(x > 0, np.logaddexp(active, gone), active)
        return float(weights @ each)

    start = np.log([1.0, max(float(t.mean()) / 4, 1e-3), 1.0, 2.0])
    found, best = _climb(likelihood, start, int(weights.sum()))
    r, alpha, a, b = np.exp(found)
    return Buying(float(r), float(alpha), float(a), float(b), best, int(weights.sum()))


@dataclass(frozen=True)
class Spending:
    """A fitted Gamma-Gamma; `v` is in currency units, `n` the repeat buyers it was fitted to."""

    p: float
    q: float
    v: float
    log_likelihood: float = 0.0
    n: int = 0

    def expected(self, frequency: Any, mean: Any) -> Floats:
        """E(M | x, z̄): what a purchase of this customer is worth on average, equation 5 of the note.

        `mean` is that of `frequency` purchases and weighs the more the more there are; without any it is the average
        of all customers.
        """
        x, z = _arrays(frequency, mean)
        return np.asarray(self.p * (self.v + x * z) / (self.p * x + self.q - 1))

    def weight(self, frequency: float) -> float:
        """How much of `expected` is this customer's own mean (0…1); the rest is that of all customers."""
        return self.p * frequency / (self.p * frequency + self.q - 1)


def fit_spending(frequency: Any, mean: Any) -> Spending:
    """Gamma-Gamma by maximum likelihood (equation 1a of the note) from those with a purchase and a value above 0.

    q stays above 1, without which there is no average of all customers. Raises `TooLittle` without any such customer.
    """
    x, z = _arrays(frequency, mean)
    fit = (x > 0) & (z > 0)
    x, z = x[fit], z[fit]
    if not len(x):
        raise TooLittle("nobody spent anything twice")

    def likelihood(values: Floats) -> float:
        p, above, v = np.exp(values)
        q = 1 + above
        px = p * x
        each = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v)
        each += (px - 1) * np.log(z) + px * np.log(x) - (px + q) * np.log(v + x * z)
        return float(each.sum())

    middle = float(np.median(z))
    raw, z = z, z / middle
    found, _ = _climb(likelihood, np.log([3.0, 2.0, 1.0]), len(x))
    z = raw
    found[2] += np.log(middle)
    p, above, v = np.exp(found)
    return Spending(float(p), float(1 + above), float(v), likelihood(found), len(x))


def _climb(likelihood: Callable[[Floats], float], start: Floats, n: int) -> tuple[Floats, float]:
    """The logarithms of the parameters where the likelihood is highest, and that likelihood."""
    limits = [(-_FURTHEST, _FURTHEST)] * len(start)
    rough = minimize(lambda v: -likelihood(v) / n, start, method="L-BFGS-B", bounds=limits)
    fine = minimize(
        lambda v: -likelihood(v) / n,
        rough.x,
        method="Nelder-Mead",
        bounds=limits,
        options={"xatol": 1e-5, "fatol": 1e-10, "maxiter": 600},
    )
    best = fine if fine.fun <= rough.fun else rough
    return np.asarray(best.x), -float(best.fun) * n


def _arrays(*values: Any) -> tuple[Floats, ...]:
    return tuple(np.asarray(each, dtype=np.float64) for each in values)
