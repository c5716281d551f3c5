from __future__ import annotations

from django import forms


class PersonaForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="What the team calls these customers; it stays.")
    note = forms.CharField(
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="What to know of them",
    )


def least(text: str) -> float:
    """A share between 0 and 1; a half where none is asked for."""
    try:
        found = float(text[:10])
    except ValueError:
        return 0.5
    return found if 0 <= found <= 1 else 0.5
