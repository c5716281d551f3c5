"""Changes to actions; each is one transaction and takes effect within two seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from heed import rules
from heed.decisions.domain.catalogue import KINDS
from heed.decisions.models import Action, Treatment
from heed.govern.api import audit
from heed.profiles.api import Use
from heed.rules.tree import All, Consents, Rule

RULES = {
    "eligible": "May they have it?",
    "applicable": "Does it make sense now?",
    "suitable": "Is it right for this person now?",
    "context": "When does it count more?",
}
_FIELDS = (
    *("name", "kind", "value", "lever", "purpose", "eligible", "applicable", "suitable", "context"),
    *("context_weight", "customer_reason", "valid_from", "valid_to", "cap_count", "cap_days", "active"),
)
_TREATMENT = ("placement", "channel", "title", "body", "button", "url", "image")


@transaction.atomic
def save_action(
    key: str, fields: Mapping[str, Any], treatments: Sequence[Mapping[str, str]], *, by: Any = None
) -> Action:
    """Create or replace an action and its treatments.

    Raises `ValidationError`, by field, where a rule cannot be read or a figure makes no sense.
    """
    errors = check(key, fields, treatments)
    if errors:
        raise ValidationError(errors)
    action, created = Action.objects.update_or_create(
        key=key, defaults={name: fields[name] for name in _FIELDS if name in fields}
    )
    action.treatments.all().delete()
    Treatment.objects.bulk_create(
        Treatment(action=action, **{name: each.get(name, "") for name in _TREATMENT}) for each in treatments
    )
    audit(by, "action.created" if created else "action.changed", key)
    return action


def names() -> dict[str, str]:
    """What the team calls each action, by key."""
    return dict(Action.objects.values_list("key", "name"))


def uses() -> Iterator[Use]:
    """Which fields the rules of actions read."""
    for action in Action.objects.all():
        found = {each for question in RULES for each in rules.fields_in(getattr(action, question))}
        for kind, name in sorted(found):
            yield Use(kind, name, f"action {action.name}", reverse("decisions:edit", args=[action.key]))


@transaction.atomic
def switch(key: str, active: bool, *, by: Any = None) -> None:
    Action.objects.filter(key=key).update(active=active)
    audit(by, "action.switched_on" if active else "action.switched_off", key)


@transaction.atomic
def delete_action(key: str, *, by: Any = None) -> None:
    Action.objects.filter(key=key).delete()
    audit(by, "action.deleted", key)


NEEDS_CONSENT = frozenset({"promotion", "upsell"})
"""Kinds nobody wants to get unasked."""
UNASKED = "Nobody's permission is asked for: choose a purpose such as marketing."


def unasked(kind: str, purpose: str, texts: Iterable[str]) -> bool:
    """Whether this is something people must agree to, and neither its purpose nor a rule asks whether they did."""
    if kind not in NEEDS_CONSENT or purpose.strip():
        return False
    for text in texts:
        try:
            if text.strip() and any(isinstance(each, Consents) for each in _demanded(rules.parse(text))):
                return False
        except rules.RuleError:
            continue
    return True


def _demanded(rule: Rule) -> Iterable[Rule]:
    """The parts that must hold for the rule to hold."""
    return [leaf for each in rule.rules for leaf in _demanded(each)] if isinstance(rule, All) else [rule]


def check(
    key: str, fields: Mapping[str, Any], treatments: Sequence[Mapping[str, str]]
) -> dict[str, list[str]]:
    """What is wrong with an action, by field; empty where nothing is."""
    errors: dict[str, list[str]] = {}
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", key):
        errors["key"] = ["Use small letters, digits, - and _, at most 60 characters."]
    if not str(fields.get("name", "")).strip():
        errors["name"] = ["Give the action a name."]
    if fields.get("kind", "info") not in KINDS:
        errors["kind"] = [f"There is no kind {fields['kind']!r}."]
    for name in RULES:
        text = str(fields.get(name, ""))
        if text.strip():
            try:
                rules.parse(text)
            except rules.RuleError as error:
                errors[name] = [f"{error} (at character {error.position + 1})."]
    for name in ("value", "lever", "context_weight"):
        if name in fields and not 0 <= float(fields[name]) <= 1_000_000:
            errors[name] = ["Use a figure from 0 to 1,000,000."]
    start, end = fields.get("valid_from"), fields.get("valid_to")
    if start and end and end <= start:
        errors["valid_to"] = ["It ends before it begins."]
    if not treatments:
        errors["treatments"] = ["Say how it looks on at least one placement."]
    for each in treatments:
        if not each.get("placement", "").strip():
            errors["treatments"] = ["Every treatment needs a placement."]
        url = each.get("url", "")
        if url and not re.match(r"(https?://|/)", url):
            errors["treatments"] = ["A link begins with https://, http:// or /."]
    return errors
