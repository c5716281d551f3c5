"""What people fill in for webhooks, and how it becomes a mapping and comes back from one."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from heed.collect.domain.hooks.kinds import HEADER, KINDS, SHOPIFY, STRIPE, TOPICS, Options
from heed.collect.domain.mapping import MappingError, mapper_of

ROWS_AT_LEAST, ROWS_FREE, ROWS_MOST = 6, 3, 60
CELL_KINDS = {
    "text": "text",
    "number": "number",
    "money": "money",
    "flag": "yes or no",
    "whole": "as it stands",
}
PLACES = {"properties": "of the event", "traits": "of the customer"}
_ADDRESS = {"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}


class SecretForm(forms.Form):
    secret = forms.CharField(
        max_length=500,
        label="Signing secret",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean_secret(self) -> str:
        secret = str(self.cleaned_data["secret"]).strip()
        if len(secret) < 8 or not secret.isascii() or not secret.isprintable():
            raise forms.ValidationError(
                "Paste the secret as the sender shows it: at least 8 letters and digits."
            )
        return secret


class ShopOptions(forms.Form):
    """For Shopify and, with one question more, for Stripe."""

    same_ids = forms.BooleanField(
        required=False,
        label="Its customer numbers are our user ids",
        help_text="Tick this only where your website and app identify people by the same number.",
    )
    payments_are_orders = forms.BooleanField(
        required=False,
        label="Every payment is an order",
        help_text="Tick this only where no shop tells Heed of orders, or each would count twice.",
    )

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != STRIPE:
            del self.fields["payments_are_orders"]

    def options(self) -> Options:
        said = self.cleaned_data
        return Options(bool(said["same_ids"]), bool(said.get("payments_are_orders")))


def _place(label: str, help_text: str, required: bool = False) -> forms.CharField:
    return forms.CharField(
        required=required,
        max_length=300,
        label=label,
        help_text=help_text,
        widget=forms.TextInput(attrs=_ADDRESS),
    )


class MappingForm(forms.Form):
    """Where things stand in any JSON, in the words of a mapping file."""

    header = forms.CharField(
        max_length=100, initial=HEADER, label="Header with the signature", widget=forms.TextInput(attrs=_ADDRESS),
        help_text="HMAC-SHA256 of the body with the secret, as hex or base64.",
    )  # fmt: skip
    event = _place(
        "Name of the event",
        "Such as {type}, or words of your own: Order Completed. Empty: it only says who somebody is.",
    )
    user_id = _place("User id", "Such as {customer.id}.")
    email = _place("E-mail", "Such as {customer.email}.")
    time = _place("When it happened", "Such as {created_at}. Empty: when it arrives.")
    message_id = _place(
        "What tells it apart",
        "Such as {id}: sent again under it, it counts once. Empty: the whole body does.",
    )

    def clean_header(self) -> str:
        header = str(self.cleaned_data["header"]).strip()
        if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", header):
            raise forms.ValidationError("A header's name has letters, digits and -.")
        return header


class CellForm(forms.Form):
    name = forms.CharField(required=False, max_length=100, widget=forms.TextInput(attrs=_ADDRESS))
    where = forms.CharField(required=False, max_length=300, widget=forms.TextInput(attrs=_ADDRESS))
    kind = forms.ChoiceField(choices=list(CELL_KINDS.items()), initial="text")
    place = forms.ChoiceField(choices=list(PLACES.items()), initial="properties")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if bool(found.get("name")) != bool(found.get("where")):
            raise forms.ValidationError("A row needs a name and where it stands.")
        return found


class Mapped:
    """The two forms together; `options()` after `is_valid()`."""

    def __init__(self, options: Options, data: Any = None) -> None:
        rows = _rows_of(options.mapping)
        extra = max(ROWS_FREE, ROWS_AT_LEAST - len(rows))
        cells = forms.formset_factory(CellForm, extra=extra, max_num=ROWS_MOST, absolute_max=ROWS_MOST)
        self.main = MappingForm(data, initial=_main_of(options))
        self.cells = cells(data, initial=rows, prefix="cell")

    def is_valid(self) -> bool:
        if not (self.main.is_valid() & self.cells.is_valid()):
            return False
        try:
            mapper_of(self.options().mapping)
        except MappingError as error:
            self.main.add_error(None, str(error))
        return self.main.is_valid()

    def options(self) -> Options:
        said = self.main.cleaned_data
        properties: dict[str, Any] = {}
        traits: dict[str, Any] = {"email": said["email"]} if said["email"] else {}
        for row in self.cells.cleaned_data:
            if row.get("name"):
                place = traits if row["place"] == "traits" else properties
                place[row["name"]] = row["where"] if row["kind"] == "text" else {row["kind"]: row["where"]}
        event: dict[str, Any] = (
            {"type": "track", "event": said["event"]} if said["event"] else {"type": "identify"}
        )
        event["userId"] = said["user_id"]
        event["context"] = {"traits": traits}
        event["properties"] = properties
        mapping = {"message_id": said["message_id"], "time": said["time"], "event": event}
        return Options(header=said["header"], mapping=mapping)


def _main_of(options: Options) -> dict[str, Any]:
    event = options.mapping.get("event", {})
    return {
        "header": options.header,
        "event": event.get("event", ""),
        "user_id": event.get("userId", ""),
        "email": event.get("context", {}).get("traits", {}).get("email", ""),
        "time": options.mapping.get("time", ""),
        "message_id": options.mapping.get("message_id", ""),
    }


def _rows_of(mapping: dict[str, Any]) -> list[dict[str, Any]]:
    event = mapping.get("event", {})
    traits = {
        name: value for name, value in event.get("context", {}).get("traits", {}).items() if name != "email"
    }
    rows = []
    for place, values in (("properties", event.get("properties", {})), ("traits", traits)):
        for name, value in values.items():
            kind, where = next(iter(value.items())) if isinstance(value, dict) else ("text", value)
            rows.append({"name": name, "where": where, "kind": kind, "place": place})
    return rows


class TryForm(forms.Form):
    """A sample of what would be sent."""

    topic = forms.ChoiceField(required=False, label="Topic")
    sample = forms.CharField(
        max_length=300_000, strip=False, label="What is sent",
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "dir": "ltr", "class": "mono"}),
    )  # fmt: skip

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == SHOPIFY:
            self.fields["topic"].choices = [(each, each) for each in TOPICS[kind]]  # type: ignore[attr-defined]
        else:
            del self.fields["topic"]


SOURCE_KINDS = [
    ("web", "Website or app"),
    ("server", "Server"),
    *((kind, f"Webhook: {words}") for kind, words in KINDS.items()),
]
