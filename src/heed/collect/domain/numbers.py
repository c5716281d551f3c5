"""Numbers as people and their programs write them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

POINT, COMMA = ".", ","
_APART = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "’": "'"})
_SPACED = {
    POINT: re.compile(r"[+-]? ?\d{1,3}(?:([ '])\d{3}(?:\1\d{3})*)?(?:\.\d*)?"),
    COMMA: re.compile(r"[+-]? ?\d{1,3}(?:([ '])\d{3}(?:\1\d{3})*)?(?:,\d*)?"),
}
_GROUPED = {
    POINT: re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"),
    COMMA: re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?"),
}
_PLAIN = {
    POINT: re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"),
    COMMA: re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d{1,3})?"),
}

_CODES = [
    "AED",
    "AFN",
    "ALL",
    "AMD",
    "AOA",
    "ARS",
    "AUD",
    "AWG",
    "AZN",
    "BAM",
    "BBD",
    "BDT",
    "BGN",
    "BHD",
    "BIF",
    "BMD",
    "BND",
    "BOB",
    "BRL",
    "BSD",
    "BTN",
    "BWP",
    "BYN",
    "BZD",
    "CAD",
    "CDF",
    "CHF",
    "CLP",
    "CNY",
    "COP",
    "CRC",
    "CUP",
    "CVE",
    "CZK",
    "DJF",
    "DKK",
    "DOP",
    "DZD",
    "EGP",
    "ERN",
    "ETB",
    "EUR",
    "FJD",
    "FKP",
    "GBP",
    "GEL",
    "GHS",
    "GIP",
    "GMD",
    "GNF",
    "GTQ",
    "GYD",
    "HKD",
    "HNL",
    "HTG",
    "HUF",
    "IDR",
    "ILS",
    "INR",
    "IQD",
    "IRR",
    "ISK",
    "JMD",
    "JOD",
    "JPY",
    "KES",
    "KGS",
    "KHR",
    "KMF",
    "KPW",
    "KRW",
    "KWD",
    "KYD",
    "KZT",
    "LAK",
    "LBP",
    "LKR",
    "LRD",
    "LSL",
    "LYD",
    "MAD",
    "MDL",
    "MGA",
    "MKD",
    "MMK",
    "MNT",
    "MOP",
    "MRU",
    "MUR",
    "MVR",
    "MWK",
    "MXN",
    "MYR",
    "MZN",
    "NAD",
    "NGN",
    "NIO",
    "NOK",
    "NPR",
    "NZD",
    "OMR",
    "PAB",
    "PEN",
    "PGK",
    "PHP",
    "PKR",
    "PLN",
    "PYG",
    "QAR",
    "RON",
    "RSD",
    "RUB",
    "RWF",
    "SAR",
    "SBD",
    "SCR",
    "SDG",
    "SEK",
    "SGD",
    "SHP",
    "SLE",
    "SOS",
    "SRD",
    "SSP",
    "STN",
    "SYP",
    "SZL",
    "THB",
    "TJS",
    "TMT",
    "TND",
    "TOP",
    "TRY",
    "TTD",
    "TWD",
    "TZS",
    "UAH",
    "UGX",
    "USD",
    "UYU",
    "UZS",
    "VES",
    "VND",
    "VUV",
    "WST",
    "XAF",
    "XCD",
    "XOF",
    "XPF",
    "YER",
    "ZAR",
    "ZMW",
]
_SIGNS = [
    *("US$", "CA$", "AU$", "NZ$", "HK$", "MX$", "C$", "A$", "R$", "S$"),
    *("$", "€", "£", "¥", "₹", "₩", "₽", "₺", "₴", "₪", "₫", "฿", "₱", "₦"),
    *("kr.", "kr", "zł", "Kč", "Ft", "lei", "Fr."),
]
_CURRENCY = "|".join(map(re.escape, _CODES + _SIGNS))
# One space at most between its parts: with any number of them a cell of spaces would be tried in n⁴ ways.
_AMOUNT = re.compile(rf"([+−-]?) ?({_CURRENCY})? ?([^a-z]*?) ?({_CURRENCY})?", re.IGNORECASE)
_CODE_OF = dict(
    zip(
        "€£₹₩₽₺₴₪₫฿₱₦",
        ["EUR", "GBP", "INR", "KRW", "RUB", "TRY", "UAH", "ILS", "VND", "THB", "PHP", "NGN"],
        strict=True,
    )
) | {
    "US$": "USD",
    "ZŁ": "PLN",
    "KČ": "CZK",
}
"""Of signs that stand for one currency alone."""


def amount(text: str, decimal: str = POINT) -> Decimal | None:
    """The number of an amount that may have its currency, a sign or a code, before or after it; None with two of them:
    which of the two it is in cannot be told."""
    return _split(text, decimal)[0]


def currency(text: str, decimal: str = POINT) -> str:
    """The code or sign of the currency that stands with an amount, in capitals; "" where none stands there or the text is no amount."""
    return _split(text, decimal)[1]


def _split(text: str, decimal: str) -> tuple[Decimal | None, str]:
    if (found := number(text, decimal)) is not None or len(text) > 80:
        return found, ""
    parts = _AMOUNT.fullmatch(" ".join(text.split()))
    if parts is None or (parts[2] and parts[4]):
        return None, ""
    mark = (parts[2] or parts[4] or "").upper().rstrip(".")
    found = number(parts[1] + parts[3], decimal) if mark else None
    return found, "" if found is None else _CODE_OF.get(mark, mark)


def number(text: str, decimal: str = POINT) -> Decimal | None:
    """The number a text stands for, None where it is none; `decimal` separates the decimals.

    Thousands may be apart by the other of point and comma, by spaces or by apostrophes, but only as thousands are:
    "1.234,56" is a number with decimal commas, "1.23,56" is none.
    """
    text = text.strip().translate(_APART).replace("−", "-")
    if len(text) > 60:
        return None
    if " " in text or "'" in text:
        if not _SPACED[decimal].fullmatch(text):
            return None
        text = text.replace(" ", "").replace("'", "")
    other = COMMA if decimal == POINT else POINT
    if _GROUPED[decimal].fullmatch(text):
        text = text.replace(other, "")
    elif not _PLAIN[decimal].fullmatch(text):
        return None
    try:
        found = Decimal(text.replace(decimal, "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
