"""Lines in the audit log for what allauth and Django do on their own."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from heed.govern.actions import audit
from heed.govern.adapter import client_address


def _address(request: Any) -> str:
    return client_address(request) if request else ""


@receiver(user_logged_in)
def signed_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    audit(user, "signed_in", address=_address(request))


@receiver(user_logged_out)
def signed_out(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if user is not None:
        audit(user, "signed_out", address=_address(request))


@receiver(user_login_failed)
def sign_in_failed(sender: Any, credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    tried = str(credentials.get("email") or credentials.get("username") or "")
    audit(tried or "somebody", "sign_in_failed", address=_address(request))


@receiver(password_changed)
def changed_password(sender: Any, request: Any, user: Any, **_: Any) -> None:
    audit(user, "user.password_changed", user.email, address=_address(request))


@receiver(authenticator_added)
def second_factor_added(sender: Any, request: Any, user: Any, authenticator: Any, **_: Any) -> None:
    audit(user, "user.second_factor_added", user.email, kind=str(authenticator.type))


@receiver(authenticator_removed)
def second_factor_removed(sender: Any, request: Any, user: Any, authenticator: Any, **_: Any) -> None:
    audit(user, "user.second_factor_removed", user.email, kind=str(authenticator.type))
