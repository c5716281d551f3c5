from __future__ import annotations

from typing import Any

from django import forms

from heed import rules
from heed.decisions.actions import RULES
from heed.decisions.domain.catalogue import KINDS
from heed.segments.api import purpose_choices

HELP = {
    "eligible": "Empty: everybody may.",
    "applicable": "Empty: always.",
    "suitable": "Empty: for everybody.",
    "context": "Empty: it always counts the same.",
}


class ActionForm(forms.Form):
    key = forms.SlugField(
        max_length=60,
        label="Key",
        error_messages={"invalid": "Use small letters, digits, - and _ (a slug): late-apology, say."},
        help_text="How programs and reports call it: small letters, digits, -.",
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
        min_value=0,
        max_value=1_000,
        initial=1,
        label="Business weight",
        help_text="Raise it to push an action, 1 is neutral.",
    )
    eligible = forms.CharField(
        required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2}), label="May they have it?"
    )
    applicable = forms.CharField(
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Does it make sense now?",
    )
    suitable = forms.CharField(
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Is it right for this person now?",
    )
    context = forms.CharField(
        required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2}), label="Counts more when"
    )
    context_weight = forms.FloatField(
        min_value=0, max_value=100, initial=1, label="How much more", help_text="2 counts double then."
    )
    purpose = forms.CharField(
        required=False, max_length=60, label="Needs consent to",
        help_text="What they must permit, such as “Offers and news”.",
        widget=forms.Select,
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
        for name in ("value", "lever", "context_weight"):
            figure = self.initial.get(name)
            if isinstance(figure, float) and figure.is_integer():
                self.initial[name] = int(figure)
        if not known:
            # The first kind offered is a promotion, and that needs to be asked for.
            self.fields["purpose"].initial = "marketing"
        chosen = self["purpose"].value()
        self.fields["purpose"].widget.choices = purpose_choices(chosen, "Nothing: it is part of the service")
        for name, text in HELP.items():
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
    placement = forms.CharField(
        max_length=100,
        help_text="Where it appears, as your site asks for it.",
        error_messages={
            "required": "Say where it appears: the name your site asks for, such as home_banner."
        },
        widget=forms.TextInput(attrs={"list": "placements", "autocomplete": "off"}),
    )
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


class _Looks(forms.BaseFormSet):  # type: ignore[type-arg]
    default_error_messages = {
        **forms.BaseFormSet.default_error_messages,
        "too_few_forms": "Say where it appears and what it says there: fill in at least one placement.",
    }


Treatments = forms.formset_factory(
    TreatmentForm, formset=_Looks, extra=1, min_num=1, validate_min=True, can_delete=True, max_num=20
)
