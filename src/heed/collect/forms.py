from __future__ import annotations

from django import forms

from heed.collect.hook_forms import SOURCE_KINDS


class SourceForm(forms.Form):
    name = forms.CharField(
        max_length=100, help_text="What sends events: “Web shop”, “Till in Lyon”, “Help desk”."
    )
    kind = forms.ChoiceField(
        choices=SOURCE_KINDS,
        help_text="A webhook is what another system pushes by itself: you give it an address, it signs what it sends.",
    )

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not name:
            raise forms.ValidationError("Give the source a name.")
        return name
