"""What every field may be used for, and whose word for it counts.

A trait whose purpose a customer does not permit is kept and stays out of sight: rules, pages, the API and matching do not
know it until the customer permits. A property is refused: it is taken out before an event is folded, so that neither
counters nor the lake ever hold it, and the two readers of a rule agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from heed.contracts.consent import LOOKED_AT
from heed.contracts.event import Event
from heed.contracts.fold import State
from heed.profiles.domain.purposes import DEFAULTS
from heed.profiles.domain.traits import Survivor

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


class Keeping(msgspec.Struct, frozen=True):
    """Whose word for a trait counts."""

    which: Survivor = "latest"
    trusted: tuple[str, ...] = ()


class Fields:
    """The fields in force, by name; those not named belong to no purpose, and of them the latest word counts."""

    def __init__(self) -> None:
        self.traits: dict[str, Needed] = {}
        self.properties: dict[str, Needed] = {}
        self.keeping: dict[str, Keeping] = {}
        self.bases: dict[str, str] = {key: basis for key, _, _, basis, _ in DEFAULTS}

    def permits(self, state: State, purpose: str, now: int) -> bool:
        """Whether data may be used for this purpose now: by consent, or where the basis is another, until they object."""
        if purpose in state.consent.purposes or self.bases.get(purpose, "consent") == "consent":
            return bool(state.consent.permits(purpose, now))
        return True

    def looked_at(self, state: State) -> bool:
        """Whether they may be looked at one by one: lists behind figures name them and models judge them."""
        return all(
            Needed(purpose, self.bases.get(purpose, "consent")).permitted(state) for purpose in LOOKED_AT
        )

    def known(self, state: State, trait: str) -> tuple[bool, bool]:
        """Whether we have it, and whether it may be seen."""
        found = self.told(state, trait)
        has = found is not None and found[0] not in (None, "")
        return has, not self.missing(state, trait)

    def set(
        self,
        traits: Mapping[str, Needed],
        properties: Mapping[str, Needed],
        keeping: Mapping[str, Keeping] | None = None,
    ) -> None:
        self.traits = {name: needed for name, needed in traits.items() if name not in RECOGNISING}
        self.properties = {name: needed for name, needed in properties.items() if name not in SPEAKING}
        self.keeping = dict(keeping or {})

    def missing(self, state: State, trait: str) -> str:
        """The purpose whose permission is missing for this trait, "" where it may be seen."""
        needed = self.traits.get(trait)
        return "" if needed is None or needed.permitted(state) else needed.purpose

    def missing_of(self, state: State, lent: str) -> str:
        """The same of a trait of what a customer belongs to: the purpose of a name holds wherever it stands."""
        return self.missing(state, lent) or self.missing(state, lent.partition(".")[2])

    def told(self, state: State, trait: str) -> tuple[Any, int, str] | None:
        """`(value, at in ms, source)` of the word that counts, whether it may be seen or not; None where unknown."""
        found = state.traits.values.get(trait)
        if found is None:
            return None
        keeping = self.keeping.get(trait)
        if keeping is None:
            return found.value, found.at, found.source
        word: tuple[Any, int, str] = found.survivor(keeping.which, keeping.trusted)
        return word

    def value(self, state: State, trait: str) -> Any:
        """The value that counts, None where it is unknown or out of sight."""
        found = self.told(state, trait)
        return None if found is None or self.missing(state, trait) else found[0]

    def seen(self, state: State) -> Iterator[str]:
        """The names of traits that may be seen."""
        names = state.traits.values
        return (name for name in names if not self.missing(state, name)) if self.traits else iter(names)

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
