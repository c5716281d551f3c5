"""The section `cases` of a profile's state."""

from __future__ import annotations

import msgspec

from heed.kit.clock import DAY, MINUTE

CASES_KEPT = 16
CONTACTS_KEPT = 32
PROMISES_KEPT = 16

CONTACTS_FOR = 30 * DAY
"""How long a contact is remembered, and how far back contacts about one order are counted together."""

SAME_CONTACT = 30 * MINUTE
"""Messages closer together than this are one contact: people write in bursts."""

SAME_CONVERSATION = DAY
"""The same for messages that name the same conversation."""

PROMISE_MATTERS_FOR = 30 * DAY
"""How long a broken promise stands against us."""


class Case(msgspec.Struct, array_like=True):
    """Open from its last (re)opening until resolved. Every moment is ms, 0 where it has not happened."""

    opened_at: int = 0
    reopened_at: int = 0
    resolved_at: int = 0
    order_id: str = ""
    topic: str = ""
    message_id: str = ""

    def is_open(self) -> bool:
        return max(self.opened_at, self.reopened_at) > self.resolved_at

    def latest(self) -> int:
        return max(self.opened_at, self.reopened_at, self.resolved_at)


class Contact(msgspec.Struct, array_like=True):
    """The customer got in touch: from the first message of a burst (`at`) to its last (`until`)."""

    at: int
    until: int
    order_id: str = ""
    topic: str = ""
    conversation: str = ""
    message_id: str = ""


class Promise(msgspec.Struct, array_like=True):
    """Something we said we would do by `due` (ms, 0 where no time was named)."""

    made_at: int = 0
    due: int = 0
    kept_at: int = 0
    missed_at: int = 0
    message_id: str = ""

    def settled(self) -> bool:
        return self.kept_at > 0 and self.kept_at >= self.missed_at

    def overdue_from(self) -> int:
        """When it was broken, or will be if nothing happens; 0 where it never is."""
        if self.settled():
            return 0
        if self.missed_at:
            return min(self.missed_at, self.due) if self.due else self.missed_at
        return self.due


class Cases(msgspec.Struct, omit_defaults=True):
    """The section: cases and promises by their key, contacts oldest first."""

    cases: dict[str, Case] = {}
    contacts: list[Contact] = []
    promises: dict[str, Promise] = {}
    complained_at: int = 0
    complaint_message_id: str = ""


def make_room(section: Cases, keep: str) -> None:
    """Hold the section to its limits: resolved cases and settled promises go first, then the oldest."""
    while len(section.cases) > CASES_KEPT:
        old = ((case.is_open(), case.latest(), key) for key, case in section.cases.items() if key != keep)
        del section.cases[min(old)[2]]
    while len(section.promises) > PROMISES_KEPT:
        done = (
            (not p.settled(), p.due or p.made_at, key) for key, p in section.promises.items() if key != keep
        )
        del section.promises[min(done)[2]]


def merge(kept: Cases, absorbed: Cases) -> Cases:
    """Join the cases of two profiles that turned out to be one person."""
    for key, case in absorbed.cases.items():
        mine = kept.cases.setdefault(key, case)
        mine.opened_at = min(mine.opened_at, case.opened_at) or mine.opened_at or case.opened_at
        mine.reopened_at = max(mine.reopened_at, case.reopened_at)
        mine.resolved_at = max(mine.resolved_at, case.resolved_at)
    for key, promise in absorbed.promises.items():
        same = kept.promises.setdefault(key, promise)
        if promise.made_at > same.made_at:
            same.made_at, same.due, same.message_id = promise.made_at, promise.due, promise.message_id
        same.kept_at = max(same.kept_at, promise.kept_at)
        same.missed_at = max(same.missed_at, promise.missed_at)
    for contact in absorbed.contacts:
        add_contact(kept, contact)
    if absorbed.complained_at > kept.complained_at:
        kept.complained_at = absorbed.complained_at
        kept.complaint_message_id = absorbed.complaint_message_id
    make_room(kept, "")
    return kept


def add_contact(section: Cases, new: Contact) -> None:
    """Join a burst that is already known, or begin a contact; both in order of occurrence."""
    for known in reversed(section.contacts):
        same_talk = bool(new.conversation) and new.conversation == known.conversation
        different = bool(new.order_id) and bool(known.order_id) and new.order_id != known.order_id
        gap = SAME_CONVERSATION if same_talk else SAME_CONTACT
        if not different and known.at - gap <= new.at <= known.until + gap:
            known.at, known.until = min(known.at, new.at), max(known.until, new.until)
            known.order_id = known.order_id or new.order_id
            known.topic = known.topic or new.topic
            known.conversation = known.conversation or new.conversation
            return
    section.contacts.append(new)
    section.contacts.sort(key=lambda contact: (contact.at, contact.message_id))
    horizon = section.contacts[-1].until - CONTACTS_FOR
    section.contacts = [contact for contact in section.contacts if contact.until > horizon][-CONTACTS_KEPT:]
