"""What people change of personas, lookalikes and forecasts."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from heed.govern.api import audit
from heed.govern.models import User
from heed.predictions import jobs
from heed.predictions.models import ForecastChoice, Likeness, Persona
from heed.segments import api as segments


@transaction.atomic
def save_persona(key: str, name: str, note: str, by: User) -> Persona:
    """What a colleague calls it, which stays; raises `Persona.DoesNotExist`."""
    found: Persona = Persona.objects.select_for_update().get(key=key)
    found.note = note.strip()
    if name.strip() and name.strip() != found.name:
        found.name, found.named = name.strip(), True
    found.save(update_fields=["name", "named", "note"])
    audit(by, "persona.named", key, name=found.name)
    return found


@transaction.atomic
def keep_persona_as_list(key: str, by: User) -> str:
    """A list of segments that is kept in step with the persona, day by day. Returns its key, the same when asked again;
    raises `Persona.DoesNotExist`, and `ValidationError`."""
    found = Persona.objects.select_for_update().get(key=key, ended_at=None)
    if not found.segment or not segments.exists(found.segment):
        words = f"Persona, kept in step day by day. {' '.join(found.sentences)}"[:1_000]
        made = segments.save_segment("", name=found.name, description=words, kind="list", by=by)
        found.segment = made.key
        found.save(update_fields=["segment"])
    jobs.keep_list.defer(key=key)
    return str(found.segment)


@transaction.atomic
def find_lookalikes(segment: str, by: User) -> None:
    """Asked of the worker; raises `ValidationError` where there is no such segment."""
    if not segments.exists(segment):
        raise ValidationError("There is no such segment.")
    Likeness.objects.update_or_create(
        segment=segment, defaults={"asked_at": timezone.now(), "learnt_at": None}
    )
    audit(by, "lookalikes.asked", segment)
    jobs.lookalikes.defer(segment=segment)


@transaction.atomic
def choose_days(forecast: str, days: int, by: User) -> None:
    """For how many days ahead a forecast is wanted; learnt anew in the background."""
    ForecastChoice.objects.update_or_create(key=forecast, defaults={"days": days})
    audit(by, "forecast.days_chosen", forecast, days=days)
