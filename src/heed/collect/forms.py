from __future__ import annotations

from django import forms


class SourceForm(forms.Form):
    name = forms.CharField(
        max_length=100, help_text="What sends events: “Web shop”, “Till in Lyon”, “Help desk”."
    )
    kind = forms.ChoiceField(choices=[("web", "Website or app"), ("server", "Server")])

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not name:
            raise forms.ValidationError("Give the source a name.")
        return name
