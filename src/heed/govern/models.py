"""People, keys and the record of what they did."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from heed.govern.domain import ROLES, SCOPES, may


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=(username or "").strip())

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, **{**fields, "role": "owner"})


class User(AbstractBaseUser):
    """Somebody of the team. The e-mail address is the sign-in name, kept in lower case."""

    class Theme(models.TextChoices):
        AUTO = "auto", "As my device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, choices=[(r, r.capitalize()) for r in ROLES], default="analyst")
    is_active = models.BooleanField(default=True)
    timezone = models.CharField(max_length=64, blank=True)
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.AUTO)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="govern_user_email_any_case")]

    def __str__(self) -> str:
        return self.name or self.email

    def may(self, permission: str) -> bool:
        return self.is_active and may(self.role, permission)


class ApiKey(models.Model):
    """A key for programs. Only the SHA-256 of the secret is kept; 192 random bits need no salt."""

    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=[(s, s.capitalize()) for s in SCOPES])
    prefix = models.CharField(max_length=24)
    hash = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who did what to which object. Rows are only ever added."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    who = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    who_text = models.CharField(max_length=254)
    what = models.CharField(max_length=60, db_index=True)
    object = models.CharField(max_length=300, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.who_text} {self.what} {self.object}"
