"""What a customer will be worth: BG/NBD for how often they buy on, Gamma-Gamma for how much. Pure.

Counts and times are numpy arrays of one length: `x` repeat purchases (those after the first), `t_x` when the last was,
`T` how long ago the first was; times in one unit since the first purchase.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

Array = np.ndarray[Any, np.dtype[np.float64]]


_OFF = 1e-7
"""Keeps expectations off the removable poles at a = 1 and a + b = 1."""


class TooLittle(ValueError):
    """There is not enough to learn from."""


class Buying(msgspec.Struct, frozen=True):
    """BG/NBD (Fader, Hardie and Lee, Marketing Science 24, 2005): while active customers buy at their own rate, gamma
    with shape `r` and rate `alpha`, and after each purchase drop out with their own chance, beta with `a` and `b`."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, x: Array, t_x: Array, T: Array) -> float:
        """Equation 6, as a sum of logarithms."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        leaving = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        active = -(r + x) * np.log(alpha + T)
        left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
        return float(np.sum(rate + leaving + np.where(x > 0, np.logaddexp(active, left), active)))

    def chance_active(self, x: Array, t_x: Array, T: Array) -> Array:
        """The chance that they still buy; 1 for who never bought again, as leaving follows a purchase."""
        odds = self.a / (self.b + np.maximum(x, 1) - 1)
        gone = odds * ((self.alpha + T) / (self.alpha + t_x)) ** (self.r + x)
        return np.asarray(np.where(x > 0, 1 / (1 + gone), 1.0))

    def expected(self, t: float, x: Array, t_x: Array, T: Array) -> Array:
        """Purchases in the next `t`, given what they did (equation 10)."""
        z = t / (self.alpha + T + t)
        return np.asarray(self._still(x, z) * self.chance_active(x, t_x, T))

    def expected_of_new(self, t: float) -> float:
        """Repeat purchases of a new customer within `t` (equation 9)."""
        return float(self._still(np.zeros(1), np.array([t / (self.alpha + t)]))[0])

    def _still(self, x: Array, z: Array) -> Array:
        """Purchases to come of who is active. By Euler's transformation of 2F1, whose two factors would else be
        tiny and huge for who bought often."""
        r, a, b = self.r, self.a + _OFF, self.b
        shrunk = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
        return np.asarray((a + b + x - 1) / (a - 1) * (1 - shrunk))


class Spending(msgspec.Struct, frozen=True):
    """Gamma-Gamma (Fader and Hardie, 2013): purchases vary around each customer's own mean, which is spread over
    customers as an inverse gamma; `p` shapes the former, `q` and `v` the latter."""

    p: float
    q: float
    v: float

    def log_likelihood(self, x: Array, mean: Array) -> float:
        """Of the mean of `x` purchases each (equation 1a)."""
        p, q, v = self.p, self.q, self.v
        each = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        each += (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(v + x * mean)
        return float(np.sum(each))

    def expected(self, x: Array, mean: Array) -> Array:
        """The value of their next purchases: their own mean, drawn to that of all the more the fewer there are."""
        p, q, v = self.p, self.q, self.v
        own = p * x / (p * x + q - 1)
        return np.asarray((1 - own) * p * v / (q - 1) + own * np.where(x > 0, mean, 0.0))


LEAST = 100
"""Customers, and among them buyers who came again, to learn anything from."""


def fit_buying(x: Array, t_x: Array, T: Array) -> Buying:
    """By maximum likelihood. Raises `TooLittle`."""
    if len(x) < LEAST or np.count_nonzero(x) < LEAST // 4:
        raise TooLittle("too few customers have bought again")
    # Times near 1 keep the search well conditioned; alpha is a time and turns back.
    unit = float(np.max(T)) / 10 or 1.0
    scaled = (x, t_x / unit, T / unit)
    found = _search(lambda logs: -Buying(*np.exp(logs)).log_likelihood(*scaled) / len(x), 4)
    return Buying(found[0], found[1] * unit, found[2], found[3])


def fit_spending(x: Array, mean: Array) -> Spending:
    """From customers with `x` > 0 purchases of a positive `mean`. Raises `TooLittle`."""
    kept = (x > 0) & (mean > 0)
    if np.count_nonzero(kept) < LEAST // 4:
        raise TooLittle("too few customers have bought again")
    x, mean = x[kept], mean[kept]
    unit = float(np.mean(mean))
    found = _search(lambda logs: -Spending(*np.exp(logs)).log_likelihood(x, mean / unit) / len(x), 3)
    return Spending(found[0], found[1], found[2] * unit)


def _search(loss: Any, count: int) -> list[float]:
    best = minimize(loss, np.zeros(count), method="Nelder-Mead",
                    options={"maxiter": 4_000, "xatol": 1e-7, "fatol": 1e-10})  # fmt: skip
    best = minimize(loss, best.x, method="L-BFGS-B", bounds=[(-15, 15)] * count)
    if not np.all(np.isfinite(best.x)):
        raise TooLittle("no curve fits what customers did")
    return [float(each) for each in np.exp(best.x)]
