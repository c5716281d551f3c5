"""The only door to `govern`: who may enter, and the record of what they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from heed.govern.actions import (
    audit,
    change_role,
    create_key,
    create_user,
    revoke_key,
    set_active,
    set_password,
)
from heed.govern.actions import key_hash as _key_hash
from heed.govern.adapter import client_address
from heed.govern.domain import PERMISSIONS, ROLES, SCOPES, may
from heed.govern.models import ApiKey, User

__all__ = [
    "PERMISSIONS",
    "ROLES",
    "SCOPES",
    "Key",
    "asked_by",
    "audit",
    "change_role",
    "client_address",
    "create_key",
    "create_user",
    "has_team",
    "may",
    "revoke_key",
    "set_active",
    "set_password",
    "verify_key",
]


@dataclass(frozen=True)
class Key:
    """A valid API key, without its secret."""

    id: int
    name: str
    scope: str
    prefix: str


def verify_key(secret: str) -> Key | None:
    """The key this secret belongs to, or None where it is unknown or revoked.

    Found by the hash of the whole secret, so the time taken says nothing about how much of it was right.
    Its last use is noted at most once a minute.
    """
    now = timezone.now()
    found = ApiKey.objects.filter(hash=_key_hash(secret), revoked_at=None).first()
    if found is None:
        return None
    stale = Q(last_used=None) | Q(last_used__lt=now - timedelta(minutes=1))
    ApiKey.objects.filter(stale, pk=found.pk).update(last_used=now)
    return Key(found.pk, found.name, found.scope, found.prefix)


def asked_by(request: HttpRequest) -> str:
    """As the audit log names the program behind a request to the API."""
    return f"API key {request.auth.name}"  # type: ignore[attr-defined]


def has_team() -> bool:
    """Whether anybody can sign in at all."""
    return User.objects.filter(is_active=True).exists()
