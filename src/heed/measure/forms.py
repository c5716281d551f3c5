from __future__ import annotations

from django import forms


class ListForm(forms.Form):
    """The customers shown, kept as a list."""

    name = forms.CharField(max_length=200, label="Name of the list")
    purpose = forms.CharField(
        required=False,
        max_length=60,
        label="Purpose (optional)",
        widget=forms.TextInput(attrs={"list": "purposes", "autocomplete": "off"}),
    )


class PersonaForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="What the team calls these customers; it stays.")
    note = forms.CharField(
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="What to know of them",
    )
