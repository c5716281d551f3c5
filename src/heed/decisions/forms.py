from __future__ import annotations

from typing import Any

from django import forms

from heed import rules
from heed.decisions.actions import RULES
from heed.decisions.domain.catalogue import KINDS

_HELP = {
    "eligible": "May they have it? Empty: everybody may.",
    "applicable": "Does it make sense now? Empty: always.",
    "suitable": "Is it right for this person in this mood? Empty: for everybody.",
    "context": "When it counts more than usual.",
}


class ActionForm(forms.Form):
    key = forms.SlugField(
        max_length=60, label="Key", help_text="How programs and reports call it: small letters, digits, -."
    )
    name = forms.CharField(max_length=120, help_text="What your team calls it.")
    kind = forms.ChoiceField(
        choices=list(KINDS.items()),
        help_text="The stance holds back or puts first by kind: no promotion while somebody is upset.",
    )
    value = forms.FloatField(
        min_value=0, max_value=1_000_000, initial=10,
        help_text="What it is worth when somebody takes it up, in your currency.",
    )  # fmt: skip
    lever = forms.FloatField(
        min_value=0, max_value=1_000, initial=1, help_text="Your thumb on the scale: 1 leaves it alone."
    )
    eligible = forms.CharField(required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2}))
    applicable = forms.CharField(required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2}))
    suitable = forms.CharField(required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2}))
    context = forms.CharField(
        required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2}), label="Counts more when"
    )
    context_weight = forms.FloatField(
        min_value=0, max_value=100, initial=1, label="How much more", help_text="2 doubles its priority then."
    )
    purpose = forms.CharField(
        required=False, max_length=60, label="Needs consent to",
        help_text="A purpose such as marketing; empty for service.",
    )  # fmt: skip
    customer_reason = forms.CharField(
        required=False, max_length=300, label="Reason the customer reads",
        help_text="Empty: Heed words it from the rules, as in “Because your order is late.”",
    )  # fmt: skip
    cap_count = forms.IntegerField(
        min_value=0,
        max_value=20,
        initial=0,
        label="At most",
        help_text="Times for one customer; 0 for no limit.",
    )
    cap_days = forms.IntegerField(min_value=1, max_value=400, initial=7, label="in days")
    valid_from = forms.DateTimeField(
        required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    valid_to = forms.DateTimeField(
        required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    active = forms.BooleanField(required=False, label="Switched on")

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].disabled = known
        for name, text in _HELP.items():
            self.fields[name].help_text = text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in RULES:
            text = cleaned.get(name, "")
            if text.strip():
                try:
                    rules.parse(text)
                except rules.RuleError as error:
                    self.add_error(name, f"{error} (at character {error.position + 1}).")
        start, end = cleaned.get("valid_from"), cleaned.get("valid_to")
        if start and end and end <= start:
            self.add_error("valid_to", "It ends before it begins.")
        return cleaned


class TreatmentForm(forms.Form):
    placement = forms.CharField(max_length=100, help_text="Where it appears, as your site asks for it.")
    channel = forms.CharField(required=False, max_length=40, help_text="web, email, …; empty for any.")
    title = forms.CharField(required=False, max_length=200)
    body = forms.CharField(required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}))
    button = forms.CharField(required=False, max_length=80)
    url = forms.RegexField(
        r"^(https?://|/)", required=False, max_length=1_000, label="Link",
        error_messages={"invalid": "A link begins with https://, http:// or /."},
    )  # fmt: skip
    image = forms.RegexField(
        r"^(https?://|/)", required=False, max_length=1_000,
        error_messages={"invalid": "An image's address begins with https://, http:// or /."},
    )  # fmt: skip


Treatments = forms.formset_factory(
    TreatmentForm, extra=1, min_num=1, validate_min=True, can_delete=True, max_num=20
)
