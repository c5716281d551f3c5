"""What people choose for a file's columns."""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime
from typing import Any

import msgspec
from django import forms

from heed.collect.domain.assistant import KINDS, ROLES, ROWS, SAYS, Choices, Column, Unfinished, mapping_of
from heed.collect.domain.mapping import MappingError, mapper_of

ENCODINGS = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a mark", "utf-16": "UTF-16", "cp1252": "Windows (Western Europe)",
    "latin-1": "Latin-1", "cp1250": "Windows (Central Europe)", "cp1251": "Windows (Cyrillic)",
}  # fmt: skip
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV (also gzipped), JSON lines or Parquet, up to 100 MB. Take larger ones in with heed import.",
    )


class ChoicesForm(forms.Form):
    rows = forms.ChoiceField(label="Each row is", choices=list(ROWS.items()))
    event = forms.CharField(
        required=False,
        max_length=200,
        label="What happened",
        help_text="Where no column has its name: Order Completed.",
    )
    says = forms.ChoiceField(required=False, label="Being in this file says", choices=list(SAYS.items()))
    source = forms.CharField(
        max_length=100, label="Where it is from", help_text="How it appears under Sources."
    )
    decimal = forms.ChoiceField(label="Numbers are written", choices=[(".", "1,234.56"), (",", "1.234,56")])
    timezone = forms.CharField(
        max_length=60, label="Time zone", help_text="Of times that say none: Europe/Berlin."
    )
    time_format = forms.CharField(
        required=False, max_length=60, label="Form of times",
        help_text="Empty for 2026-03-02 10:15 and Unix times; %d.%m.%Y %H:%M for 02.03.2026 10:15.",
    )  # fmt: skip
    delimiter = forms.ChoiceField(
        required=False, label="Cells are apart by", choices=list(DELIMITERS.items())
    )
    encoding = forms.ChoiceField(label="Letters are written in", choices=list(ENCODINGS.items()))

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"]).strip()
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise forms.ValidationError("There is no such time zone; Europe/Berlin is one.") from None
        return name

    def clean_time_format(self) -> str:
        form = str(self.cleaned_data["time_format"]).strip()
        if form:
            try:
                datetime.strptime(datetime(2026, 3, 2, 10, 15).strftime(form), form)  # noqa: DTZ001, DTZ007
            except (ValueError, re.error):
                raise forms.ValidationError("That is no form of time: %d.%m.%Y %H:%M is one.") from None
        return form


def chosen(data: Any, known: Choices, main: dict[str, Any]) -> Choices:
    """The choices in what was posted; raises `Unfinished` where they make no mapping."""
    columns = []
    for place, column in enumerate(known.columns):
        role, kind = data.get(f"role-{place}", "skip"), data.get(f"kind-{place}", "text")
        target = " ".join(str(data.get(f"target-{place}", "")).replace("\x00", "").split())[:100]
        columns.append(
            Column(column.name, role if role in ROLES else "skip", target, kind if kind in KINDS else "text")
        )
    found = msgspec.structs.replace(
        known, columns=columns, **{**main, "delimiter": main["delimiter"] or known.delimiter}
    )
    try:
        mapper_of(mapping_of(found))
    except MappingError as error:
        raise Unfinished(str(error)) from None
    return found
