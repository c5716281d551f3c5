"""Money as whole ten-thousandths of the currency unit, so that sums are exact."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

SCALE = 10_000
_LIMIT = 10**17
"""Amounts of this many ten-thousandths and more are refused: they do not fit decimal(18, 4)."""


def in_e4(value: Any) -> int | None:
    """An amount in ten-thousandths, half to even, or None where `value` is no amount.

    Takes ints, finite floats, Decimals and plain decimal text ("12.50"); refuses booleans.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        amount = value * SCALE
    elif isinstance(value, float):
        if not math.isfinite(value) or abs(value) > _LIMIT:
            return None
        amount = round(value * SCALE)
    elif isinstance(value, (str, Decimal)):
        if isinstance(value, str) and len(value) > 40:
            return None
        try:
            exact = Decimal(value)
            if not exact.is_finite() or exact.adjusted() > 16:
                return None
            amount = int(exact.scaleb(4).to_integral_value(ROUND_HALF_EVEN))
        except (InvalidOperation, ValueError):
            return None
    else:
        return None
    return amount if -_LIMIT < amount < _LIMIT else None


def from_e4(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-4)


def as_text(amount: int, currency: str = "", digits: int = 2) -> str:
    """For people: `€1,284.00`, `1,284.00 SEK`; the sign stands first."""
    sign = "−" if amount < 0 else ""
    figure = f"{abs(amount) / SCALE:,.{digits}f}"
    symbol = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}.get(currency.upper())
    if symbol:
        return f"{sign}{symbol}{figure}"
    return f"{sign}{figure} {currency.upper()}".rstrip()
