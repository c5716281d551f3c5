from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator

from heed.profiles.models import FieldSetting, Purpose

BANDS = {
    "very_unhappy": ("very unhappy", -1.0, -0.5),
    "unhappy": ("unhappy", -0.5, -0.25),
    "calm": ("calm", -0.25, 0.35),
    "pleased": ("pleased", 0.35, 0.6),
    "delighted": ("delighted", 0.6, 1.0),
}
SORTS = {
    "seen": "Seen last",
    "attention": "Most urgent",
    "unhappy": "Unhappiest",
    "pleased": "Most pleased",
    "name": "Name",
}

INTENTS = ("complaint", "question", "request", "praise", "cancel", "suggestion", "other")
EMOTIONS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "gratitude", "confusion", "neutral")


class MoodForm(forms.Form):
    valence = forms.FloatField(min_value=-1, max_value=1)
    note = forms.CharField(max_length=500, required=False)


class ThresholdsForm(forms.Form):
    """Probabilities in percent; without `merges` nothing is merged unseen."""

    review = forms.FloatField(min_value=1, max_value=99.9, label="Show pairs from (%)")
    merges = forms.BooleanField(required=False, label="Merge without asking")
    automatic = forms.FloatField(min_value=90, max_value=100, label="Merge from (%)")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("merges") and data.get("automatic", 100) < data.get("review", 0):
            raise forms.ValidationError(
                "Pairs are merged from a higher probability than they are shown from."
            )
        return data


class PurposeForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Purpose
        fields = ("key", "name", "kind", "basis", "wording", "offered", "place")
        labels = {
            "key": "Key",
            "name": "What customers call it",
            "kind": "Where it stands",
            "basis": "Lawful basis",
            "wording": "What customers agree to",
            "offered": "Show it in the preference centre",
            "place": "Order",
        }
        help_texts = {
            "key": "What rules and events call it, such as marketing. It stays for good.",
            "wording": "Every change is a new version; what somebody agreed to is kept with the version they saw.",
        }
        widgets = {"wording": forms.Textarea(attrs={"rows": 3, "maxlength": 500})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wording"].validators.append(MaxLengthValidator(500))
        if self.instance.pk:
            del self.fields["key"]


class FieldForm(forms.Form):
    """The purpose a field belongs to; empty for none."""

    kind = forms.ChoiceField(choices=list(FieldSetting.KINDS.items()))
    name = forms.CharField(max_length=200, strip=False)
    purpose = forms.CharField(max_length=60, required=False)


MOST_TRUSTED = 4


class KeepingForm(forms.Form):
    """Whose word for a trait counts; `first` to `fourth` are sources in the order they are trusted."""

    survivor = forms.ChoiceField(choices=list(FieldSetting.SURVIVORS.items()))

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in range(MOST_TRUSTED):
            self.fields[f"trusted_{place}"] = forms.ChoiceField(required=False, choices=[("", ""), *sources])

    @property
    def trusted(self) -> list[str]:
        found = (self.cleaned_data.get(f"trusted_{place}") for place in range(MOST_TRUSTED))
        return [each for each in found if each]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("survivor") == "trusted" and not self.trusted:
            raise forms.ValidationError("Say which source is trusted most.")
        return data


class LabelForm(forms.Form):
    """What a text really says. What is left empty stays as it was read."""

    message_id = forms.CharField(max_length=200)
    sentiment = forms.ChoiceField(
        required=False,
        choices=[("", "as it is"), ("-0.8", "negative"), ("0", "neutral"), ("0.8", "positive")],
    )
    intent = forms.ChoiceField(required=False, choices=[("", "as it is"), *((i, i) for i in INTENTS)])
    emotion = forms.ChoiceField(required=False, choices=[("", "as it is"), *((e, e) for e in EMOTIONS)])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(name) for name in ("sentiment", "intent", "emotion")):
            raise forms.ValidationError("Say what should be different: sentiment, intent or emotion.")
        return data
