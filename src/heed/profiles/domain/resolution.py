"""Identity resolution over one batch: whose event is this, who is new, who turned out to be the same person.

Deterministic: the same events in the same order over the same known identifiers give the same profiles.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import msgspec

from heed.contracts.event import Event, Identifier
from heed.contracts.fold import State
from heed.profiles.domain.apart import Apart
from heed.profiles.domain.identifiers import Hasher, Normaliser, hashed, limit
from heed.profiles.domain.merging import is_merge, merged
from heed.profiles.domain.state import Fold


class Merge(msgspec.Struct, frozen=True):
    """Two profiles found to be one person, by this kind of identifier of this event, or by a "person" or "match"."""

    kept: uuid.UUID
    absorbed: uuid.UUID
    message_id: str
    kind: str
    at: int


class Resolved(msgspec.Struct):
    """`profile_id` is None for an event that names nobody. `refused` says which identifiers were left out."""

    profile_id: uuid.UUID | None
    refused: tuple[str, ...] = ()


class Working:
    """The profiles a batch touches: what is known of their identifiers, their states, and what changed.

    `known` is what was known at the beginning. `owners` maps identifier hashes to profiles and must hold every hash of the batch that is known;
    `states` must hold the state of every profile in `owners`. `erased` are ids never to be used again; `apart` says
    who must not become one.
    """

    def __init__(
        self,
        fold: Fold,
        normaliser: Normaliser,
        hasher: Hasher,
        owners: dict[uuid.UUID, uuid.UUID],
        states: dict[uuid.UUID, State],
        erased: frozenset[uuid.UUID] = frozenset(),
        apart: Apart | None = None,
    ) -> None:
        self.fold = fold
        self.normaliser = normaliser
        self.hasher = hasher
        self.owners = owners
        self.known = dict(owners)
        self.states = states
        self.erased = erased
        self.apart = apart or Apart()
        self.created: set[uuid.UUID] = set()
        self.touched: set[uuid.UUID] = set()
        self.attached: dict[uuid.UUID, tuple[str, uuid.UUID]] = {}
        self.merges: list[Merge] = []

    def resolve(self, event: Event, pairs: list[tuple[Identifier, uuid.UUID]]) -> Resolved:
        """Find or make the event's profile and attach its identifiers; merges happen here.

        `pairs` are `hashes_of(event)`, the surest kind first.
        """
        if is_merge(event):
            return self._as_told(event)
        if event.type == "alias" and event.previous_id:
            pairs = self._with_alias(event, pairs)
        if not pairs:
            return Resolved(None)
        found: list[uuid.UUID] = []
        for _, hash in pairs:
            owner = self.owners.get(hash)
            if owner is not None and owner not in found and self._may_be(owner, event, pairs):
                found.append(owner)
        profile_id = found[0] if found else self._create(pairs[0][1])
        for other in found[1:]:
            profile_id = self._join(profile_id, other, event, pairs)
        refused = self._attach(profile_id, pairs, trusted=event.type == "alias")
        self.touched.add(profile_id)
        return Resolved(profile_id, refused)

    def _as_told(self, event: Event) -> Resolved:
        """Somebody says that two profiles are one person: that overrides every limit; and what was said before, where
        it is a person and not a match that says so."""
        owners = [self.owners.get(self.hasher.hash(each)) for each in merged(event)]
        found = list(dict.fromkeys(each for each in owners if each is not None))
        if len(found) < 2:
            return Resolved(found[0] if found else None)
        one, other = found
        by = event.properties.get("by")
        kind = by if isinstance(by, str) else "person"
        if kind == "person":
            self.apart.lift(one, other, event.message_id)
        if self.apart.keeps(one, other):
            return Resolved(one)
        return Resolved(self._unite(one, other, Merge(one, other, event.message_id, kind, event.occurred)))

    def _with_alias(
        self, event: Event, pairs: list[tuple[Identifier, uuid.UUID]]
    ) -> list[tuple[Identifier, uuid.UUID]]:
        """An alias says outright that two identifiers are one person: the older one joins the list."""
        options = list(hashed(self.normaliser.of_alias(event), self.hasher))
        if not options:
            return pairs
        known = [pair for pair in options if pair[1] in self.owners]
        return pairs + (known or options[-1:])

    def _may_be(self, owner: uuid.UUID, event: Event, pairs: list[tuple[Identifier, uuid.UUID]]) -> bool:
        """Not, where the event is of a user nobody knows yet and the profile already is another user's.

        Such an event comes from a device or with an address two people share.
        """
        if event.type == "alias":
            return True
        named = [hash for identifier, hash in pairs if identifier.kind == "user_id"]
        if not named or self.owners.get(named[0]) == owner:
            return True
        return len(self.states[owner].identity.identifiers.get("user_id", ())) < limit("user_id")

    def _create(self, first: uuid.UUID) -> uuid.UUID:
        generation = 0
        while (profile_id := self.hasher.profile_id(first, generation)) in self.erased:
            generation += 1
        if profile_id not in self.states:
            self.states[profile_id] = self.fold.new()
            self.created.add(profile_id)
        return profile_id

    def _join(
        self, mine: uuid.UUID, other: uuid.UUID, event: Event, pairs: list[tuple[Identifier, uuid.UUID]]
    ) -> uuid.UUID:
        """Make one profile of two, unless they are two people who shared a device or an address."""
        if self.apart.keeps(mine, other):
            return mine
        a, b = self.states[mine].identity, self.states[other].identity
        if event.type != "alias":
            users = set(a.identifiers.get("user_id", ())) | set(b.identifiers.get("user_id", ()))
            if event.user_id and (own := self.normaliser.clean("user_id", event.user_id)):
                users.add(own)
            if len(users) > limit("user_id"):
                return mine
        for kind in set(a.identifiers) | set(b.identifiers):
            if kind == "user_id":
                continue
            values = set(a.identifiers.get(kind, ())) | set(b.identifiers.get(kind, ()))
            if len(values) > limit(kind):
                return mine
        kind = next((each.kind for each, hash in pairs if self.owners.get(hash) == other), "")
        return self._unite(mine, other, Merge(mine, other, event.message_id, kind, event.occurred))

    def _unite(self, mine: uuid.UUID, other: uuid.UUID, merge: Merge) -> uuid.UUID:
        kept, absorbed = mine, other
        if self._age(other) < self._age(mine):
            kept, absorbed = other, mine
        self.merges.append(msgspec.structs.replace(merge, kept=kept, absorbed=absorbed))
        self.apart.joined(kept, absorbed)
        gone = self.states.pop(absorbed)
        state = self.states[kept]
        for values_kind, values in gone.identity.identifiers.items():
            for value in values:
                hash = self.hasher.hash(Identifier(values_kind, value))
                if hash not in self.owners:  # Nobody named it in this batch; it moves all the same.
                    self.known[hash] = absorbed
                self.owners[hash] = kept
                self.attached[hash] = (values_kind, kept)
        self.fold.merge(state, gone)
        self.touched.discard(absorbed)
        self.created.discard(absorbed)
        self.touched.add(kept)
        return kept

    def _age(self, profile_id: uuid.UUID) -> tuple[bool, int, bytes]:
        """Order of who is kept: a profile with a user id first, then the one seen first."""
        identity = self.states[profile_id].identity
        return ("user_id" not in identity.identifiers, identity.first_seen, profile_id.bytes)

    def _attach(
        self, profile_id: uuid.UUID, pairs: Iterable[tuple[Identifier, uuid.UUID]], trusted: bool
    ) -> tuple[str, ...]:
        """Give the profile the identifiers nobody has.

        An anonymous id that belongs to somebody else moves here, because whoever signed in last on a device
        is the likely author of what follows; a surer identifier stays where it is. What exceeds the limit
        of its kind is refused; a further user id is not where an alias said outright that it is the same
        person (`trusted`).
        """
        identifiers = self.states[profile_id].identity.identifiers
        refused: list[str] = []
        for identifier, hash in pairs:
            owner = self.owners.get(hash)
            if owner == profile_id:
                continue
            if owner is not None and (
                identifier.kind != "anonymous_id" or self._last_of_apart(owner, profile_id)
            ):
                refused.append(f"{identifier.kind}_belongs_to_another")
                continue
            values = identifiers.get(identifier.kind, [])
            beyond = len(values) >= limit(identifier.kind)
            if beyond and not (trusted and identifier.kind == "user_id"):
                refused.append(f"too_many_{identifier.kind}")
                continue
            if owner is not None:
                theirs = self.states[owner].identity.identifiers.get(identifier.kind, [])
                if identifier.value in theirs:
                    theirs.remove(identifier.value)
                self.touched.add(owner)
            identifiers.setdefault(identifier.kind, []).append(identifier.value)
            self.owners[hash] = profile_id
            self.attached[hash] = (identifier.kind, profile_id)
        return tuple(refused)

    def _last_of_apart(self, owner: uuid.UUID, profile_id: uuid.UUID) -> bool:
        """Whether taking this identifier would leave nothing to somebody said to be another person."""
        if not self.apart.keeps(owner, profile_id):
            return False
        return sum(map(len, self.states[owner].identity.identifiers.values())) <= 1


def hashes_of(event: Event, normaliser: Normaliser, hasher: Hasher) -> list[tuple[Identifier, uuid.UUID]]:
    """The event's identifiers with their hashes, the surest kind first."""
    return list(hashed(normaliser.of_event(event), hasher))


def lookups(
    event: Event, pairs: list[tuple[Identifier, uuid.UUID]], normaliser: Normaliser, hasher: Hasher
) -> list[uuid.UUID]:
    """Every hash whose owner must be known before `Working.resolve` sees this event."""
    hashes = [hash for _, hash in pairs]
    if event.type == "alias" and event.previous_id:
        hashes += [hash for _, hash in hashed(normaliser.of_alias(event), hasher)]
    elif named := merged(event):
        hashes += [hasher.hash(each) for each in named]
    return hashes
