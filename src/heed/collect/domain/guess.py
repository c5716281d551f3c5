"""What the columns of a file seem to be, from their names and first rows, and the exports Heed knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from heed.collect.domain.assistant import CALLS, CUSTOMERS, EVENTS, Choices, Column
from heed.collect.domain.numbers import COMMA, POINT, amount

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NAMES: dict[str, tuple[str, ...]] = {
    "user_id": ("userid", "customerid", "customernumber", "customerno", "clientid", "memberid", "accountid",
                "kundennummer", "kundennr", "kundnummer", "numeroclient", "idcliente", "codicecliente"),
    "email": ("email", "emailaddress", "mail", "courriel", "adressemail", "correo", "correoelectronico", "epost", "emailadresse"),
    "phone": ("phone", "phonenumber", "mobile", "mobilephonenumber", "telephone", "tel", "telefon", "telefono", "mobil"),
    "time": ("timestamp", "time", "date", "datetime", "occurredat", "createdat", "orderdate", "orderedat", "invoicedate",
             "purchasedate", "eventtime", "datum", "fecha", "data", "zeitpunkt", "bestelldatum"),
    "event": ("event", "eventname", "eventtype", "action", "ereignis"),
    "message_id": ("messageid", "eventid", "insertid"),
    "unsubscribed": ("unsubscribed", "optedout", "optout", "abgemeldet", "desabonne"),
}  # fmt: skip
_PROPERTIES = {
    **dict.fromkeys(("total", "value", "amount", "revenue", "ordertotal", "betrag", "summe", "montant", "importe", "totale"), ("value", "money")),
    **dict.fromkeys(("price", "unitprice", "preis", "prix", "precio"), ("price", "money")),
    **dict.fromkeys(("quantity", "qty", "pieces", "menge", "anzahl", "quantite", "cantidad"), ("quantity", "number")),
    **dict.fromkeys(("orderid", "order", "ordernumber", "orderno", "invoiceno", "invoice", "bestellnummer", "bestellung"), ("order_id", "text")),
    **dict.fromkeys(("productid", "sku", "stockcode", "artikelnummer"), ("product_id", "text")),
    **dict.fromkeys(("product", "productname", "item", "artikel", "produit", "producto"), ("product", "text")),
    **dict.fromkeys(("currency", "waehrung", "devise", "moneda"), ("currency", "text")),
    **dict.fromkeys(("rating", "score", "stars", "nps"), ("score", "number")),
    **dict.fromkeys(("comment", "text", "message", "review", "feedback", "kommentar"), ("text", "text")),
}  # fmt: skip
_TRAITS = {
    **dict.fromkeys(("firstname", "vorname", "prenom", "nombre", "fname"), "first_name"),
    **dict.fromkeys(("lastname", "surname", "nachname", "nom", "apellido", "lname"), "last_name"),
    **dict.fromkeys(("name", "fullname"), "name"),
    **dict.fromkeys(("city", "ort", "stadt", "ville", "ciudad"), "city"),
    **dict.fromkeys(("country", "countryregion", "land", "pays", "pais"), "country"),
    **dict.fromkeys(("zip", "zipcode", "postalcode", "postcode", "plz", "codepostal"), "postcode"),
    **dict.fromkeys(("birthday", "birthdate", "dateofbirth", "geburtstag"), "birthday"),
    **dict.fromkeys(("company", "companyname", "organization", "firma"), "company"),
}
_FORMATS = (
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"),
    *(
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %H:%M",
        "%m/%d/%Y",
        "%m/%d/%y %H:%M",
        "%m/%d/%Y %I:%M %p",
        "%d-%m-%Y",
        "%d %b %Y",
    ),
    *("%b %d, %Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d"),
)
"""Formats of time that are tried, the day before the month first: which of the two it is may not show in a few rows."""

Rows = Sequence[Mapping[str, Any]]


def plain(name: str) -> str:
    """A header as its letters and digits."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def guess(columns: Sequence[str], rows: Rows, file: str = "") -> Choices:
    """Choices for a person to look over; `file` is what the file is called."""
    known = _known(columns, file)
    choices = known(columns) if known is not None else _by_name(columns, rows)
    for each in choices.columns:
        if (
            each.role in {"property", "trait"}
            and each.kind == "text"
            and any(isinstance(r.get(each.name), dict | list) for r in rows)
        ):
            each.kind = "whole"
    choices.decimal = decimal_of(columns, rows)
    times = [each.name for each in choices.columns if each.role in {"time", "permitted_at"}]
    choices.time_format = time_format([_text(row, name) for name in times for row in rows])
    return choices


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _by_name(columns: Sequence[str], rows: Rows) -> Choices:
    found, taken = [], set()
    for name in columns:
        key, column = plain(name), Column(name)
        role = next((role for role, names in _NAMES.items() if key in names), "")
        if role and role not in taken:
            column.role = role
            taken.add(role)
        elif key in _PROPERTIES:
            column.role, (column.target, column.kind) = "property", _PROPERTIES[key]
        elif key in _TRAITS:
            column.role, column.target = "trait", _TRAITS[key]
        found.append(column)
    if "email" not in taken:
        _by_cells(found, rows)
    roles = {each.role for each in found}
    happened = "event" in roles or ("property" in roles and "time" in roles)
    for each in found:
        if each.role == "skip" and any(_text(row, each.name) for row in rows):
            each.role, each.target = ("property" if happened else "trait"), each.name
        if not happened and each.role == "property":
            each.role = "trait"
        if not happened and each.role in {"time", "event", "message_id"}:
            each.role, each.target = "trait", each.name
    event = (
        ""
        if "event" in roles
        else "Order Completed"
        if any(each.target == "order_id" for each in found)
        else "Imported"
    )
    return Choices(found, rows=EVENTS if happened else CUSTOMERS, event=event if happened else "")


def _by_cells(columns: list[Column], rows: Rows) -> None:
    """A column of addresses is one whatever it is called."""
    for each in columns:
        cells = [cell for row in rows if (cell := _text(row, each.name))]
        if (
            each.role == "skip"
            and cells
            and sum(bool(_EMAIL.fullmatch(cell)) for cell in cells) >= 0.6 * len(cells)
        ):
            each.role = "email"
            return


def decimal_of(columns: Sequence[str], rows: Rows) -> str:
    """Which of point and comma separates decimals, as far as the rows show."""
    commas = points = 0
    for row in rows:
        for name in columns:
            cell = _text(row, name)
            if len(cell) < 20 and any(c.isdigit() for c in cell):
                as_comma, as_point = amount(cell, COMMA), amount(cell, POINT)
                commas += "," in cell and as_comma is not None and as_point is None
                points += "." in cell and as_point is not None and as_comma is None
    return COMMA if commas > points else POINT


def time_format(cells: Sequence[str]) -> str:
    """The format that fits the most cells, "" for ISO 8601, Unix times and where none fits half of them."""
    told = [cell for cell in cells if cell][:200]
    iso = sum(_iso(cell) for cell in told)
    best = max(_FORMATS, key=lambda form: sum(_fits(cell, form) for cell in told))
    fits = sum(_fits(cell, best) for cell in told)
    return best if fits > iso and 2 * fits >= len(told) else ""


def _iso(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return cell.replace(".", "", 1).isdecimal()
    return True


def _fits(cell: str, form: str) -> bool:
    try:
        datetime.strptime(cell, form)  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _roles(columns: Sequence[str], roles: Mapping[str, tuple[str, str, str]]) -> list[Column]:
    """Columns by their plain names; any other is about the customer, under its own name."""
    found = []
    for name in columns:
        role, target, kind = roles.get(plain(name), ("trait", name, "text"))
        found.append(Column(name, role, target, kind))
    return found


_PERSON: dict[str, tuple[str, str, str]] = {
    "email": ("email", "", "text"),
    "emailaddress": ("email", "", "text"),
    "phone": ("phone", "", "text"),
    "phonenumber": ("phone", "", "text"),
    **{name: ("trait", target, "text") for name, target in _TRAITS.items()},
}


def _hubspot(columns: Sequence[str]) -> Choices:
    roles = {
        **_PERSON,
        "recordid": ("external", "hubspot", "text"),
        "contactid": ("external", "hubspot", "text"),
        "unsubscribedfromallemail": ("unsubscribed", "", "text"),
        "createdate": ("trait", "created_at", "text"),
        "lifecyclestage": ("trait", "lifecycle_stage", "text"),
    }
    return Choices(_roles(columns, roles), source="HubSpot", known="HubSpot contacts")


def _mailchimp(columns: Sequence[str]) -> Choices:
    names = {plain(name) for name in columns}
    unsubscribed, cleaned = "unsubtime" in names, "cleantime" in names
    times = (
        ["cleantime"]
        if cleaned
        else ["unsubtime"]
        if unsubscribed
        else ["confirmtime", "optintime", "lastchanged"]
    )
    skipped = (
        "optinip",
        "confirmip",
        "latitude",
        "longitude",
        "gmtoff",
        "dstoff",
        "leid",
        "euid",
        "optintime",
        "confirmtime",
        "lastchanged",
    )
    roles = {
        **_PERSON,
        **dict.fromkeys(skipped, ("skip", "", "text")),
        **dict.fromkeys(times, ("time", "", "text")),
        "memberrating": ("trait", "mailchimp_rating", "number"),
        "cc": ("trait", "country", "text"),
        "region": ("trait", "region", "text"),
        "tags": ("trait", "tags", "text"),
        "unsubreason": ("property", "reason_code", "text"),
        "unsubcampaigntitle": ("property", "campaign", "text"),
        "cleancampaigntitle": ("property", "campaign", "text"),
        "unsubcampaignid": ("skip", "", "text"),
        "cleancampaignid": ("skip", "", "text"),
    }
    choices = Choices(_roles(columns, roles), source="Mailchimp", proof="Mailchimp audience export")
    choices.columns.sort(key=lambda each: times.index(plain(each.name)) if each.role == "time" else -1)
    if cleaned:
        choices.rows, choices.event, choices.known = EVENTS, "Email Bounced", "Mailchimp: cleaned addresses"
        choices.proof = ""
    elif unsubscribed:
        choices.says, choices.known = "withdrawn", "Mailchimp: unsubscribed"
    else:
        choices.says, choices.known = "granted", "Mailchimp: subscribed"
    return choices


def _klaviyo(columns: Sequence[str]) -> Choices:
    roles = {
        **_PERSON,
        "klaviyoid": ("external", "klaviyo", "text"),
        "emailmarketingconsent": ("permits", "", "text"),
        "emailsuppressions": ("unsubscribed", "", "text"),
        **dict.fromkeys(
            ("emailmarketingconsenttimestamp", "emailmarketingconsentdate"), ("permitted_at", "", "text")
        ),
        "address": ("trait", "address", "text"),
    }
    return Choices(
        _roles(columns, roles), source="Klaviyo", known="Klaviyo profiles", proof="Klaviyo profile export"
    )


def _segment(columns: Sequence[str]) -> Choices:
    return Choices([Column(name) for name in columns], rows=CALLS, source="Segment", known="Segment events")


def _known(columns: Sequence[str], file: str) -> Any:
    names = {plain(name) for name in columns}
    if {"type", "messageid"} <= names and names & {"userid", "anonymousid"} and "timestamp" in columns:
        return _segment
    if {"emailaddress", "optintime"} <= names and names & {"leid", "euid", "memberrating"}:
        return _mailchimp
    if "klaviyoid" in names or "emailmarketingconsent" in names:
        return _klaviyo
    if "unsubscribedfromallemail" in names or ({"recordid", "lifecyclestage"} <= names):
        return _hubspot
    return None
