"""Tags and filters of the house style. Times are int milliseconds since 1970 UTC or datetimes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from heed import rules
from heed.kit.clock import moment
from heed.kit.money import as_text, in_e4
from heed.web import charts, words

register = template.Library()


def _when(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float) and value:
        try:
            return moment(int(value))
        except (OverflowError, ValueError, OSError):
            return None
    return None


@register.simple_tag
def ago(value: Any, empty: str = "never") -> SafeString:
    """A time as people say it, with the exact moment on hover; kept fresh by times.js."""
    when = _when(value)
    if when is None:
        return format_html('<span class="time">{}</span>', empty)
    local = timezone.localtime(when)
    return format_html(
        '<time class="time" datetime="{}" title="{}" data-ago>{}</time>',
        when.astimezone(UTC).isoformat(timespec="milliseconds"),
        local.strftime("%A %-d %B %Y, %H:%M:%S %Z"),
        words.ago(timezone.now(), when, local),
    )


@register.simple_tag
def hour_ago(value: Any, empty: str = "never") -> SafeString:
    """When something last happened of which only the hour is kept, said no more exactly than it is known."""
    when = _when(value)
    if when is None:
        return format_html('<span class="time">{}</span>', empty)
    local = timezone.localtime(when)
    return format_html(
        '<span class="time" title="{}">{}</span>',
        local.strftime("in the hour from %-d %b %Y, %H:%M"),
        words.hours_since(timezone.now(), when, local),
    )


_QUOTED = re.compile("“([^”]*)(”|$)")


@register.filter
def sentence(text: Any) -> SafeString:
    """Heed's words with somebody else's inside “quotes”: these may not turn the direction of the rest."""
    plain = str(escape(words.unturned(str(text or ""))))
    return mark_safe(_QUOTED.sub(r"“<bdi>\1</bdi>\2", plain))  # noqa: S308  escaped above


@register.filter
def named(source: Any, names: Any) -> str:
    """The name of a source by its id; what nobody named is shown as it is."""
    return str((names or {}).get(source) or {"heed": "Heed"}.get(str(source)) or source)


@register.filter
def purpose(key: Any) -> str:
    """What people call a purpose; the key is for engineers."""
    found = rules.purpose_name(str(key or ""))
    return words.human(found) if found == key else found


@register.filter
def exact(value: Any) -> str:
    when = _when(value)
    return timezone.localtime(when).strftime("%-d %b %Y, %H:%M:%S") if when else "never"


@register.filter
def day(value: Any) -> str:
    when = _when(value)
    return timezone.localtime(when).strftime("%-d %B %Y") if when else "never"


@register.filter
def signed(value: Any, digits: int = 2) -> str:
    return words.signed(None if value == "" else value, digits)


@register.filter
def tone(valence: Any) -> str:
    return words.tone(None if valence == "" else valence)


@register.filter
def feeling(valence: Any) -> str:
    return words.feeling(None if valence == "" else valence)


@register.filter
def tone_of_change(contribution: Any) -> str:
    return "low" if float(contribution or 0) < 0 else "high"


@register.filter
def share(contribution: Any) -> str:
    """How much of a bar a contribution fills: half a valence unit fills all of it."""
    return f"{min(1.0, abs(float(contribution or 0)) / 0.5):.1%}"


@register.filter
def percent(share: Any, digits: int = 1) -> str:
    if share is None:
        return "–"
    return "<1%" if not digits and 0 < share < 0.005 else f"{100 * share:.{digits}f}%"


@register.filter
def duration(seconds: Any) -> str:
    """A length of time in its largest fitting unit."""
    return words.duration(float(seconds))


@register.filter
def number(value: Any) -> str:
    return words.number(value)


@register.filter
def figure(value: Any) -> str:
    """A number of any size, to three figures where it is small."""
    return words.figure(float(value))


@register.filter
def initials(name: Any) -> str:
    return words.initials(str(name or ""))


@register.filter
def human(key: Any) -> str:
    return words.human(str(key))


@register.filter
def as_json(value: Any) -> str:
    """Indented, for reading; still escaped by the template."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def money(value: Any, currency: str = "") -> str:
    """A Decimal or number in whole currency units."""
    amount = in_e4(value)
    return as_text(amount, currency) if amount else "–"


@register.filter
def rounded_money(value: Any, currency: str = "") -> str:
    """The same without cents, for tables of many sums."""
    amount = in_e4(value)
    return as_text(amount, currency, 0) if amount else "–"


@register.filter
def trait(value: Any) -> str:
    """A trait's value as people read it: yes and no, lists and addresses with commas, what is nested deeper as JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(v, str | int | float) for v in value):
        return ", ".join(map(str, value))
    if isinstance(value, dict) and value and all(isinstance(v, str) for v in value.values()):
        return ", ".join(each for each in value.values() if each)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.simple_tag
def mood_mark(valence: Any, spread: Any = None, baseline: Any = None) -> SafeString:
    """Dot: where they stand. Band: how sure we are. Tick: where they usually are."""
    if valence is None:
        return format_html('<span class="mood none" role="img" aria-label="{}"></span>', "no mood yet")
    v = max(-1.0, min(1.0, float(valence)))
    u = max(0.0, min(1.0, float(spread or 0)))
    b = None if baseline is None else max(-1.0, min(1.0, float(baseline)))
    low, high = max(-1.0, v - u), min(1.0, v + u)
    sentence = f"{words.feeling(v)}, {words.signed(v)} give or take {u:.2f}"
    if b is not None:
        sentence += f", usually {words.signed(b)}"

    return format_html(
        '<span class="mood {}" role="img" aria-label="mood: {}" title="{}"><svg viewBox="0 0 92 16">'
        '<rect x="{}" y="3" width="{}" height="10" rx="5"/>{}<circle cx="{}" cy="8" r="5"/></svg></span>',
        words.tone(v),
        sentence,
        sentence,
        f"{46 + 46 * low:.1f}",
        f"{46 * (high - low):.1f}",
        "" if b is None else format_html('<path d="M{} 1v14"/>', f"{46 + 46 * b:.1f}"),
        f"{46 + 46 * v:.1f}",
    )


@register.simple_tag
def line_chart(points: Any, label: str, **options: Any) -> SafeString:
    """`points` are (ms, value, low, high), oldest first; see `heed.web.charts.line`."""
    drawn = charts.line(list(points), label, zone=timezone.get_current_timezone(), **options)
    return mark_safe(drawn)  # noqa: S308


@register.simple_tag
def histogram(bars: Any, label: str, before: Any = None) -> SafeString:
    """`bars` are counts in equal steps over −1…1."""
    drawn = charts.histogram(list(bars), label, before=list(before) if before else None)
    return mark_safe(drawn)  # noqa: S308


@register.simple_tag
def foretold_chart(rows: Any, label: str) -> SafeString:
    """`rows` are `heed.web.charts.Pair`."""
    return mark_safe(charts.foretold(list(rows), label))  # noqa: S308


@register.simple_tag
def columns_chart(bars: Any, label: str) -> SafeString:
    """`bars` are (when, count), oldest first."""
    return mark_safe(charts.columns(list(bars), label))  # noqa: S308


@register.simple_tag
def spark(values: Any, label: str) -> SafeString:
    return mark_safe(charts.spark(list(values or ()), label))  # noqa: S308


@register.simple_tag(takes_context=True)
def may(context: Any, permission: str) -> bool:
    user = context.get("user")
    return bool(user and user.is_authenticated and user.may(permission))


@register.simple_tag(takes_context=True)
def panels(context: Any, page: str, subject: Any = None, place: str = "side") -> SafeString:
    """What other rooms add to this page."""
    from heed.web.registry import panels_for

    request = context["request"]
    found = panels_for(page, request.user.role, place)
    return mark_safe("".join(p.render(request, subject) for p in found))  # noqa: S308
