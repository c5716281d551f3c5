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
