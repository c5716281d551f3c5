from __future__ import annotations

from typing import Any

from django import forms


class ScoreForm(forms.Form):
    key = forms.CharField(
        max_length=60,
        help_text="What rules and programs call it, such as upsell or credit_risk: small letters, digits and _. It stays.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
    )
    name = forms.CharField(max_length=100, help_text="What the team calls it.")
    high = forms.CharField(
        required=False,
        max_length=200,
        label="What a high value means",
        help_text="For example: from 0 to 1, the chance that they take a larger plan.",
    )
    made_by = forms.CharField(required=False, max_length=200, label="Who makes it")

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["key"]
