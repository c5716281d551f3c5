"""What rules may ask about cases, contacts, promises and complaints."""

from __future__ import annotations

from heed.contracts.fold import State
from heed.kit.clock import DAY, HOUR
from heed.rules.facts import Fact
from heed.service.domain.cases import CONTACTS_FOR, PROMISE_MATTERS_FOR, Case, Cases, Contact


def _cases(state: State) -> Cases:
    section: Cases = state.cases
    return section


def _oldest_open(state: State) -> tuple[str, Case] | None:
    found = (
        (max(c.opened_at, c.reopened_at), key, c) for key, c in _cases(state).cases.items() if c.is_open()
    )
    first = min(found, key=lambda entry: entry[:2], default=None)
    return None if first is None else (first[1], first[2])


def _age(state: State, now: int) -> float | None:
    oldest = _oldest_open(state)
    if oldest is None:
        return None
    return max(0, now - (oldest[1].opened_at or oldest[1].reopened_at)) / HOUR


def _recent(state: State, now: int, window: int) -> list[Contact]:
    return [contact for contact in _cases(state).contacts if now - window < contact.until <= now]


def _about_same_order(state: State, now: int) -> int:
    """Contacts about the order the customer last got in touch about; 0 where the last names none."""
    recent = _recent(state, now, CONTACTS_FOR)
    if not recent or not recent[-1].order_id:
        return 0
    return sum(contact.order_id == recent[-1].order_id for contact in recent)


def _contact_order(state: State, now: int) -> str | None:
    recent = _recent(state, now, CONTACTS_FOR)
    return recent[-1].order_id or None if recent else None


def _last_contact(state: State, now: int) -> float | None:
    recent = _recent(state, now, CONTACTS_FOR)
    return (now - recent[-1].until) / HOUR if recent else None


def _overdue(state: State, now: int) -> bool:
    broken = (promise.overdue_from() for promise in _cases(state).promises.values())
    return any(0 < stamp < now <= stamp + PROMISE_MATTERS_FOR for stamp in broken)


def _due_hours(state: State, now: int) -> float | None:
    coming = [
        p.due for p in _cases(state).promises.values() if not p.settled() and not p.missed_at and p.due >= now
    ]
    return (min(coming) - now) / HOUR if coming else None


def _complaint_hours(state: State, now: int) -> float | None:
    stamp = _cases(state).complained_at
    return (now - stamp) / HOUR if stamp else None


def _case_id(state: State, now: int) -> str | None:
    oldest = _oldest_open(state)
    return oldest[0] if oldest else None


FACTS: tuple[Fact, ...] = (
    Fact("case.open", "flag", "has an open case", lambda s, now: _oldest_open(s) is not None),
    Fact(
        "case.count",
        "number",
        "open cases",
        lambda s, now: sum(case.is_open() for case in _cases(s).cases.values()),
    ),
    Fact("case.age_hours", "number", "hours the oldest open case has waited", _age),
    Fact("case.id", "text", "oldest open case", _case_id),
    Fact("contact.count_7d", "number", "contacts in 7 days", lambda s, now: len(_recent(s, now, 7 * DAY))),
    Fact("contact.about_same_order", "number", "contacts about the same order in 30 days", _about_same_order),
    Fact("contact.order", "text", "order the customer last got in touch about", _contact_order),
    Fact("contact.hours_ago", "number", "hours since the customer got in touch", _last_contact),
    Fact("promise.overdue", "flag", "has been let down on a promise", _overdue),
    Fact("promise.due_hours", "number", "hours until a promise is due", _due_hours),
    Fact("complaint.hours_ago", "number", "hours since the last complaint", _complaint_hours),
)


def next_change(state: State, now: int) -> int | None:
    """The next moment (ms, later than `now`) at which time alone turns an answer, or None.

    A promise falls due or is forgiven, a contact leaves the week or the month it is counted in.
    """
    section = _cases(state)
    moments: list[int] = []
    for promise in section.promises.values():
        broken = promise.overdue_from()
        if broken:
            moments += (broken + 1, broken + PROMISE_MATTERS_FOR + 1)
    for contact in section.contacts:
        moments += (contact.until + 7 * DAY, contact.until + CONTACTS_FOR)
    return min((stamp for stamp in moments if stamp > now), default=None)
