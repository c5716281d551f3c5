"""All queries of `govern`."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from heed.govern.models import ApiKey, AuditEntry, User


def people() -> QuerySet[User]:
    """The team, those who can sign in first; `second_factor` says whether they use one."""
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return User.objects.annotate(second_factor=Exists(factor)).order_by("-is_active", "name", "email")


def keys() -> QuerySet[ApiKey]:
    """API keys, valid ones first, newest first."""
    return ApiKey.objects.select_related("created_by").order_by("revoked_at", "-id")


@dataclass(frozen=True)
class AuditPage:
    entries: list[AuditEntry]
    next_before: int | None


def audit_page(before: int | None = None, what: str = "", size: int = 50) -> AuditPage:
    """Newest first; `before` is the id the previous page ended with."""
    found = AuditEntry.objects.all()
    if before is not None:
        found = found.filter(pk__lt=before)
    if what:
        found = found.filter(what=what)
    rows = list(found[: size + 1])
    return AuditPage(rows[:size], rows[size - 1].pk if len(rows) > size else None)


def audit_kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("what").values_list("what", flat=True).distinct())
