"""The profile state: one section per room, folded by the room's own step, kept as msgpack bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from typing import Any

import msgspec

from heed.contracts.event import Effect, Event
from heed.contracts.fold import Section, State
from heed.profiles.domain.merging import is_merge


class Fold:
    """Every registered section, in the order their steps run.

    Sections are taken in at start-up; the first use of the fold closes the list.
    """

    def __init__(self) -> None:
        self._sections: dict[str, Section] = {}
        self._steps: list[Callable[[State, Event, int], Any]] | None = None

    def register(self, section: Section) -> None:
        known = self._sections.get(section.name)
        if known == section:
            return
        if known is not None:
            raise ValueError(f"the section {section.name!r} is registered twice")
        if self._steps is not None:
            raise RuntimeError(f"the section {section.name!r} comes after the fold was first used")
        self._sections[section.name] = section

    def _close(self) -> None:
        if self._steps is not None:
            return
        order = TopologicalSorter(
            {
                name: [other for other in section.after if other in self._sections]
                for name, section in sorted(self._sections.items())
            }
        )
        self._steps = [self._sections[name].step for name in order.static_order()]
        self._type = msgspec.defstruct(
            "ProfileState",
            [
                (name, section.type, msgspec.field(default_factory=section.type))
                for name, section in sorted(self._sections.items())
            ],
            omit_defaults=True,
        )
        self._encoder = msgspec.msgpack.Encoder(order=None)
        self._decoder = msgspec.msgpack.Decoder(self._type)

    def new(self) -> State:
        self._close()
        return self._type()

    def decode(self, data: bytes) -> State:
        """The state in these bytes; sections registered since they were written start empty."""
        self._close()
        return self._decoder.decode(data)

    def encode(self, state: State) -> bytes:
        self._close()
        return self._encoder.encode(state)

    def apply(self, state: State, event: Event, now: int) -> list[Effect]:
        """Fold one event into the state, in place, and return what is to be done about it.

        That two profiles were found to be one person happened to nobody and leaves no trace.
        """
        if is_merge(event):
            return []
        if self._steps is None:
            self._close()
        effects: list[Effect] = []
        for step in self._steps:  # type: ignore[union-attr]
            found = step(state, event, now)
            if found:
                effects.extend(found)
        return effects

    def merge(self, kept: State, absorbed: State) -> None:
        """Join the state of a profile that turned out to be the same person into `kept`, in place."""
        self._close()
        for name, section in self._sections.items():
            setattr(kept, name, section.merge(getattr(kept, name), getattr(absorbed, name)))

    def sections(self) -> Iterator[Section]:
        self._close()
        return iter(self._sections.values())


fold = Fold()
