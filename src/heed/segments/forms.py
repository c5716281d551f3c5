from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from heed.segments import sample
from heed.segments.models import Schedule, Segment

_BETWEEN = re.compile(r"[\n,;]")
_MOST_PUT = 500


def purpose_choices(chosen: str | None, without: str) -> list[tuple[str, str]]:
    """What a purpose is chosen from, `without` for none; one that was `chosen` before it had a name stays."""
    found = sample.named_purposes()
    if chosen and chosen not in dict(found):
        found = [*found, (chosen, chosen)]
    return [("", without), *found]


class SegmentForm(forms.Form):
    name = forms.CharField(max_length=200, help_text="What the team calls these customers.")
    description = forms.CharField(
        required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 2}), label="What it is for"
    )
    purpose = forms.CharField(
        required=False,
        max_length=60,
        widget=forms.Select,
        help_text="With a purpose, such as “Offers and news”, only those who permit it are in the segment.",
    )
    kind = forms.ChoiceField(
        choices=list(Segment.KINDS.items()), label="Who is in it", widget=forms.RadioSelect, initial="rule"
    )
    rule = forms.CharField(
        required=False,
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].widget.choices = purpose_choices(
            self["purpose"].value(), "Everybody, permission or not"
        )
        if known:
            del self.fields["kind"]


class ListForm(forms.Form):
    """The customers behind a figure, kept as a list."""

    name = forms.CharField(max_length=200, label="Name of the list")
    purpose = forms.CharField(
        required=False,
        max_length=60,
        label="Purpose (optional)",
        widget=forms.Select,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].widget.choices = purpose_choices(
            self["purpose"].value(), "Everybody, permission or not"
        )


class PutForm(forms.Form):
    """Customers put on a list or taken off it, each named by a whole identifier."""

    who = forms.CharField(
        max_length=20_000,
        label="E-mail, phone, user id or profile id",
        help_text="Several at once: one a line, or with commas between them.",
        widget=forms.Textarea(attrs={"autocomplete": "off", "rows": 2}),
    )

    def clean_who(self) -> list[str]:
        text = self.cleaned_data["who"]
        if len(_BETWEEN.split(text)) > _MOST_PUT:
            raise ValidationError(f"At most {_MOST_PUT} at once; import a file to put more on a list.")
        return [line.strip() for line in text.splitlines() if line.strip()]


class ScheduleForm(forms.Form):
    """`hour` is one of the day in UTC."""

    kind = forms.ChoiceField(choices=list(Schedule.KINDS.items()))
    every = forms.ChoiceField(choices=list(Schedule.EVERY.items()))
    hour = forms.IntegerField(min_value=0, max_value=23)
