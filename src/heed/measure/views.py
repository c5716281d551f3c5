"""Home: how customers feel, what changed, and who needs somebody now."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from heed.govern.access import allow
from heed.kit.clock import DAY, system_clock
from heed.kit.shares import share
from heed.measure import lent, store
from heed.measure.domain import means
from heed.measure.moods import DAYS, LEAST, by_segment, by_touchpoint
from heed.profiles import api as profiles
from heed.profiles import reading

_CALM_FROM = -0.25
"""The lower edge of "calm", an edge of the distribution's steps."""
_MUCH = 1_000
"""So many events to be carried, and the page is of an hour that is past."""


def _situation() -> dict[str, Any]:
    spread = store.spread_now.get()
    n = sum(spread)
    calm_from = round((_CALM_FROM + 1) / 2 * len(spread))
    days = store.mood_by_day.get()
    today = system_clock() // DAY * DAY
    points = [(d.start + DAY // 2, d.mean, *d.band()) for d in days if d.n > 1]
    usual = sum(d.mean * d.n for d in days) / sum(d.n for d in days) if days else None
    people = _needing(system_clock())
    return {
        "n": n,
        "behind": store.pulse.get().waiting >= _MUCH,
        "calm": share(sum(spread[calm_from:]), n),
        "spread": _pairs(spread) if n else [],
        "spread_before": _pairs(store.spread_before.get()) if n else [],
        "points": points,
        "line_tone": "low" if usual is not None and usual < _CALM_FROM else "high",
        "change": means.week_over_week(days, today),
        "people": people,
        "needing": reading.count_needing_somebody() if people else 0,
    }


def _pairs(counts: list[int]) -> list[int]:
    """Two steps to a bar."""
    return [sum(counts[i : i + 2]) for i in range(0, len(counts), 2)]


def _needing(now: int) -> list[dict[str, Any]]:
    """The people who need somebody, each with one clear thing to do."""
    people = reading.needing_somebody(8)
    states = reading.states_of([p.id for p in people])
    lines = []
    for person in people:
        if encoded := states.get(person.id):
            state = profiles.fold.decode(encoded)
            _mood, circumstances, _stance = lent.feel(state, now)
            step = lent.next_step(state, now)
            call = lent.number_to_call(state, person.phone) if step == "Call them" else ""
            lines.append({"person": person, "step": step, "call": call, "circumstances": circumstances[:3]})
    return lines


def _fragment(request: HttpRequest) -> tuple[str, str]:
    """The changing part of the page and its digest, with which the page asks whether anything is new."""
    context = _situation()
    html = render_to_string("measure/now.html", context, request=request)
    told = repr([context[k] for k in ("n", "behind", "spread", "points", "needing")]) + repr(
        [
            (i["person"].id, i["person"].valence, i["person"].attention_reason, i["step"], i["call"])
            for i in context["people"]
        ]
    )
    return html, hashlib.sha256(told.encode()).hexdigest()[:16]


@allow("home.read")
def home(request: HttpRequest) -> HttpResponse:
    if not reading.how_many():
        return render(request, "measure/welcome.html", {"pulse": store.pulse.get()})
    fragment, digest = _fragment(request)
    return render(request, "measure/home.html", {"fragment": fragment, "digest": digest, **_pulse_context()})


@allow("home.read")
def now(request: HttpRequest) -> HttpResponse:
    """The changing part; 204 where it is what the page shows already, so that nothing flickers."""
    fragment, digest = _fragment(request)
    if request.GET.get("seen") == digest:
        return HttpResponse(status=204)
    return render(request, "measure/now_frame.html", {"fragment": fragment, "digest": digest, "fresh": True})


@allow("measure.read")
def moods(request: HttpRequest) -> HttpResponse:
    """What moves moods: by touchpoint of the last weeks, and by segment now."""
    days = store.mood_by_day.get()
    context = {
        "points": [(d.start + DAY // 2, d.mean, *d.band()) for d in days if d.n > 1],
        "touchpoints": by_touchpoint.get(),
        "groups": by_segment(),
        "days": DAYS,
        "least": LEAST,
    }
    return render(request, "measure/moods.html", context)


def _pulse_context() -> dict[str, Any]:
    pulse = store.pulse.get()
    sentence, tone = means.lag_words(pulse.waiting, pulse.lag_ms)
    return {
        "pulse": pulse,
        "lag": sentence,
        "lag_tone": tone,
        "rate": round(pulse.rate),
        "customers": reading.how_many(),
    }


@allow("home.read")
def pulse(request: HttpRequest) -> HttpResponse:
    return render(request, "measure/pulse.html", _pulse_context())
