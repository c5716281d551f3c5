"""What people do with webhooks, one transaction each."""

from __future__ import annotations

import secrets

import msgspec
from django.db import transaction
from django.utils import timezone

from heed import settings as heed_settings
from heed.collect.domain.hooks.kinds import JSON, Options, Reader
from heed.collect.domain.keys import key_hash, new_key
from heed.collect.domain.mapping import MappingError
from heed.collect.hooks import purpose_of
from heed.collect.models import Hook, Source
from heed.kit.sealing import seal


class NotReady(ValueError):
    """The webhook cannot be switched on yet; the message says what is missing."""


@transaction.atomic
def create_hook(name: str, kind: str, by: str = "") -> Hook:
    """A webhook, switched off and without a secret. No write key opens its source: nobody ever saw it."""
    now = timezone.now()
    source = Source.objects.create(
        id=f"src_{secrets.token_hex(5)}",
        name=name,
        kind="hook",
        key_hash=key_hash(new_key()),
        key_prefix="",
        created_at=now,
        created_by=by,
        disabled_at=now,
    )
    return Hook.objects.create(source=source, public_id=secrets.token_urlsafe(18), kind=kind)


def set_secret(hook: Hook, secret: str) -> None:
    """Keep a signing secret so that it can be used and not be read: sealed with the master key."""
    sealed = seal(heed_settings.load().master_key, secret.encode(), purpose_of(hook.pk))
    hook.secret, hook.secret_at = sealed, timezone.now()
    hook.save(update_fields=["secret", "secret_at"])


def make_secret(hook: Hook) -> str:
    """A new secret, which is shown this once."""
    secret = f"heed_hook_{secrets.token_urlsafe(30)}"
    set_secret(hook, secret)
    return secret


def save_options(hook: Hook, options: Options) -> None:
    """Raises `MappingError`."""
    Reader(hook.kind, options)
    hook.options = msgspec.to_builtins(options)
    hook.save(update_fields=["options"])


def options_of(hook: Hook) -> Options:
    return msgspec.convert(hook.options, Options)


def reader_of(hook: Hook) -> Reader:
    """Raises `MappingError`."""
    return Reader(hook.kind, options_of(hook))


def switch_on(hook: Hook) -> None:
    """From within two seconds on, deliveries are taken. Raises `NotReady`."""
    if not hook.secret:
        raise NotReady("It has no signing secret yet: without one anybody could send in its name.")
    try:
        reader = reader_of(hook)
    except MappingError as error:
        raise NotReady(f"Its mapping cannot be used: {error}") from None
    if hook.kind == JSON and reader.mapper is None:
        raise NotReady("Say first what stands where in its JSON.")
    Source.objects.filter(pk=hook.pk).update(disabled_at=None)
