"""Changes to people and keys; each is one transaction and leaves a line in the audit log."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from heed.govern.domain import ROLES, SCOPES, may_change
from heed.govern.models import ApiKey, AuditEntry, User


def audit(who: User | str | None, what: str, object: str = "", **detail: Any) -> None:
    """Add a line to the audit log. `who` is a user, or the name of a program; None is Heed itself."""
    known = who if isinstance(who, User) else None
    text = who.email if isinstance(who, User) else (who or "Heed")
    AuditEntry.objects.create(who=known, who_text=text[:254], what=what, object=object[:300], detail=detail)


@transaction.atomic
def create_user(
    email: str, role: str, password: str | None, *, name: str = "", by: User | str | None = None
) -> User:
    """Add somebody to the team. Raises ValidationError for a bad or known address or an unknown role.

    Without a password they cannot sign in until one is set.
    """
    email = email.strip().lower()
    validate_email(email)
    if role not in ROLES:
        raise ValidationError(f"There is no role {role!r}; roles are {', '.join(ROLES)}.")
    if isinstance(by, User) and not may_change(by.role, "", role):
        raise PermissionDenied("Only an owner can add another owner.")
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError(f"{email} is in the team already.")
    user = User.objects.create_user(email, password, role=role, name=name.strip())
    audit(by, "user.created", email, role=role)
    return user


@transaction.atomic
def change_role(user_id: int, role: str, *, by: User) -> User:
    user = User.objects.select_for_update().get(pk=user_id)
    if role not in ROLES:
        raise ValidationError(f"There is no role {role!r}.")
    if not may_change(by.role, user.role, role):
        raise PermissionDenied("Only an owner can make or unmake an owner.")
    if user.role == role:
        return user
    _keep_one_owner(user, still_owner=role == "owner")
    before, user.role = user.role, role
    user.save(update_fields=["role"])
    audit(by, "user.role_changed", user.email, before=before, after=role)
    return user


@transaction.atomic
def set_active(user_id: int, active: bool, *, by: User) -> User:
    """Deactivate somebody, which also ends their open sessions at their next request, or take them back."""
    user = User.objects.select_for_update().get(pk=user_id)
    if user.pk == by.pk:
        raise ValidationError("You cannot deactivate yourself.")
    if not may_change(by.role, user.role, user.role):
        raise PermissionDenied("Only an owner can deactivate an owner.")
    if not active:
        _keep_one_owner(user, still_owner=False)
    user.is_active = active
    user.save(update_fields=["is_active"])
    audit(by, "user.reactivated" if active else "user.deactivated", user.email)
    return user


def _keep_one_owner(user: User, still_owner: bool) -> None:
    """An installation without an owner could never have one again."""
    owners = User.objects.select_for_update().filter(role="owner", is_active=True)
    if not still_owner and user.role == "owner" and set(owners.values_list("pk", flat=True)) <= {user.pk}:
        raise ValidationError("This is the last owner: make somebody else an owner first.")


@transaction.atomic
def set_password(user: User, password: str, *, by: User | str | None = None) -> None:
    """Set a password; every session of this person ends with it."""
    user.set_password(password)
    user.save(update_fields=["password"])
    audit(by, "user.password_set", user.email)


def end_expired_sessions() -> int:
    """Remove sessions nobody can use any more; returns how many."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


@transaction.atomic
def create_key(name: str, scope: str, *, by: User | str | None = None) -> str:
    """Make an API key and return its secret, which can never be read again."""
    name = name.strip()
    if scope not in SCOPES:
        raise ValidationError(f"There is no scope {scope!r}; scopes are {', '.join(SCOPES)}.")
    if not name or len(name) > 100:
        raise ValidationError("Give the key a name of at most 100 characters.")
    secret = f"heed_{scope}_{secrets.token_urlsafe(24)}"
    ApiKey.objects.create(
        name=name,
        scope=scope,
        prefix=secret[: len(f"heed_{scope}_") + 4],
        hash=key_hash(secret),
        created_by=by if isinstance(by, User) else None,
    )
    audit(by, "key.created", name, scope=scope)
    return secret


@transaction.atomic
def revoke_key(key_id: int, *, by: User | str | None = None) -> ApiKey:
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit(by, "key.revoked", key.name, prefix=key.prefix)
    return key


def key_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
