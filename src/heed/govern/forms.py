from __future__ import annotations

import zoneinfo
from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.contrib.auth.password_validation import validate_password

from heed.govern.domain import ROLES, SCOPES
from heed.govern.models import User


class LoginForm(AllauthLoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""
        self.fields["login"].widget.attrs["autofocus"] = True


class PersonForm(forms.Form):
    name = forms.CharField(max_length=200, required=False)
    email = forms.EmailField(label="E-mail", max_length=254)
    role = forms.ChoiceField(choices=[(role, role.capitalize()) for role in ROLES], initial="agent")
    password = forms.CharField(
        label="First password",
        max_length=200,
        help_text="At least 10 characters. Tell it to them in person; they change it under My account.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            try:
                validate_password(password, User(email=data.get("email", ""), name=data.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class KeyForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="What will use it, for instance “warehouse export”.")
    # What sends events has a source, and the source a write key: only keys that read are made here.
    scope = forms.ChoiceField(
        choices=[("manage", SCOPES["manage"])], initial="manage", widget=forms.HiddenInput()
    )


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    timezone = forms.ChoiceField(label="Time zone", required=False)

    class Meta:
        model = User
        fields = ("name", "theme", "timezone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(
            n for n in zoneinfo.available_timezones() if "/" in n and not n.startswith(("Etc/", "SystemV/"))
        )
        self.fields["timezone"].choices = [("", "UTC"), *((name, name.replace("_", " ")) for name in names)]  # type: ignore[attr-defined]
