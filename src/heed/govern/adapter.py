"""How allauth behaves here: nobody signs up by themselves, addresses come from trusted proxies only."""

from __future__ import annotations

import base64
import os
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import PermissionDenied

from heed import settings as heed_settings
from heed.kit.addresses import nearest


def client_address(request: Any) -> str:
    """The nearest address that is no proxy of ours, "" where there is none."""
    trusted = heed_settings.load().trusted_proxies
    peer, passed = request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_X_FORWARDED_FOR", "")
    return nearest(str(peer), passed, trusted)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This e-mail address and password do not go together. Check both, or ask "
        "an owner or manager of your team for help.",
        "too_many_login_attempts": "Too many failed attempts. Wait five minutes, then try again.",
    }

    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def get_client_ip(self, request: Any) -> str:
        return client_address(request) or "127.0.0.1"

    def add_message(self, request: Any, level: Any, message_template: Any = None, *a: Any, **k: Any) -> None:
        """Signing in needs no message: the page that opens says it."""
        if message_template not in {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}:
            super().add_message(request, level, message_template, *a, **k)

    def can_delete_email(self, email_address: Any) -> bool:
        return False


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second-factor secrets lie encrypted in the database (AES-256-GCM under the master key)."""

    def encrypt(self, text: str) -> str:
        nonce = os.urandom(12)
        sealed = AESGCM(heed_settings.load().master_key).encrypt(nonce, text.encode(), b"heed second factor")
        return base64.b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        raw = base64.b64decode(encrypted_text)
        try:
            plain = AESGCM(heed_settings.load().master_key).decrypt(raw[:12], raw[12:], b"heed second factor")
        except InvalidTag:
            raise PermissionDenied(
                "The second factor was stored under another master key. Restore the master key, or have an "
                "owner remove the second factor."
            ) from None
        return plain.decode()
