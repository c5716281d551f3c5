"""What every field may be used for: traits and properties that belong to a purpose, and what follows from it.

A trait whose purpose a customer does not permit is kept and stays out of sight: rules, pages, the API and matching do not
know it until the customer permits. A property is refused: it is taken out before an event is folded, so that neither
counters nor the lake ever hold it, and the two readers of a rule agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from heed.contracts.event import Event
from heed.contracts.fold import State

Kind = Literal["trait", "property"]
REFUSED = "property_refused"
"""The mark of an event something was taken out of."""
RECOGNISING = frozenset(
    {
        *("name", "first_name", "last_name", "firstName", "lastName", "full_name", "username"),
        *("email", "phone", "id", "user_id"),
    }
)
"""Traits that say who somebody is: nobody could be served, let alone asked, without them."""
SPEAKING = frozenset({"purpose", "granted", "wording", "version", "proof", "until"})
"""Properties in which customers permit and refuse."""
_WITHOUT_ASKING = frozenset({"contract", "legal_obligation"})


class Needed(msgspec.Struct, frozen=True):
    """The purpose a field belongs to, and the lawful basis of that."""

    purpose: str
    basis: str

    def permitted(self, state: State) -> bool:
        """A pause changes nothing: it rests what is done, not what is known."""
        if self.basis in _WITHOUT_ASKING:
            return True
        said = state.consent.purposes.get(self.purpose)
        return bool(said.granted) if said is not None else self.basis != "consent"


class Fields:
    """The fields in force, by name; those not named belong to no purpose."""

    def __init__(self) -> None:
        self.traits: dict[str, Needed] = {}
        self.properties: dict[str, Needed] = {}

    def set(self, traits: Mapping[str, Needed], properties: Mapping[str, Needed]) -> None:
        self.traits = {name: needed for name, needed in traits.items() if name not in RECOGNISING}
        self.properties = {name: needed for name, needed in properties.items() if name not in SPEAKING}

    def missing(self, state: State, trait: str) -> str:
        """The purpose whose permission is missing for this trait, "" where it may be seen."""
        needed = self.traits.get(trait)
        return "" if needed is None or needed.permitted(state) else needed.purpose

    def seen(self, state: State) -> Iterator[tuple[str, Any]]:
        """Traits that may be seen, by name."""
        for name, trait in state.traits.values.items():
            if not self.traits or not self.missing(state, name):
                yield name, trait.value

    def refuse(self, state: State, event: Event) -> bool:
        """Take properties out that this customer does not permit; whether there were any."""
        if not self.properties or not event.properties:
            return False
        refused = [
            name
            for name, needed in self.properties.items()
            if name in event.properties and not needed.permitted(state)
        ]
        if not refused:
            return False
        event.properties = {name: value for name, value in event.properties.items() if name not in refused}
        event.marks = tuple(dict.fromkeys((*event.marks, REFUSED)))
        return True


fields = Fields()
