"""What of a customer tells them from others, in columns of the same meaning whatever a company calls its traits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from heed.contracts.fold import State
from heed.profiles.domain.fields import fields

COLUMNS = {
    "first_name": "first name",
    "surname": "surname",
    "email": "e-mail",
    "phone": "phone",
    "dob": "date of birth",
    "number": "official number",
    "street": "street",
    "house": "house number",
    "postcode": "postcode",
    "city": "city",
}
"""Columns of a record, with what people call them."""

MAY_BE_RARE = ("first_name", "surname", "city", "street")

_NAMES: dict[str, tuple[str, ...]] = {
    "first_name": ("firstname", "givenname", "forename"),
    "surname": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress"),
    "phone": ("phone", "phonenumber", "mobile", "telephone"),
    "dob": ("birthday", "birthdate", "dateofbirth", "dob"),
    "number": ("socsecid", "ssn", "socialsecuritynumber", "taxid", "passport", "nationalid", "iban"),
    "street": ("street", "address1", "streetname", "addressline1", "line1"),
    "house": ("streetnumber", "housenumber", "house"),
    "postcode": ("postcode", "postalcode", "zip", "zipcode"),
    "city": ("city", "suburb", "town"),
}
_COLUMN_OF = {name: column for column, names in _NAMES.items() for name in names}


def column_of(trait: str) -> str:
    """The column a trait of this name fills, "" for none."""
    return _COLUMN_OF.get(re.sub(r"[^a-z0-9]", "", trait.lower()), "")


_FULL = ("name", "fullname", "displayname")
_SPACES = re.compile(r"\s+")
_DATE = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})")
_ENOUGH = 2
_LONGEST = 100


def record_of(state: State) -> dict[str, str] | None:
    """The known columns of a customer; None where too little is known to compare."""
    identifiers = state.identity.identifiers
    found = record({name: fields.value(state, name) for name in fields.seen(state)})
    for kind in ("email", "phone"):
        if values := identifiers.get(kind):
            found[kind] = _plain(values[-1])
    return found if len(found) >= _ENOUGH else None


def record(traits: Mapping[str, Any]) -> dict[str, str]:
    """The columns that these traits fill; an address may be nested."""
    flat: dict[str, Any] = {}
    for name, value in traits.items():
        for inner, text in value.items() if isinstance(value, Mapping) else ((name, value),):
            flat.setdefault(re.sub(r"[^a-z0-9]", "", str(inner).lower()), text)
    found: dict[str, str] = {}
    for name, value in flat.items():
        column = _COLUMN_OF.get(name)
        if (
            column
            and isinstance(value, str | int)
            and not isinstance(value, bool)
            and (text := _plain(value))
        ):
            found.setdefault(column, _shaped(column, text))
    full = next((_plain(flat[name]) for name in _FULL if isinstance(flat.get(name), str)), "")
    if " " in full and "surname" not in found:
        first, _, last = full.rpartition(" ")
        found.setdefault("first_name", first.split(" ")[0])
        found["surname"] = last
    return {column: text for column, text in found.items() if text}


def _plain(value: str | int) -> str:
    """Lower case without accents and doubled spaces."""
    text = unicodedata.normalize("NFKD", str(value)[:_LONGEST]).casefold()
    return _SPACES.sub(" ", "".join(each for each in text if not unicodedata.combining(each))).strip()


def _shaped(column: str, text: str) -> str:
    if column == "dob":
        found = _DATE.match(text)
        return "-".join(found.groups()) if found else ""
    if column == "phone":
        return re.sub(r"\D", "", text)
    if column in {"number", "postcode"}:
        return text.replace(" ", "").replace("-", "")
    return text


def reasons(
    one: Mapping[str, str], other: Mapping[str, str], shares: Mapping[tuple[str, str], float]
) -> list[str]:
    """Why two records may be one person, and what speaks against it, without any of their values.

    `shares` has, by column and value, which share of all records has it.
    """
    said: list[tuple[int, str]] = []
    for column, words in COLUMNS.items():
        a, b = one.get(column), other.get(column)
        if not a or not b:
            continue
        if a == b:
            rare = column in MAY_BE_RARE and shares.get((column, a), 0.0) < _RARE
            said.append((0, f"same {words}{', rare' if rare else ''}"))
        elif column not in {"house"} and (steps := distance(a, b)) <= _STEPS:
            said.append((1, f"{words} differs by {_COUNTS[steps]}"))
        else:
            said.append((2, f"different {words}"))
    names = (one.get("first_name"), one.get("surname"))
    if all(names) and names[0] != names[1] and names == (other.get("surname"), other.get("first_name")):
        said.insert(0, (0, "first name and surname swapped"))
    return [text for _, text in sorted(said, key=lambda each: each[0])]


_RARE = 0.002
_STEPS = 2
_COUNTS = ("", "one letter", "two letters")


def distance(a: str, b: str) -> int:
    """Letters to change, add, drop or swap with a neighbour (optimal string alignment)."""
    if abs(len(a) - len(b)) > _STEPS:
        return _STEPS + 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
