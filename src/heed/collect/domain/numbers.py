"""Numbers as people and their programs write them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

POINT, COMMA = ".", ","
_SPACES = str.maketrans("", "", " \u00a0\u2009\u202f'’")
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
_AMOUNT = re.compile(rf"([+−-]?)\s*({_CURRENCY})?\s*([^a-z]*?)\s*({_CURRENCY})?", re.IGNORECASE)


def amount(text: str, decimal: str = POINT) -> Decimal | None:
    """The number of an amount that may have its currency, a sign or a code, before or after it; None with two of them:
    which of the two it is in cannot be told."""
    return _split(text, decimal)[0]


def currency(text: str, decimal: str = POINT) -> str:
    """The currency as it stands with an amount, in capitals; "" where none stands there or the text is no amount."""
    return _split(text, decimal)[1]


def _split(text: str, decimal: str) -> tuple[Decimal | None, str]:
    if (found := number(text, decimal)) is not None or len(text) > 80:
        return found, ""
    parts = _AMOUNT.fullmatch(text.strip())
    if parts is None or (parts[2] and parts[4]):
        return None, ""
    found = number(parts[1] + parts[3], decimal)
    return found, "" if found is None else (parts[2] or parts[4] or "").upper().rstrip(".")


def number(text: str, decimal: str = POINT) -> Decimal | None:
    """The number a text stands for, None where it is none; `decimal` separates the decimals.

    Thousands may be apart by the other of point and comma, by spaces or by apostrophes, but only as thousands are:
    "1.234,56" is a number with decimal commas, "1.23,56" is none.
    """
    text = text.strip().translate(_SPACES).replace("−", "-")
    if len(text) > 60:
        return None
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
